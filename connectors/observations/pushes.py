"""What a push says → a record, or which field breaks which rule. Pure. No answer repeats a value."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from connectors.observations.mapping import STOCKHOLM, map_est, map_observation
from connectors.shallow import parse_shallow
from hub.connector import PersonRecord, PlaceRecord, SourceContext, Unmapped
from hub.contract.identifiers import canonical_identifier
from hub.contract.models import InfoKind, PlaceCategory, RiskConcern
from hub.errors import RejectedError

__all__ = ["KINDS", "WrongField", "read_push"]

_Fields = dict[str, str]
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class WrongField:
    """A field of a push and the rule that it breaks; never its value."""

    field: str
    rule: str


@dataclass(frozen=True, slots=True)
class _Kind:
    needed: frozenset[str]
    optional: frozenset[str]
    read: Callable[[_Fields, SourceContext], PersonRecord | PlaceRecord | Unmapped]
    info: InfoKind | None


def _observation(fields: _Fields, context: SourceContext) -> PersonRecord | PlaceRecord | Unmapped:
    try:
        canonical_identifier(fields["person"], today=context.now().astimezone(STOCKHOLM).date())
    except RejectedError:
        return Unmapped("unresolved_identifier", intentional=False)
    return map_observation(fields, context.gazetteer, context.now())


def _report(fields: _Fields, context: SourceContext) -> PersonRecord | PlaceRecord | Unmapped:
    return map_est(fields, context.gazetteer, context.now())


KINDS: Mapping[str, _Kind] = {
    "risk_event": _Kind(
        frozenset({"id", "person", "concern", "observed_at"}), frozenset({"area"}), _observation, InfoKind.RISK_EVENT
    ),
    "place_event": _Kind(frozenset({"week", "area", "category", "incidents"}), frozenset(), _report, None),
}
"""By the last part of the address; `info` is what the partner's agency must be allowed to carry."""

_RULES = {
    "no_row_id": ("id", "must be 1 to 64 letters, digits and . _ : / -, beginning with a letter or digit"),
    "telling_row_id": ("id", "must not be made of a person's number"),
    "no_person": ("person", "must be a Swedish identity number"),
    "unresolved_identifier": ("person", "must be a Swedish identity number whose century is clear"),
    "unknown_concern": ("concern", f"must be one of {', '.join(RiskConcern)}"),
    "bad_time": ("observed_at", "must be a date and time as 2025-05-12T19:30, of this century"),
    "bad_week": ("week", "must be an ISO week as 2025-W20"),
    "unknown_area": (
        "area",
        "must be the name or code of an area that areas.yaml has, as 0581-hageby, on the day that ends the week; no address",
    ),
    "unknown_category": ("category", f"must be one of {', '.join(PlaceCategory)}"),
    "bad_count": ("incidents", "must be a whole number from 0 to 100000"),
}
_FUTURE = {"risk_event": "observed_at", "place_event": "week"}


def read_push(kind: str, partner: str, body: bytes, context: SourceContext) -> PersonRecord | PlaceRecord | list[WrongField]:
    """The record under an identity that is the partner's own, or every field that is wrong in form, else the first by rule."""
    try:
        told = parse_shallow(body)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        return [WrongField("body", "must be a JSON object")]
    form = KINDS[kind]
    retracted = told.pop("retracted", False)
    wrong = [WrongField("retracted", "must be true or false")] if not isinstance(retracted, bool) else []
    # What is no field of ours could be anything: it is counted, not named.
    wrong += [WrongField("body", "has fields of no meaning here")] if set(told) - form.needed - form.optional else []
    wrong += [WrongField(name, "is missing") for name in sorted(form.needed - set(told))]
    wrong += [WrongField(name, rule) for name in sorted(form.needed | form.optional) if (rule := _wrong_form(told.get(name, "")))]
    if wrong:
        return wrong
    record = form.read({name: str(value).strip() for name, value in told.items()}, context)
    if isinstance(record, Unmapped):
        return [WrongField(*_rule(kind, record.reason))]
    own = hashlib.sha256(f"{partner}\x00{record.source_id}".encode()).hexdigest()[:32]
    # The weekly row of a place says in its identity which it is; a digest of that is as good.
    return replace(record, source_id=own, retracted=retracted)


def _wrong_form(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return "must be a text or a whole number"
    return f"must be no longer than {_LONGEST} characters" if len(str(value)) > _LONGEST else ""


def _rule(kind: str, reason: str) -> tuple[str, str]:
    if reason == "future_time":
        return _FUTURE[kind], "must not lie in the future"
    return _RULES.get(reason, ("body", "cannot be read"))
