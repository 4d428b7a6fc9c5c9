"""A consent record's JSON without the names of its fields, as it lies in a state."""

from __future__ import annotations

from typing import Final

from hub.contract.models import ConsentRecord

__all__ = ["RECORD_FIELDS", "SCOPE_FIELDS", "consent_text", "spell_consent"]

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


def _opening(youth_ref: str) -> bytes:
    return b'{"youth_ref":"%b",%b' % (youth_ref.encode(), _FIRST)
