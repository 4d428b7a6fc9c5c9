"""Who has a claim to an extract of a youth, by what is registered of her: the youth, and who has custody of a child."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.audit.log import AuditLog
from hub.contract.models import Cooperation
from hub.core.consent_rules import Signatory
from hub.database import build_engine
from hub.registry.casework import Casework
from tests.prepared import prepare
from tests.unit.registry.support import Installation, make_grant, make_identifier
from tests.unit.web.town import officer

OFFICER = officer("Samtycken", "outreach", "sspf", "sig")
SIG = {"cooperation": "sig", "recipients": ("sig",)}
GUARDIANS = (Signatory.GUARDIAN_1, Signatory.GUARDIAN_2)


@pytest.fixture
def work(home: Installation, tmp_path: Path) -> Iterator[Casework]:
    engine = build_engine(prepare(f"sqlite:///{tmp_path / 'audit.db'}", "audit/migrations"))
    with closing(AuditLog(engine, bytes(32), home.clock)) as audit:
        yield Casework(home.registry, audit)


def claims(work: Casework, identifier: str | None = None) -> dict[str, str]:
    """What is said of each role's claim."""
    cases = work.of_person(OFFICER, identifier or make_identifier())
    return {role.value: work.without_claim(cases, role.value) for role in Signatory}


def entitled(work: Casework) -> set[str]:
    return {role for role, refused in claims(work).items() if not refused}


def test_both_guardians_and_the_youth_have_one_and_nobody_else(home: Installation, work: Casework) -> None:
    home.registry.grant(make_grant())
    assert entitled(work) == {"youth", "guardian_1", "guardian_2"}
    assert claims(work)["god_man"] == "no_custody"


def test_custody_that_was_recorded_says_who_has_one_whatever_a_later_form_says(home: Installation, work: Casework) -> None:
    home.registry.grant(make_grant())
    home.clock.advance(timedelta(minutes=1))
    home.registry.change_custody(make_identifier(), (Signatory.GUARDIAN_2,))
    home.registry.grant(make_grant(**SIG))
    assert entitled(work) == {"youth", "guardian_2"}
    home.clock.advance(timedelta(minutes=1))
    home.registry.change_custody(make_identifier(), GUARDIANS)
    assert entitled(work) == {"youth", "guardian_1", "guardian_2"}


def test_forms_that_contradict_each_other_give_one_to_those_alone_who_stand_on_all(home: Installation, work: Casework) -> None:
    home.registry.grant(make_grant())
    home.registry.grant(make_grant(**SIG, signed=("guardian_1",), required=("guardian_1",)))
    assert entitled(work) == {"youth", "guardian_1"}


def test_a_consent_that_has_ended_gives_nobody_one(home: Installation, work: Casework) -> None:
    home.registry.grant(make_grant())
    home.registry.grant(make_grant(**SIG, signed=("guardian_1",), required=("guardian_1",)))
    home.registry.withdraw(make_identifier(), Cooperation.SIG)
    assert entitled(work) == {"youth", "guardian_1", "guardian_2"}


def test_from_her_eighteenth_birthday_in_sweden_the_youth_alone_has_one(home: Installation, work: Casework) -> None:
    almost = make_identifier(born="20070521")
    home.registry.grant(make_grant(almost, signed=("guardian_1", "guardian_2", "youth")))
    home.clock.set(datetime(2025, 5, 20, 21, 59, tzinfo=UTC))
    assert claims(work, almost)["guardian_1"] == ""
    home.clock.set(datetime(2025, 5, 20, 22, 0, tzinfo=UTC))
    cases = work.of_person(OFFICER, almost)
    if cases:  # before the registry has looked at the birthday
        assert {work.without_claim(cases, role.value) for role in Signatory} == {"", "adult"}
