"""The consent decision."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hub.contract.models import ConsentRecord, ConsentStatus, Cooperation, InfoKind
from hub.core.consent import DENIALS, Decision, Purpose, decide, still_withdrawn, with_scope_withdrawn

from .make import NOW, POLICE, SCHOOL, SIG_SCOPE, SSPF_SCOPE, ago, make_consent, make_scope, make_sig_scope, make_withdrawn

MILLISECOND = timedelta(milliseconds=1)


def correlate(consent: Any, **changes: Any) -> Decision:
    values: dict[str, Any] = {"source": SCHOOL, "recipient": None, "kind": InfoKind.SCHOOL_ABSENCE, "at": ago(1)}
    return decide(consent, purpose=Purpose.CORRELATE, **(values | changes))


def deliver(consent: Any, **changes: Any) -> Decision:
    values: dict[str, Any] = {"source": None, "recipient": "outreach", "kind": None, "at": NOW}
    return decide(consent, purpose=Purpose.DELIVER, **(values | changes))


def test_a_covering_scope_permits_and_is_named_with_the_version() -> None:
    assert correlate(make_consent(version=7)) == Decision(permit=True, rule="permitted", consent_version=7, scope_id=SSPF_SCOPE)
    assert deliver(make_consent()).scope_id == SSPF_SCOPE


@pytest.mark.parametrize("ask", [correlate, deliver])
def test_nothing_recorded_means_no(ask: Any) -> None:
    assert ask(None) == Decision(permit=False, rule="no_consent", consent_version=None, scope_id=None)


@pytest.mark.parametrize("ask", [correlate, deliver])
def test_a_withdrawn_record_denies_everything(ask: Any) -> None:
    assert ask(make_withdrawn()).rule == "withdrawn"


@pytest.mark.parametrize("ask", [correlate, deliver])
def test_a_suspended_record_denies_everything(ask: Any) -> None:
    assert ask(make_consent(status=ConsentStatus.SUSPENDED)).rule == "suspended"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"source": "school-elsewhere"}, "no_scope_for_source"),
        ({"source": None}, "no_scope_for_source"),
        ({"kind": InfoKind.RISK_EVENT}, "kind_not_in_scope"),
        ({"kind": None}, "kind_not_in_scope"),
        ({"at": ago(300)}, "outside_period"),
    ],
)
def test_each_want_in_correlation_has_its_code(changes: dict[str, Any], rule: str) -> None:
    consent = make_consent(make_scope(kinds=(InfoKind.SCHOOL_ABSENCE,)))
    assert correlate(consent, **changes) == Decision(permit=False, rule=rule, consent_version=1, scope_id=SSPF_SCOPE)


def test_whatever_denies_is_known_as_what_newer_consents_may_permit() -> None:
    one = make_consent(make_scope(kinds=(InfoKind.SCHOOL_ABSENCE,)))
    denied = [
        correlate(None), correlate(make_withdrawn()), correlate(make_consent(status=ConsentStatus.SUSPENDED)),
        correlate(one, source=POLICE, kind=InfoKind.RISK_EVENT), correlate(one, source="school-elsewhere"), correlate(one, at=ago(300)),
        correlate(make_consent(make_scope(recipients=()))), correlate(make_consent(make_scope(withdrawn_at=ago(5)))),
        deliver(make_consent(), recipient="sig"),
    ]  # fmt: skip
    assert {decision.rule for decision in denied} == DENIALS


def test_a_denial_names_the_scope_that_came_nearest() -> None:
    consent = make_consent(make_scope(), make_sig_scope(kinds=(InfoKind.POLICE_NOTICE,)))
    denied = deliver(consent, recipient="sig", source=POLICE, kind=InfoKind.SCHOOL_ABSENCE)
    assert denied == Decision(permit=False, rule="cooperation_not_covered", consent_version=1, scope_id=SSPF_SCOPE)
    assert deliver(make_consent(scopes=())).scope_id is None


def test_the_period_is_half_open() -> None:
    consent = make_consent(make_scope(valid_from=ago(10), valid_to=ago(5)))
    assert correlate(consent, at=ago(10)).permit
    assert not correlate(consent, at=ago(10) - MILLISECOND).permit
    assert correlate(consent, at=ago(5) - MILLISECOND).permit
    assert correlate(consent, at=ago(5)).rule == "outside_period"


def test_a_scope_without_any_recipient_is_no_scope() -> None:
    assert correlate(make_consent(make_scope(recipients=()))).rule == "recipient_not_named"


def test_delivery_needs_a_named_recipient() -> None:
    assert deliver(make_consent(), recipient="contact-persons").rule == "recipient_not_named"
    assert deliver(make_consent(), recipient=None).rule == "recipient_not_named"


def test_a_consent_to_sspf_does_not_cover_sig_even_when_it_names_it() -> None:
    consent = make_consent(make_scope(recipients=("outreach", "sspf", "sig")))
    assert deliver(consent, recipient="sig").rule == "cooperation_not_covered"
    assert deliver(consent, recipient="exit", cooperation=Cooperation.SIG).rule == "cooperation_not_covered"


def test_a_sig_scope_covers_sig() -> None:
    consent = make_consent(make_scope(), make_sig_scope())
    found = deliver(consent, recipient="sig", source=POLICE, kind=InfoKind.POLICE_NOTICE, cooperation=Cooperation.SIG)
    assert found.scope_id == SIG_SCOPE


def test_a_recipient_may_be_told_only_what_its_own_scope_names() -> None:
    consent = make_consent(make_scope(), make_sig_scope(kinds=(InfoKind.POLICE_NOTICE,)))
    assert deliver(consent, recipient="sig", source=SCHOOL, kind=InfoKind.SCHOOL_ABSENCE).permit is False


def test_a_withdrawn_scope_delivers_nothing_from_that_instant_on() -> None:
    consent = make_consent(make_scope(withdrawn_at=NOW))
    assert deliver(consent, at=NOW - MILLISECOND).permit
    assert deliver(consent, at=NOW).rule == "scope_withdrawn"
    assert decide(consent, purpose=Purpose.OPEN, source=None, recipient="outreach", kind=None, at=NOW).rule == "scope_withdrawn"


def test_a_withdrawn_scope_refuses_its_earlier_events_too() -> None:
    assert correlate(make_consent(make_scope(withdrawn_at=NOW))).rule == "scope_withdrawn"


def test_a_withdrawn_scope_does_not_hide_another_that_covers() -> None:
    consent = make_consent(make_scope(withdrawn_at=ago(5)), make_scope(scope_id=SIG_SCOPE))
    assert correlate(consent).scope_id == SIG_SCOPE


def test_opening_is_decided_as_delivery() -> None:
    for recipient in ("outreach", "sig"):
        opened = decide(make_consent(), purpose=Purpose.OPEN, source=None, recipient=recipient, kind=None, at=NOW)
        assert opened == deliver(make_consent(), recipient=recipient)


def test_a_withdrawal_is_known_over_a_record_from_before_it_that_leaves_the_scope_out() -> None:
    """Suspended in the second record, in force again in the third, withdrawn after both; the erasure was read before them."""
    rest = make_scope(scope_id=SIG_SCOPE, agencies=(POLICE,), recipients=("sspf",))
    known = make_consent(make_scope(withdrawn_at=ago(1)), rest)
    without = still_withdrawn(make_consent(rest, version=2, recorded_at=ago(3)), known)
    for purpose, source in ((Purpose.CORRELATE, SCHOOL), (Purpose.DELIVER, None)):
        for at in (ago(2), NOW):
            asked = decide(without, purpose=purpose, source=source, recipient="outreach", kind=None, at=at)
            assert not asked.permit
    third = still_withdrawn(make_consent(make_scope(), rest, version=3, recorded_at=ago(2)), without)
    assert [scope.withdrawn_at for scope in third.scopes] == [ago(1), None]
    says_so = make_consent(rest, version=4, recorded_at=ago(1))
    assert still_withdrawn(says_so, third) is says_so


def test_a_record_stays_the_same_object_when_what_was_withdrawn_since_is_none_of_its_scopes_or_is_so_in_it_too() -> None:
    sspf, sig = make_scope(), make_sig_scope()
    known = make_consent(sspf, make_scope(scope_id=SIG_SCOPE, withdrawn_at=ago(1)), version=2)
    before = make_consent(sspf, make_scope(scope_id=SIG_SCOPE, withdrawn_at=ago(201)), version=2)
    for consent, earlier in (
        (make_consent(sspf), None),
        (make_consent(sspf), before),
        (make_consent(sspf, make_sig_scope(withdrawn_at=ago(2))), known),
    ):
        assert still_withdrawn(consent, earlier) is consent
    closed = still_withdrawn(make_consent(sspf, sig), known)
    assert [scope.withdrawn_at for scope in closed.scopes] == [None, ago(1)]


def test_a_whole_withdrawal_stays_as_it_is_though_a_scope_was_withdrawn_by_a_later_clock() -> None:
    """It has no scopes, and as no record of a withdrawal may have any, one with marks could never be read again."""
    known = make_consent(make_scope(withdrawn_at=NOW + MILLISECOND))
    withdrawn = make_withdrawn()
    assert still_withdrawn(withdrawn, known) is withdrawn


def test_a_scope_is_withdrawn_in_every_time_it_has_once_and_one_that_is_left_out_gets_a_mark_that_permits_nothing() -> None:
    early, late, other = make_scope(valid_to=ago(9)), make_scope(valid_from=ago(5)), make_sig_scope()
    closed = with_scope_withdrawn(make_consent(early, late, other), early.scope_id, NOW)
    assert [one.withdrawn_at for one in closed.scopes] == [NOW, NOW, None]
    assert with_scope_withdrawn(closed, early.scope_id, ago(1)) is closed
    marked = with_scope_withdrawn(make_consent(other), early.scope_id, NOW)
    (mark,) = [one for one in marked.scopes if one.scope_id == early.scope_id]
    assert (mark.withdrawn_at, mark.agencies, mark.recipients, mark.kinds) == (NOW, (), (), ())
    assert with_scope_withdrawn(marked, early.scope_id, ago(1)) is marked
    assert ConsentRecord.model_validate_json(marked.model_dump_json()) == marked
    gone = make_withdrawn()
    assert with_scope_withdrawn(gone, early.scope_id, NOW) is gone
