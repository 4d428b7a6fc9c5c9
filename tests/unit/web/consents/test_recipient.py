"""What of an extract a guardian is told: of herself and the youth, and of another guardian not even that something happened."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from hub.audit.actions import Action
from hub.audit.entries import Actor
from hub.contract.models import Cooperation
from hub.core.consent_rules import Signatory
from hub.errors import RejectedError
from hub.registry.audited import AuditedRegistry
from hub.web.consents.access_titles import ACTIONS
from hub.web.consents.recipient import SOMEBODYS, UNITS_OWN
from tests.unit.registry.support import make_identifier
from tests.unit.web.consents.conftest import OFFICER, Desk

Deed = Callable[[Desk, str, str], None]


def extract(desk: Desk, recipient: str) -> str:
    """The paper of a preview for this recipient."""
    sent = desk.client.post("/consents/extract", data={"identifier": make_identifier(), "recipient": recipient})
    assert sent.status_code == 303, sent.text
    return desk.client.get(sent.headers["location"]).text.split('<article class="paper">')[1].split("</article>")[0]


def state(paper: str) -> str:
    """Where the first consent is said to stand."""
    return re.findall(r"<h3>SSPF: (.*?)</h3>", paper)[0]


def instants(paper: str) -> list[datetime]:
    """Every time that the paper names."""
    return [datetime.fromisoformat(found) for found in re.findall(r'<time datetime="(.*?)"', paper)]


def sign(desk: Desk, case: str, role: str) -> None:
    desk.client.get(f"{case}/sign")
    assert desk.client.post(f"{case}/sign", data={"role": role, "answer": "yes"}).status_code == 303


def decline(desk: Desk, case: str, role: str) -> None:
    assert desk.client.post(f"{case}/sign", data={"role": role, "answer": "no"}).status_code == 303


def block(desk: Desk, case: str, role: str) -> None:
    desk.client.get(f"{case}/block")
    assert desk.client.post(f"{case}/block", data={"deed": "block", "role": role}).status_code == 303


def lift(desk: Desk, case: str, role: str) -> None:
    assert desk.client.post(f"{case}/block", data={"deed": "lift", "role": role}).status_code == 303


def withdraw(desk: Desk, case: str, role: str) -> None:
    assert desk.client.post(f"{case}/withdraw", data={"by": role}).status_code == 303


def ask(desk: Desk, _case: str, role: str) -> None:
    extract(desk, role)


def refuse(desk: Desk, _case: str, role: str) -> None:
    sent = desk.client.post("/consents/extract", data={"identifier": make_identifier(), "recipient": role})
    assert desk.client.post(sent.headers["location"], data={"decision": "harm"}).status_code == 303


def try_in_vain(desk: Desk, case: str, role: str) -> None:
    assert desk.client.post(f"{case}/block", data={"deed": "lift", "role": role}).status_code == 422


DEEDS: dict[str, tuple[Deed, ...]] = {
    "a signature": (sign,),
    "a no": (decline,),
    "a no and then a signature": (decline, sign),
    "a block": (block,),
    "a block that is lifted": (block, lift),
    "a block and a withdrawal": (block, withdraw),
    "an extract": (ask,),
    "an extract that is refused": (refuse,),
    "what is refused": (try_in_vain,),
}


def deed_of(desk: Desk, case: str, deeds: tuple[Deed, ...], role: str) -> None:
    """Each as an officer does it: the page, the deed and the page after it."""
    for deed in deeds:
        desk.client.get(case)
        deed(desk, case, role)
        desk.client.get(case)
        desk.town.clock.advance(timedelta(minutes=2))


def later(desk: Desk) -> None:
    """Hours pass, and the officer signs in again."""
    desk.town.clock.advance(timedelta(hours=2))
    desk.client.get("/sign-in", params={"code": desk.town.code(OFFICER)})


def done(desk: Desk, case: str, deeds: tuple[Deed, ...], role: str) -> tuple[datetime, datetime]:
    """From when to when it lasted. Each as an officer does it: the page, the deed and the page after it."""
    later(desk)
    begun = desk.town.clock.now()
    for deed in deeds:
        desk.client.get(case)
        desk.town.clock.advance(timedelta(minutes=2))
        deed(desk, case, role)
        desk.client.get(case)
        desk.client.get(f"{case}/receipt")
        desk.town.clock.advance(timedelta(minutes=2))
    ended = desk.town.clock.now()
    later(desk)
    return begun, ended


def begin(desk: Desk) -> str:
    """A consent that one guardian has signed, beside one to SIG by which the person is found when it has ended."""
    both = {"signatures": ["guardian_1", "guardian_2"]}
    desk.register(cooperation={"cooperation": "sig"}, recipients={"recipients": ["sig"]}, signatures=both)
    desk.town.consents.relay.run_once()
    return desk.register(signatures={"signatures": ["guardian_1"]})


@pytest.mark.parametrize("deeds", DEEDS.values(), ids=DEEDS)
def test_another_guardians_deeds_leave_neither_a_word_nor_a_minute_in_a_guardians_extract(
    desk: Desk, deeds: tuple[Deed, ...]
) -> None:
    begun, ended = done(desk, begin(desk), deeds, "guardian_2")
    paper = extract(desk, "guardian_1")
    assert [at for at in instants(paper) if begun <= at <= ended] == []
    assert not re.search(r"spärr|underskrift|ett nej|återkalla|begärdes|Vårdnadshavare 2", paper, re.IGNORECASE)


def told_deeds() -> Iterator[Any]:
    """Whose deed, and to whom it is told; at twelve the youth signs nothing."""
    for name, deeds in DEEDS.items():
        for role, recipient in (("guardian_2", "youth"), ("guardian_2", "guardian_2"), ("youth", "guardian_1")):
            if role != "youth" or not {sign, decline, withdraw} & set(deeds):
                yield pytest.param(deeds, role, recipient, id=f"{name} of {role} to {recipient}")


@pytest.mark.parametrize(("deeds", "role", "recipient"), list(told_deeds()))
def test_ones_own_deeds_and_the_youths_are_told_and_to_the_youth_everybodys(
    desk: Desk, deeds: tuple[Deed, ...], role: str, recipient: str
) -> None:
    begun, ended = done(desk, begin(desk), deeds, role)
    told = [at for at in instants(extract(desk, recipient)) if begun <= at <= ended]
    assert len(told) > len(deeds)


@pytest.mark.parametrize(
    "deeds", [(decline,), (block,), (block, lift), (decline, block)], ids=["a no", "a block", "a lifted block", "both"]
)
def test_a_no_and_a_block_of_another_guardian_look_like_a_signature_that_has_not_come(
    desk: Desk, deeds: tuple[Deed, ...]
) -> None:
    case = begin(desk)
    awaited = state(extract(desk, "guardian_1"))
    done(desk, case, deeds, "guardian_2")
    assert state(extract(desk, "guardian_1")) == awaited == "Gäller inte"


def test_ones_own_no_and_the_youths_block_are_told_where_a_consent_stands(desk: Desk) -> None:
    case = desk.register()
    done(desk, case, (decline,), "guardian_1")
    assert state(extract(desk, "guardian_1")) == "Någon har sagt nej"
    done(desk, case, (block,), "youth")
    assert state(extract(desk, "guardian_1")) == state(extract(desk, "guardian_2")) == "Spärrat"


def test_an_entry_from_before_entries_said_whose_word_it_was_is_told_to_the_youth_alone(desk: Desk) -> None:
    case = begin(desk)
    begun, ended = done(desk, case, (sign,), "guardian_2")
    with desk.town.audit.engine.begin() as connection:
        for trigger in connection.exec_driver_sql("select name from sqlite_master where type = 'trigger'").scalars().all():
            connection.exec_driver_sql(f"drop trigger {trigger}")
        connection.exec_driver_sql("update audit_entry set purpose = '' where action = 'consent_signed'")
    told = {to: [at for at in instants(extract(desk, to)) if begun <= at <= ended] for to in ("youth", "guardian_2")}
    assert len(told["youth"]) > len(told["guardian_2"])


def test_whose_word_a_deed_was_is_told_by_commands_too(desk: Desk) -> None:
    registry = AuditedRegistry(desk.town.consents.registry, desk.town.audit, Actor("account-clerk", unit="outreach"))
    begin(desk)
    registry.block(make_identifier(), Signatory.GUARDIAN_2)
    registry.unblock(make_identifier(), Signatory.GUARDIAN_2)
    registry.sign(make_identifier(), Signatory.GUARDIAN_2, Cooperation.SSPF)
    with pytest.raises(RejectedError):
        registry.decline(make_identifier(), Signatory.GUARDIAN_2, Cooperation.SSPF)
    registry.withdraw(make_identifier(), Cooperation.SSPF, Signatory.GUARDIAN_2)
    with desk.town.audit.engine.connect() as connection:
        said = connection.exec_driver_sql("select action, purpose from audit_entry where account = 'account-clerk'").all()
    assert {action for action, _ in said} == {
        "consent_blocked", "consent_unblocked", "consent_signed", "consent_declined", "consent_withdrawn",
    }  # fmt: skip
    assert {purpose for _, purpose in said} == {"guardian_2"}


def test_of_every_deed_that_an_extract_has_words_for_somebody_has_thought_whose_it_is() -> None:
    assert set(ACTIONS) - SOMEBODYS - UNITS_OWN == {Action.WITHDRAWAL_ACKNOWLEDGED, Action.VAULT_OPENED, Action.TASK_NOTED}
    assert frozenset() == SOMEBODYS & UNITS_OWN
