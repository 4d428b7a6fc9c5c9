"""A consent record's JSON without the names of its fields, as it lies in a state."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final, TypeVar

from hub.contract.models import ConsentRecord, ConsentStatus, Cooperation, InfoKind, Scope
from hub.core.state_bytes import read_json

_Part = TypeVar("_Part", ConsentRecord, Scope)

__all__ = ["RECORD_FIELDS", "SCOPE_FIELDS", "consent_text", "read_consent", "spell_consent"]

RECORD_FIELDS: Final = (
    "version", "status", "age_years", "age_valid_until", "area", "legal_basis", "scopes", "recorded_at",
)  # fmt: skip
SCOPE_FIELDS: Final = (
    "scope_id", "cooperation", "agencies", "recipients", "kinds", "valid_from", "valid_to", "withdrawn_at",
)  # fmt: skip
"""In the order of the models. Who adds one writes another format: bytes that were read are written again as they were."""
_CUT: Final = b"\x00"  # stands in no JSON
_FIRST: Final = b'"version":'
_FRONT: Final = [f',"{name}":'.encode() for name in RECORD_FIELDS[1:-1]]
_SCOPE: Final = [b'{"scope_id":', *(f',"{name}":'.encode() for name in SCOPE_FIELDS[1:])]
_BACK: Final = [f',"{RECORD_FIELDS[-1]}":'.encode()]
_FEWEST: Final = len(_FRONT) + len(_BACK) + 1
_SET_IN_RECORD: Final = frozenset({"youth_ref", *RECORD_FIELDS})
_SET_IN_SCOPE: Final = frozenset(SCOPE_FIELDS)
# By value: on Python 3.11 an enumeration that is called costs more than a look at a table.
_STATUSES: Final = {one.value: one for one in ConsentStatus}
_COOPERATIONS: Final = {one.value: one for one in Cooperation}
_KINDS: Final = {one.value: one for one in InfoKind}


def spell_consent(consent: ConsentRecord, youth_ref: str) -> bytes:
    """Canonical, and never empty. A record that is not of this reference, or does not look as expected, stays JSON."""
    text = consent.model_dump_json().encode()
    spelled = text.removeprefix(_opening(youth_ref))
    for name in (*_FRONT, *_SCOPE, *_BACK):
        spelled = spelled.replace(name, _CUT)
    return spelled if text.startswith(_opening(youth_ref)) and consent_text(spelled, youth_ref) == text else text


def consent_text(spelled: bytes, youth_ref: str) -> bytes:
    """The record's JSON."""
    if spelled[:1] == b"{":
        return spelled
    values = spelled.split(_CUT)
    names = _FRONT + _SCOPE * ((len(values) - _FEWEST) // len(_SCOPE)) + _BACK
    pieces = [b""] * (2 * len(values))
    pieces[::2] = [_opening(youth_ref), *names]
    pieces[1::2] = values
    return b"".join(pieces)


def read_consent(spelled: bytes, youth_ref: str) -> ConsentRecord:
    """The record that was spelled so. ValueError, LookupError, TypeError or AttributeError for what cannot be one.

    What `spell_consent` has made of a record is not held against the model's rules again: the caller knows by the sum around it
    that it is that, and to validate it takes longer than to read all the rest of a state. What stayed JSON is validated.
    """
    if spelled[:1] == b"{":
        return ConsentRecord.model_validate_json(spelled)
    if spelled[-1:] != b"}":
        raise ValueError("no record")
    # A cut is where a scope begins or ends, or a comma: a list of values, the scopes' own lists among them.
    listed = spelled[:-1].replace(b"[\x00", b"[[").replace(b"},\x00", b"],[").replace(b"}]\x00", b"]],").replace(_CUT, b",")
    version, status, age_years, age_until, area, legal_basis, scopes, recorded_at = read_json(b"[%b]" % listed)
    found = {
        "youth_ref": youth_ref,
        "version": version,
        "status": _STATUSES[status],
        "age_years": age_years,
        "age_valid_until": None if age_until is None else date.fromisoformat(age_until),
        "area": area,
        "legal_basis": legal_basis,
        "scopes": tuple(map(_read_scope, scopes)),
        "recorded_at": datetime.fromisoformat(recorded_at),
    }
    return _filled(ConsentRecord, found, _SET_IN_RECORD)


def _read_scope(scope: list[Any]) -> Scope:
    scope_id, cooperation, agencies, recipients, kinds, valid_from, valid_to, withdrawn_at = scope
    found = {
        "scope_id": scope_id,
        "cooperation": _COOPERATIONS[cooperation],
        "agencies": tuple(agencies),
        "recipients": tuple(recipients),
        "kinds": tuple([_KINDS[kind] for kind in kinds]),
        "valid_from": datetime.fromisoformat(valid_from),
        "valid_to": datetime.fromisoformat(valid_to),
        "withdrawn_at": None if withdrawn_at is None else datetime.fromisoformat(withdrawn_at),
    }
    return _filled(Scope, found, _SET_IN_SCOPE)


def _filled(model: type[_Part], found: dict[str, Any], given: frozenset[str]) -> _Part:
    """A message of these values, as pickle builds one."""
    made = object.__new__(model)
    made.__setstate__(
        {"__dict__": found, "__pydantic_fields_set__": set(given), "__pydantic_extra__": None, "__pydantic_private__": None}
    )
    return made


def _opening(youth_ref: str) -> bytes:
    return b'{"youth_ref":"%b",%b' % (youth_ref.encode(), _FIRST)
