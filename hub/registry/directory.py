"""The subject directory: what each agency is told, when it appears, and how it goes away.

An entry appears, or grows, only when Kafka has acknowledged the newest consent record of its reference (`widen`, called by
the relay). It shrinks or disappears in the very transaction that ends a consent (`narrow`, `remove`). A version is given
at the moment a change becomes visible, so that "since version n" never steps over one.

A consent counts here from its first day on, at midnight in Sweden (`is_behind` and `widen`, called by the upkeep): until then an
agency is told what it would be told if it were not registered, and nothing is made for it, no link key either.

Hashes are made from the sealed identity when an entry is told, under each of the agency's valid keys, and are stored nowhere.
When the keys are others than at the last telling, every entry becomes a change. With an agency's last scope its link key
is destroyed, and the removal carries an erasure for its connectors; a later scope gets another key. That is told once: what
ends of the same person's later, and was others', moves no version of this agency's.
"""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import selectinload

from hub.contract.ids import key_id
from hub.contract.models import InfoKind
from hub.registry.agencies import AgencyKeys
from hub.registry.aliases import open_aliases
from hub.registry.spans import Span, intersect, union
from hub.registry.states import LIVE, Standing, State
from hub.registry.tables import Consent, LinkKey, SubjectEntry, Youth
from hub.registry.vault import subject_hash
from hub.registry.work import Work

__all__ = ["Page", "changes", "is_behind", "narrow", "prepare", "remove", "tell_identifiers", "widen"]

_LINK_KEY = 32


@dataclass(frozen=True, slots=True)
class Page:
    """What changed since a version: JSON-able entries by version, the version they bring the reader to, and the valid keys."""

    version: int
    keys: tuple[str, ...]
    entries: list[dict[str, Any]]


def prepare(work: Work, youth: Youth, data_key: bytes) -> None:
    """Make link keys and (unserved) entries for every agency that a consent in force, and begun, names and that has none yet."""
    present = {entry.agency for entry in youth.entries}
    keyed = {link.agency for link in youth.link_keys}
    for agency in sorted(_named(work, youth, {State.IN_FORCE})):
        if agency not in keyed:
            key = secrets.token_bytes(_LINK_KEY)
            sealed = work.tools.vault.seal(data_key, youth.youth_id, f"link_key.{agency}", key)
            youth.link_keys.append(LinkKey(agency=agency, sealed=sealed))
        if agency not in present:
            youth.entries.append(SubjectEntry(agency=agency, kinds=[], spans=[], removed=False))


def is_behind(work: Work, youth: Youth) -> bool:
    """Whether an agency lacks a link key since a consent's first day, or has one ahead of it (of a version that told ahead)."""
    keyed = {link.agency for link in youth.link_keys}
    return bool(_named(work, youth, {State.IN_FORCE}) - keyed or keyed - _named(work, youth, LIVE))


def widen(work: Work, youth: Youth) -> bool:
    """Make visible what the acknowledged record allows; whether that is more than before. Never touches a withdrawn reference."""
    if youth.status == Standing.WITHDRAWN:
        return False
    shown = [_show(work, entry, *_target(work, youth, entry.agency)) for entry in youth.entries]
    return any(shown)


def narrow(work: Work, youth: Youth, erasures: Mapping[str, str]) -> dict[str, str]:
    """Take away at once what is visible but no longer allowed; nothing is added before its acknowledgement.

    `erasures`: which erasure an agency answers when it has lost its last scope. The answer: the agencies that have learned the
    reference and lost it now, with that erasure's id.
    """
    lost = {link.agency for link in youth.link_keys} - _named(work, youth, LIVE)
    for link in [link for link in youth.link_keys if link.agency in lost]:
        youth.link_keys.remove(link)
    losing: dict[str, str] = {}
    for entry in list(youth.entries):
        if entry.agency in lost:
            erasure_id = erasures.get(entry.agency) or str(uuid.uuid4())
            if _take_away(work, youth, entry, erasure_id):
                losing[entry.agency] = erasure_id
        elif entry.version is not None and not entry.removed:
            kinds, spans = _target(work, youth, entry.agency)
            _show(work, entry, [kind for kind in entry.kinds if kind in kinds], intersect(_read_spans(entry), spans))
    return losing


def remove(work: Work, youth: Youth, erasure_id: str) -> list[str]:
    """Take a withdrawn reference out of every directory, for ever. The answer: the agencies that knew it until now.

    One that had lost its last scope before, and was told so, is told nothing: what ended now was others'.
    """
    return sorted([entry.agency for entry in list(youth.entries) if _take_away(work, youth, entry, erasure_id)])


def _take_away(work: Work, youth: Youth, entry: SubjectEntry, erasure_id: str) -> bool:
    """Tell an agency that a reference is gone for good, once; whether there was anything to tell. What nobody has fetched leaves
    no trace.
    """
    if not _fetched(work, entry):
        youth.entries.remove(entry)
        return False
    if _is_gone(entry):
        return False
    entry.removed, entry.erasure_id, entry.kinds, entry.spans = True, erasure_id, [], []
    _stamp(work, entry)
    return True


def _is_gone(entry: SubjectEntry) -> bool:
    """Whether the agency was told that it is gone for good, and nothing since: what is shown has no erasure."""
    return entry.removed and entry.erasure_id is not None


def tell_identifiers(work: Work, youth: Youth) -> None:
    """The person has other identifiers than were told: tell each agency that sees her again."""
    for entry in youth.entries:
        if entry.version is not None and not entry.removed:
            _stamp(work, entry)


def changes(work: Work, agency: str, since: int, keys: AgencyKeys) -> Page:
    """What the agency is told; marks what it now knows. The caller commits before it answers."""
    counter = work.counter(agency)
    ids = tuple(key_id(key) for key in keys.hmac_keys)
    if list(ids) != counter.key_ids:
        _tell_anew(work, agency, list(ids))
    query = (
        select(SubjectEntry)
        .where(SubjectEntry.agency == agency, SubjectEntry.version > since)
        .order_by(SubjectEntry.version, SubjectEntry.youth_id)
        .options(selectinload(SubjectEntry.youth).options(selectinload(Youth.link_keys), selectinload(Youth.aliases)))
    )
    rows = work.session.scalars(query).all()
    work.fetch_keys({entry.youth_id for entry in rows if not entry.removed})
    page = Page(counter.version, ids, [_entry_json(work, entry, keys) for entry in rows])
    counter.fetched = max(counter.fetched, counter.version)
    return page


def _tell_anew(work: Work, agency: str, ids: list[str]) -> None:
    """Other keys are valid than at the last telling: all that is visible is told again, under the keys of now."""
    counter = work.counter(agency)
    visible = (SubjectEntry.agency == agency, SubjectEntry.version.is_not(None), SubjectEntry.removed.is_(False))
    if counter.key_ids and work.session.execute(select(SubjectEntry.agency).where(*visible).limit(1)).first():
        counter.version += 1
        work.session.execute(update(SubjectEntry).where(*visible).values(version=counter.version))
    counter.key_ids = ids


def _entry_json(work: Work, entry: SubjectEntry, keys: AgencyKeys) -> dict[str, Any]:
    """Every entry has the same fields, the removed ones too: they are empty then."""
    youth, vault = entry.youth, work.tools.vault
    told: dict[str, Any] = {"youth_ref": youth.youth_ref, "version": entry.version, "removed": True}
    wrapped = work.wrapped.get(youth.youth_id)
    # A key that is gone is gone, whatever an old copy of this database says.
    if entry.removed or wrapped is None or youth.identity is None:
        return {**told, "erasure_id": entry.erasure_id, "subject_hashes": [], "link_key": "", "kinds": [], "spans": []}
    sealed = next(link.sealed for link in youth.link_keys if link.agency == entry.agency)
    data_key = vault.data_key(youth.youth_id, wrapped)
    link_key = vault.open(data_key, youth.youth_id, f"link_key.{entry.agency}", sealed)
    canonical = vault.open(data_key, youth.youth_id, "identity", youth.identity).decode("ascii")
    numbers = [canonical, *open_aliases(work, youth, data_key)]
    return {
        **told,
        "removed": False,
        "erasure_id": None,
        "subject_hashes": [subject_hash(key, number) for key in keys.hmac_keys for number in numbers],
        "link_key": base64.b64encode(link_key).decode(),
        "kinds": entry.kinds,
        "spans": [{"from": start, "to": end} for start, end in entry.spans],
    }


def _named(work: Work, youth: Youth, states: Collection[State]) -> set[str]:
    """The agencies that consents name which stand so and have begun."""
    return {
        agency
        for consent in youth.consents
        if consent.state in states and consent.valid_from <= work.now
        for agency in consent.agencies
    }


def _target(work: Work, youth: Youth, agency: str) -> tuple[list[str], list[Span]]:
    """The kinds and spans the agency may be told. An entry is a rectangle, kinds x spans: where the consents of several
    kinds differ in time, it holds the time they share, so that nothing outside a consent is ever allowed by it.
    """
    keys = work.tools.agencies.get(agency)
    allowed = keys.kinds if keys is not None else frozenset()
    present = [c for c in youth.consents if c.state == State.IN_FORCE and c.valid_from <= work.now < c.valid_to]
    naming = [consent for consent in present if agency in consent.agencies]
    kinds = sorted({kind for consent in naming for kind in consent.kinds if kind in allowed})
    if not kinds:
        return [], []
    spans = _spans_of(naming, kinds[0])
    for kind in kinds[1:]:
        spans = intersect(spans, _spans_of(naming, InfoKind(kind)))
    return (kinds, spans) if spans else ([], [])


def _spans_of(consents: Iterable[Consent], kind: str) -> list[Span]:
    return union(span for consent in consents if kind in consent.kinds for span in _read_spans(consent))


def _show(work: Work, entry: SubjectEntry, kinds: list[str], spans: Sequence[Span]) -> bool:
    """Whether what is visible is another now."""
    written = [[start.isoformat(), end.isoformat()] for start, end in spans]
    removed = not kinds or not written
    unseen = entry.version is None
    if unseen and removed:
        return False
    if not unseen and (entry.removed, entry.kinds, entry.spans) == (removed, kinds, written):
        return False
    if removed:
        kinds, written = [], []
        if entry.removed:
            return False
    entry.removed, entry.kinds, entry.spans = removed, kinds, written
    entry.erasure_id = entry.erasure_id if removed else None
    _stamp(work, entry)
    return True


def _stamp(work: Work, entry: SubjectEntry) -> None:
    counter = work.counter(entry.agency)
    counter.version += 1
    entry.version = counter.version
    if entry.first_version is None:
        entry.first_version = counter.version


def _fetched(work: Work, entry: SubjectEntry) -> bool:
    return entry.first_version is not None and entry.first_version <= work.counter(entry.agency).fetched


def _read_spans(row: SubjectEntry | Consent) -> list[Span]:
    return [(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in row.spans]
