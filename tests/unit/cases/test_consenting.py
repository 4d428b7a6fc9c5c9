"""What consent says of a case: who may take part, until when, and whether a withdrawal has ended it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from hub.cases.consenting import ended_by_withdrawal, may_read, named_parties, runs_out
from hub.contract.models import ConsentRecord, ConsentStatus, Cooperation
from tests.unit.core.make import (
    LEISURE,
    NOW,
    POLICE,
    SCHOOL,
    ago,
    make_consent,
    make_scope,
    make_sig_scope,
    make_withdrawn,
)  # fmt: skip

SSPF, SIG = Cooperation.SSPF, Cooperation.SIG
SUSPENDED = make_consent(status=ConsentStatus.SUSPENDED)


def scope_withdrawn(**changes: Any) -> ConsentRecord:
    return make_consent(make_scope(withdrawn_at=ago(1), **changes))


def test_a_consent_to_sspf_opens_no_sig_case_and_the_other_way_round() -> None:
    assert may_read(make_consent(), "sspf", SSPF, NOW).permit
    assert not may_read(make_consent(make_scope(recipients=("sspf", "sig"))), "sig", SIG, NOW).permit
    assert not may_read(make_consent(make_sig_scope(recipients=("sspf", "sig"))), "sspf", SSPF, NOW).permit
    assert may_read(make_consent(make_sig_scope()), "sig", SIG, NOW).permit


@pytest.mark.parametrize(
    ("consent", "rule"),
    [
        (None, "no_consent"), (make_withdrawn(), "withdrawn"), (SUSPENDED, "suspended"),
        (make_consent(make_scope(recipients=("outreach",))), "recipient_not_named"), (scope_withdrawn(), "scope_withdrawn"),
        (make_consent(make_scope(valid_to=NOW)), "outside_period"),
    ],
)  # fmt: skip
def test_without_a_consent_that_names_the_team_now_nothing_is_read(consent: ConsentRecord | None, rule: str) -> None:
    assert may_read(consent, "sspf", SSPF, NOW).rule == rule
    if consent is not None:
        assert runs_out(consent, "sspf", SSPF, NOW) is None
        assert named_parties(consent, "sspf", SSPF, NOW) == ("youth", "guardians")


def test_those_take_part_whom_the_consents_name_that_hold_now() -> None:
    over = make_scope(agencies=("school-over",), valid_to=ago(1))
    record = make_consent(make_scope(agencies=(SCHOOL,)), make_scope(agencies=(POLICE,), valid_to=ago(-30)), over)
    assert named_parties(record, "sspf", SSPF, NOW) == ("youth", "guardians", SCHOOL, "outreach", "sspf", POLICE)
    assert runs_out(record, "sspf", SSPF, NOW) == ago(-200)
    assert LEISURE not in named_parties(record, "sspf", SSPF, NOW)


@pytest.mark.parametrize(
    ("age", "until", "there"),
    [
        (17, date(2025, 5, 20), True),
        (17, date(2025, 5, 19), False),
        (18, date(2026, 5, 19), False),
        (21, None, False),
        (None, None, True),
    ],
)
def test_guardians_take_part_until_the_youth_is_of_age(age: int | None, until: date | None, there: bool) -> None:
    record = make_consent(make_sig_scope()).model_copy(update={"age_years": age, "age_valid_until": until})
    assert ("guardians" in named_parties(record, "sig", SIG, NOW)) is there


def test_social_services_police_and_probation_always_belong_to_a_sig() -> None:
    record = make_consent(make_sig_scope(agencies=()))
    assert named_parties(record, "sig", SIG, NOW) == ("youth", "guardians", "social-services", "police", "probation", "sig")


@pytest.mark.parametrize(
    ("consent", "ended"),
    [
        (make_withdrawn(), True), (scope_withdrawn(), True), (make_consent(make_sig_scope()), False),
        (scope_withdrawn(recipients=("outreach",)), True),
        (make_consent(make_scope(valid_to=NOW), make_scope(recipients=("outreach",), withdrawn_at=ago(1))), False),
        (make_consent(make_scope(valid_to=NOW), make_sig_scope(withdrawn_at=ago(1))), False),
        (make_consent(make_scope(valid_to=NOW), make_sig_scope(recipients=(), withdrawn_at=ago(1))), False),
        (make_consent(make_sig_scope(recipients=(), withdrawn_at=ago(1))), True),
        (make_consent(make_scope(recipients=("outreach",))), True), (SUSPENDED, False), (make_consent(), False),
        (make_consent(make_scope(valid_to=NOW)), False),
        (make_consent(make_scope(withdrawn_at=ago(1)), make_scope(scope_id="a" * 8 + "-0000-4000-8000-000000000000")), False),
        (make_consent(make_scope(withdrawn_at=ago(9)), make_scope(valid_to=NOW - timedelta(hours=1))), True),
    ],
)  # fmt: skip
def test_a_withdrawal_ends_a_case_and_what_may_hold_again_does_not(consent: ConsentRecord, ended: bool) -> None:
    assert ended_by_withdrawal(consent, None, "sspf", SSPF, NOW) is ended


def test_a_suspension_after_one_of_two_withdrawals_ends_nothing() -> None:
    left = make_scope(scope_id="a" * 8 + "-0000-4000-8000-000000000000")
    record = make_consent(make_scope(withdrawn_at=ago(9)), left, status=ConsentStatus.SUSPENDED)
    assert not ended_by_withdrawal(record, None, "sspf", SSPF, NOW)


@pytest.mark.parametrize(
    ("before", "ended"),
    [
        (None, True),
        (make_consent(), True),
        (scope_withdrawn(), False),
        (make_consent(make_scope(withdrawn_at=ago(1), recipients=())), True),
    ],
    ids=["nothing known", "in force", "known", "only a mark known"],
)
def test_a_withdrawal_that_was_known_before_ends_nothing_more(before: ConsentRecord | None, *, ended: bool) -> None:
    """What it could end has ended; the case is under another consent then, which the record leaves out because it is suspended."""
    record = make_consent(make_scope(withdrawn_at=ago(1)), make_sig_scope())
    assert ended_by_withdrawal(record, before, "sspf", SSPF, NOW) is ended
