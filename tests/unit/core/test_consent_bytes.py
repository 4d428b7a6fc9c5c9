"""A consent in a state: what was written of a record is read as that record, without being validated once more."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.contract.models import ConsentRecord, ConsentStatus, Cooperation, InfoKind, Scope
from hub.core.consent_bytes import consent_text, read_consent, spell_consent

from .make import YOUTH, make_consent, make_sig_scope, make_withdrawn

instants = st.integers(-(2**40), 2**44).map(lambda number: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=number))
codes = st.from_regex(r"[a-z][a-z_-]{0,12}", fullmatch=True)
several = st.lists(codes, max_size=3).map(tuple)
scopes = st.builds(
    Scope,
    scope_id=st.uuids().map(str),
    cooperation=st.sampled_from(Cooperation),
    agencies=several,
    recipients=several,
    kinds=st.lists(st.sampled_from(InfoKind), max_size=3).map(tuple),
    valid_from=instants,
    valid_to=instants,
    withdrawn_at=st.none() | instants,
)
records = st.builds(
    ConsentRecord,
    youth_ref=st.just(YOUTH),
    version=st.integers(1, 2**31 - 1),
    status=st.sampled_from((ConsentStatus.IN_FORCE, ConsentStatus.SUSPENDED)),
    age_years=st.none() | st.integers(0, 150),
    age_valid_until=st.none() | st.dates(date(1900, 1, 1), date(2999, 12, 31)),
    area=st.none() | codes.map(lambda code: code.replace("_", "").replace("-", "")),
    legal_basis=codes,
    scopes=st.lists(scopes, max_size=3).map(tuple),
    recorded_at=instants,
)


def _told(record: ConsentRecord) -> list[object]:
    """All that can be asked of a record: values, their exact types, what was set, and how it is written."""
    parts = [record, *record.scopes]
    values = [value for part in parts for _, value in part]
    return [
        values,
        [type(value) for value in values],
        [type(kind) for scope in record.scopes for kind in scope.kinds],
        [value.utcoffset() for value in values if isinstance(value, datetime)],
        [part.model_fields_set for part in parts],
        record.model_dump_json(),
    ]


@settings(max_examples=200, deadline=None)
@given(records)
def test_what_is_read_is_what_a_validation_of_the_same_bytes_gives(record: ConsentRecord) -> None:
    spelled = spell_consent(record, YOUTH)
    assert not spelled.startswith(b"{")
    read = read_consent(spelled, YOUTH)
    assert read == record
    assert _told(read) == _told(ConsentRecord.model_validate_json(consent_text(spelled, YOUTH)))
    assert spell_consent(read, YOUTH) == spelled


def test_a_record_that_was_read_can_be_changed_and_told_apart_as_any_other() -> None:
    record = make_consent(make_sig_scope())
    read = read_consent(spell_consent(record, YOUTH), YOUTH)
    assert hash(read) == hash(record)
    later = read.model_copy(update={"version": 9})
    assert (later.version, read.version) == (9, record.version)
    with pytest.raises(ValueError, match="frozen"):
        read.version = 2


def test_a_withdrawn_record_is_read_too_and_one_of_another_reference_is_validated() -> None:
    withdrawn, other = make_withdrawn(), make_consent(youth_ref="y" + "0" * 31 + "2")
    assert read_consent(spell_consent(withdrawn, YOUTH), YOUTH) == withdrawn
    assert read_consent(spell_consent(other, YOUTH), YOUTH) == other
    with pytest.raises(ValueError, match="version"):
        read_consent(spell_consent(other, YOUTH).replace(b'"version":1', b'"version":0'), YOUTH)


def test_what_was_spelled_of_no_record_is_refused_wherever_it_is_cut_and_whatever_was_put_in() -> None:
    spelled = spell_consent(make_consent(), YOUTH)
    for end in range(len(spelled)):
        with pytest.raises((ValueError, LookupError, TypeError, AttributeError)):
            read_consent(spelled[:end], YOUTH)
    for old, new in (
        (b'"in_force"', b'"in_farce"'),
        (b'"sspf"', b"[]"),
        (b"[\x00", b"[[\x00"),
        (b"Z", b"Q"),
        (b"[\x00", b"5\x00"),
    ):
        with pytest.raises((ValueError, LookupError, TypeError, AttributeError)):
            read_consent(spelled.replace(old, new), YOUTH)
