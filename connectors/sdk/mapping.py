"""A message's metadata → coded police notices. Pure; documents, labels and names are never looked at (OSL 26, 35).

`read_draft` alone shows labels and names of documents: to the officer who codes what has no code, never to the bus.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.sdk.config import Coding
from connectors.sdk.listing import attributes_of, instant_of, parse_json
from hub.connector import Document, Draft, Notice, PersonRecord, Unmapped
from hub.contract.identifiers import canonical_identifier
from hub.contract.models import InfoKind, PoliceCategory
from hub.errors import RejectedError

__all__ = ["has_references", "map_message", "read_draft"]

STOCKHOLM = ZoneInfo("Europe/Stockholm")
_CONFIGURED_AREA = re.compile(r"\d{4}(-[a-z0-9]+)*\Z")
_YES = frozenset({"ja", "yes", "true", "1"})
_LONGEST = 256
_TOLERANCE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Reference:
    root: str
    extension: str = field(repr=False)


def has_references(attributes: Mapping[str, Any]) -> bool:
    """Whether these metadata carry references at all; a listing may leave them out."""
    attention = attributes.get("senderAttention")
    return isinstance(attention, dict) and bool(attention.get("referenceId"))


def map_message(
    message_id: str, attributes: Mapping[str, Any], coding: Coding, area_code: Callable[[str], str], now: datetime
) -> list[PersonRecord | Unmapped]:
    """One record per subject, in the message's order. Or one Unmapped:

    `no_subject`           no identifier under a subject root
    `uncoded`              no category, or one that is not ours: a person has to code it
    `ambiguous_category`   two different categories
    `unreadable_time`      a coded time that cannot be read, or none at all
    `future_time`          it has not happened yet
    """
    references = _references(attributes)
    subjects = _subjects(references, coding, now)
    if not subjects:
        return [Unmapped("no_subject", intentional=False)]
    categories = _categories(references, coding)
    if len(categories) != 1:
        return [Unmapped("ambiguous_category" if categories else "uncoded", intentional=False)]
    occurred_at = _occurred_at(references, attributes, coding)
    if occurred_at is None:
        return [Unmapped("unreadable_time", intentional=False)]
    if occurred_at > now + _TOLERANCE:
        return [Unmapped("future_time", intentional=False)]
    notice = Notice(
        category=categories.pop(),
        area=_area(references, coding, area_code),
        may_tell_youth=_may_tell(references, coding),
    )
    return [
        PersonRecord(InfoKind.POLICE_NOTICE, person_id, f"{message_id}#{place}", occurred_at, notice)
        for place, person_id in subjects
    ]


def read_draft(coding: Coding, area_code: Callable[[str], str], now: datetime, content: bytes) -> Draft:
    """What the raw message says, as far as it can be read, for whoever codes it; of documents no more than their names."""
    answer = parse_json(content)
    # A message that could not be fetched by itself is stored as its listing showed it, without the `data` around it.
    attributes = attributes_of(answer.get("data", answer)) if isinstance(answer, dict) else {}
    references = _references(attributes)
    categories = _categories(references, coding)
    return Draft(
        subjects=tuple(_subjects(references, coding, now)),
        category=categories.pop() if len(categories) == 1 else None,
        occurred_at=_occurred_at(references, attributes, coding),
        area=_area(references, coding, area_code),
        may_tell_youth=_may_tell(references, coding),
        title=_text(attributes.get("label")),
        sender=_text(_at(attributes, "senderAttention", "subOrganization", "label")) or _text(attributes.get("sender")),
        said=tuple(
            (_text(one.get("label")) or _text(one.get("root")), _text(one.get("extension"))) for one in _entries(attributes)
        ),
        documents=tuple(_documents(attributes)),
    )


def _documents(attributes: Mapping[str, Any]) -> Iterator[Document]:
    found = attributes.get("digitalDocument")
    for document in found if isinstance(found, list) else []:
        files = document.get("contentFiles") if isinstance(document, dict) else None
        for file in files if isinstance(files, list) else []:
            if isinstance(file, dict):
                yield Document(_text(file.get("fileName")), _text(file.get("contentType")))


def _at(found: Any, *path: str) -> Any:
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _text(value: Any) -> str:
    return " ".join(value.split())[:_LONGEST] if isinstance(value, str) else ""


def _entries(attributes: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    entries = _at(attributes, "senderAttention", "referenceId")
    return [entry for entry in (entries if isinstance(entries, list) else [entries]) if isinstance(entry, dict)]


def _may_tell(references: list[_Reference], coding: Coding) -> bool:
    return any(value.casefold() in _YES for value in _values(references, coding.may_tell_youth_root))


def _references(attributes: Mapping[str, Any]) -> list[_Reference]:
    found = []
    for entry in _entries(attributes):
        root, extension = entry.get("root"), entry.get("extension")
        if isinstance(root, str) and isinstance(extension, str) and 0 < len(extension.strip()) <= _LONGEST:
            found.append(_Reference(root.strip().removeprefix("urn:oid:"), extension.strip()))
    return found


def _values(references: list[_Reference], root: str) -> list[str]:
    return [each.extension for each in references if each.root == root]


def _subjects(references: list[_Reference], coding: Coding, now: datetime) -> list[tuple[int, str]]:
    """Place (from 1) and identifier of each subject; the same person named twice counts once."""
    named = [each.extension for each in references if each.root in coding.subject_roots]
    first: dict[str, tuple[int, str]] = {}
    for place, text in enumerate(named, start=1):
        first.setdefault(_same_person(text, now), (place, text))
    return list(first.values())


def _same_person(text: str, now: datetime) -> str:
    try:
        return canonical_identifier(text, today=now.astimezone(STOCKHOLM).date())
    except RejectedError:
        return unicodedata.normalize("NFKC", text)


def _categories(references: list[_Reference], coding: Coding) -> set[PoliceCategory]:
    """Every category named; an unknown code beside a known one makes the whole uncoded, because nobody knows what it says."""
    theirs = {code.casefold(): category for code, category in coding.categories.items()}
    ours = {category.value: category for category in PoliceCategory}
    named = [value.casefold() for value in _values(references, coding.category_root)]
    found = [theirs.get(code) or ours.get(code) for code in named]
    return set() if None in found else {category for category in found if category is not None}


def _area(references: list[_Reference], coding: Coding, area_code: Callable[[str], str]) -> str | None:
    """A configured area, which begins with the municipality's code; any other text could name a home and is dropped."""
    codes = {area_code(value) for value in _values(references, coding.area_root)}
    known = [code for code in codes if _CONFIGURED_AREA.match(code)]
    return known[0] if len(codes) == 1 and known else None


def _occurred_at(references: list[_Reference], attributes: Mapping[str, Any], coding: Coding) -> datetime | None:
    """The coded time (Swedish time unless it has a zone), else when the message was created."""
    coded = _values(references, coding.occurred_at_root)
    if not coded:
        return instant_of(attributes.get("creationDateTime"))
    try:
        instants = {datetime.fromisoformat(text) for text in coded}
        (instant,) = {(each if each.tzinfo else each.replace(tzinfo=STOCKHOLM)).astimezone(UTC) for each in instants}
    except (ValueError, OverflowError):
        return None
    return instant_of(instant.isoformat())
