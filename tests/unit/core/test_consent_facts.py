"""A history that is none, and a form that cannot be signed so, are refused as they are made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.contract.models import Cooperation, InfoKind
from hub.core.consent_facts import Fact, Halted, History, Registered, Signed, Terms
from hub.core.consent_rules import Form, Signatory

AT = datetime(2025, 1, 10, 12, tzinfo=UTC)
TERMS = Terms(
    "00000000-0000-4000-8000-000000000001", Cooperation.SSPF, frozenset({"school-a"}), frozenset({"outreach"}),
    frozenset(InfoKind), AT, AT + timedelta(days=300),
)  # fmt: skip
FORM = Registered(AT, Form.CHILD, frozenset({Signatory.GUARDIAN_1}))
SIGNED = Signed(AT, Signatory.GUARDIAN_1)


@pytest.mark.parametrize("facts", [(), (SIGNED,), (SIGNED, FORM)], ids=["nothing", "a signature", "a form after it"])
def test_a_history_begins_with_a_registration(facts: tuple[Fact, ...]) -> None:
    with pytest.raises(ValueError, match="begins with a registration"):
        History(TERMS, facts)


def test_facts_stand_in_the_order_of_their_instants_and_several_may_share_one() -> None:
    assert History(TERMS, (FORM, SIGNED)).registered is FORM
    with pytest.raises(ValueError, match="order of their instants"):
        History(TERMS, (FORM, Halted(AT + timedelta(hours=1)), SIGNED))


@pytest.mark.parametrize(
    ("form", "signatories", "accepted"),
    [
        (Form.CHILD, {Signatory.GUARDIAN_1}, True),
        (Form.CHILD, {Signatory.GUARDIAN_1, Signatory.YOUTH}, True),
        (Form.CHILD, {Signatory.YOUTH}, False),
        (Form.CHILD, set(), False),
        (Form.ADULT, {Signatory.YOUTH}, True),
        (Form.ADULT, {Signatory.YOUTH, Signatory.GUARDIAN_1}, False),
        (Form.ADULT, set(), False),
    ],
)
def test_a_child_s_form_needs_somebody_grown_up_and_an_adult_s_her_alone(
    form: Form, signatories: set[Signatory], accepted: bool
) -> None:
    if accepted:
        assert Registered(AT, form, frozenset(signatories)).form is form
    else:
        with pytest.raises(ValueError, match="signs"):
            Registered(AT, form, frozenset(signatories))
