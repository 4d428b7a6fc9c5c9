"""What may stand in the log: codes and keyed pseudonyms, so that it does not tell about whom it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.audit.actions import FOLLOWING, OPENINGS, Action
from hub.audit.entries import Actor, Subject, SubjectKind, canonical_content, pseudonym
from hub.errors import RejectedError
from tests.unit.audit.make import make_entry, make_youth

KEY, OTHER = bytes(range(32)), bytes(32)


@pytest.mark.parametrize(
    "account",
    [
        "",
        "Anna Svensson",
        "anna@kommun",
        "201303049812",
        "20130304-9812",
        "130304-9812",
        "130304+9812",
        "os.130304-9812",
        "20000101t220",
        "a" * 65,
        "ä",
    ],
)
def test_a_name_or_a_personal_number_is_no_account(account: str) -> None:
    with pytest.raises(RejectedError) as caught:
        Actor(account)
    assert caught.value.code == "bad_audit_entry"
    assert not account or account not in str(caught.value)


@pytest.mark.parametrize(
    "account", ["os:0", "system", "9c1185a5c5e9fc54612808977ee8f548", "7d3f3c1e-8a54-5a9e-9a0c-1f0f5c1f7b10"]
)
def test_an_opaque_id_is(account: str) -> None:
    assert Actor(account).account == account


@pytest.mark.parametrize("field", ["purpose", "rule"])
def test_purpose_and_rule_are_codes_too(field: str) -> None:
    with pytest.raises(RejectedError):
        make_entry(**{field: "because of Kim"})


def test_the_same_reference_is_always_the_same_and_tells_nothing() -> None:
    youth = make_youth()
    assert pseudonym(KEY, youth) == pseudonym(KEY, make_youth())
    assert len({pseudonym(KEY, youth), pseudonym(OTHER, youth), pseudonym(KEY, make_youth(2))}) == 3
    assert youth.reference not in pseudonym(KEY, youth)
    assert pseudonym(KEY, Subject(SubjectKind.TASK, youth.reference)) != pseudonym(KEY, youth)
    assert pseudonym(KEY, None) == ""


def test_a_reference_does_not_slip_into_a_traceback() -> None:
    assert make_youth().reference not in repr(make_entry())


@given(st.lists(st.text(), min_size=2, max_size=10), st.lists(st.text(), min_size=2, max_size=10))
def test_two_contents_are_never_the_same_bytes(one: list[str], other: list[str]) -> None:
    assert (canonical_content(*one) == canonical_content(*other)) == (one == other)


def test_every_action_has_a_value_of_its_own_and_openings_are_actions() -> None:
    assert len({action.value for action in Action}) == len(Action)
    assert set(Action) > OPENINGS
    assert set(Action) > FOLLOWING
