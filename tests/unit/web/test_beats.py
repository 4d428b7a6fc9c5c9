"""When an answer comes tells nothing of what was met."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import pytest

from tests.unit.registry.support import make_grant, make_identifier
from tests.unit.web.browser import Browser
from tests.unit.web.conftest import Visit
from tests.unit.web.consents.conftest import Desk
from tests.unit.web.test_curious import CURIOUS
from tests.unit.web.town import PagesTown, officer

IN_FORCE, WAITING, ENDED, NOBODY = map(make_identifier, range(4))


@pytest.fixture
def registered(town: PagesTown) -> PagesTown:
    """One who has a consent in force, one whose consent waits, and one who had one."""
    registry = town.consents.registry
    registry.grant(make_grant(IN_FORCE))
    registry.grant(make_grant(WAITING, signed=()))
    registry.grant(make_grant(ENDED))
    registry.withdraw(ENDED)
    return town


def answered(town: PagesTown, ask: Callable[[], object], times: Iterable[float]) -> list[float]:
    """When what is asked was answered, each time with work that takes so long."""
    town.metronome.answered.clear()
    for slow in times:
        town.metronome.slow = slow
        ask()
    return town.metronome.answered


def test_a_withdrawal_is_answered_at_one_instant_whatever_it_met_however_long_that_took_and_whoever_asks(
    registered: PagesTown, visit: Visit
) -> None:
    told = []

    def ask(client: Browser, number: str) -> None:
        told.append(client.post("/withdrawal", data={"identifier": number, "cooperation": "", "by": ""}).status_code)

    operator = visit(CURIOUS["operator"])
    for number in (IN_FORCE, WAITING, ENDED, NOBODY, "no number"):
        assert answered(registered, partial(ask, operator, number), (0.13, 0.07)) == [1.0, 1.0], len(told)
    for who in ("observer", "officer of another cooperation"):
        assert answered(registered, partial(ask, visit(CURIOUS[who]), NOBODY), (0.13,)) == [1.0], who
    assert told == [200] * 8 + [422] * 2 + [200] * 2
    form = {"identifier": IN_FORCE, "cooperation": "", "by": ""}
    refused = partial(operator.bare_post, "/withdrawal", form)
    assert answered(registered, refused, (0.13, 0.07)) == [1.0, 1.0], "nor by what no page has sent"


def test_a_page_that_looks_nothing_up_is_answered_at_once(registered: PagesTown, visit: Visit) -> None:
    client = visit(officer("SIG-samtycken", "sig"))
    for path in ("/withdrawal", "/consents", "/consents/register"):
        assert answered(registered, partial(client.get, path), (0.1,)) == []


def test_what_an_officer_sends_of_a_person_whom_another_cooperation_may_know_is_answered_at_beats(
    town: PagesTown, visit: Visit
) -> None:
    desk = Desk(visit(officer("SIG-samtycken", "sig")), town)
    town.metronome.answered.clear()
    draft = desk.begin()
    desk.answer(draft, cooperation={"cooperation": "sig"}, recipients={"recipients": ["sig"]})
    assert town.metronome.answered == [1.0]  # to the number; the other answers look nothing up
    case = desk.client.post(f"{draft}/check").headers["location"].partition("?")[0]
    assert town.metronome.answered == [1.0, 1.0]
    person = {"identifier": IN_FORCE, "sought": IN_FORCE, "recipient": "youth", "role": "youth", "custody": "joint", "by": ""}
    own = (f"{case}/{one}" for one in ("form", "sign", "block", "custody", "withdraw"))
    for path in ("/consents/find", "/consents/extract", *own):
        assert answered(town, partial(desk.client.post, path, data=person), (0.13, 0.07)) == [1.0, 1.0], path
