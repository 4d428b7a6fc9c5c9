"""Finds the records of letters again, mapped as the mapping is now: at the source, or, of places, from what was kept.

With a record comes what its source says beside it: that it is about this person, and was taken back of everybody else. Where it
says such a thing it may have said another since, so it is read on as far as it tells.

The source is built anew for it, so that what a lane's own source remembers is not mixed with a second reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby

from hub.connect.letters import Letter, Sealing
from hub.connector import Batch, Record, Removal, Source
from hub.errors import RejectedError, RetriableError

__all__ = ["NOT_AT_SOURCE", "NOT_KEPT", "Recall", "Recalled", "gave_no_answer", "refused_to_answer"]

NOT_AT_SOURCE = "not_at_source"
"""The source does not show the record any more, or not where it stood."""
NOT_KEPT = "not_kept"
"""The source cannot be asked again, and the record's own form was not kept, or under a key that is no more."""
_STATUS = re.compile(r"status_([45]\d\d)\Z")
_LATER = frozenset({"408", "425", "429"})
_NEVER = "501"
_UNREACHED = frozenset({"unreachable", "timeout", "token_unreachable"})
_BEYOND = 10_000  # records read past the last place: a mended mapping may make several of one
_MOST_OF_ONE = 100  # facts that one record may give; more are a mapping gone wrong


def gave_no_answer(reason: str) -> bool:
    """Whether the code says that the source was away: later it may answer."""
    found = _STATUS.match(reason)
    return reason in _UNREACHED or (found is not None and (found[1] in _LATER or (found[1] >= "500" and found[1] != _NEVER)))


def refused_to_answer(reason: str) -> bool:
    """Whether it says that the source did not want to: that does not change by itself."""
    return _STATUS.match(reason) is not None and not gave_no_answer(reason)


@dataclass(frozen=True, slots=True)
class Recalled:
    """What a letter's record gives now, or why it could not be had (`reason`: a code).

    `batches`: of what the source told, in its order, what concerns the record: it, and removals of it. `away`: the source did not
    answer, so nothing is known of the record, and later it may be had.
    """

    batches: tuple[Batch, ...]
    reason: str = ""
    away: bool = False

    @property
    def records(self) -> tuple[Record, ...]:
        """What it gives, without what takes it back of others."""
        return tuple(record for batch in self.batches for record in batch.records)


class Recall:
    """One instance's. `map_again` is set where bodies are kept; then the source is not asked."""

    def __init__(
        self, sealing: Sealing, build_source: Callable[[], Source], map_again: Callable[[bytes], Sequence[Record]] | None = None
    ) -> None:
        self._sealing = sealing
        self._build_source = build_source
        self._map_again = map_again

    @property
    def keeps_bodies(self) -> bool:
        """Whether refused records are kept as the source gave them; without it they are read again there."""
        return self._map_again is not None

    def __call__(self, letters: Iterable[Letter]) -> dict[str, Recalled]:
        """By letter; every letter has an answer. Errors that a source may raise are answers too, ConfigError is not."""
        wanted = sorted(letters, key=lambda one: (one.cursor_digest, one.ordinal))
        if self._map_again is not None:
            return {one.letter_id: self._from_kept(one, self._map_again) for one in wanted}
        found: dict[str, Recalled] = {}
        for _, group in groupby(wanted, key=lambda one: one.cursor_digest):
            found |= self._from_source(list(group))
        return found

    def _from_kept(self, letter: Letter, map_again: Callable[[bytes], Sequence[Record]]) -> Recalled:
        content = self._sealing.open(letter.letter_id, letter.sealed) if letter.sealed else None
        return Recalled((), NOT_KEPT) if content is None else Recalled((Batch(map_again(content), {}),))

    def _from_source(self, letters: list[Letter]) -> dict[str, Recalled]:
        """One reading from where these letters were read; they share it."""
        found = [_Found(one, self._sealing) for one in letters]
        reason, away, whole = NOT_AT_SOURCE, False, True
        try:
            with closing(self._build_source()) as source:
                for ordinal, batch in _until(source, letters, found):
                    for one in found:
                        one.look(ordinal, batch)
        except (RetriableError, RejectedError) as error:
            reason, away, whole = error.code, isinstance(error, RetriableError), False
        sure = [one for one in found if one.number and (whole or not one.about)]
        return dict.fromkeys((one.letter_id for one in letters), Recalled((), reason, away)) | {
            one.letter.letter_id: Recalled(tuple(one.batches)) for one in sure
        }


class _Found:
    """What was found of one letter: `number` records, and whether the source says whom they are about (`about`)."""

    def __init__(self, letter: Letter, sealing: Sealing) -> None:
        self.letter = letter
        self.batches: list[Batch] = []
        self.number = 0
        self.about = False
        self._sealing = sealing
        self._names: set[str] = set()

    def look(self, ordinal: int, batch: Batch) -> None:
        """Take of a batch, which begins at that place after the letter's cursor, what is the letter's."""
        records = [record for place, record in enumerate(batch.records, ordinal) if self._is_of(place, record)]
        records = records[: _MOST_OF_ONE - self.number]
        self._names |= {record.source_id for record in records if record.source_id}
        asides = [aside for aside in batch.asides if isinstance(aside, Removal) and any(map(self._is_named, aside.source_ids))]
        if asides:
            self._supersede({name for aside in asides for name in aside.source_ids})
        if records or asides:
            self.batches.append(Batch(records, {}, asides=asides))
            self.number += len(records)
            self.about = self.about or bool(asides)

    def _supersede(self, names: set[str]) -> None:
        """What was said of these before is not said even for a moment: the source has said since whom they are about."""
        self.batches = [
            Batch(
                [record for record in batch.records if record.source_id not in names],
                {},
                asides=[aside for aside in batch.asides if isinstance(aside, Removal) and not names.issuperset(aside.source_ids)],
            )
            for batch in self.batches
        ]

    def _is_of(self, place: int, record: Record) -> bool:
        """By name where the record had one, by place where it had none."""
        return self._sealing.is_of(self.letter, record) if self.letter.token else self.letter.ordinal == place

    def _is_named(self, source_id: str) -> bool:
        return source_id in self._names or (bool(self.letter.token) and self._sealing.is_named(self.letter, source_id))


def _until(source: Source, letters: list[Letter], found: list[_Found]) -> Iterator[tuple[int, Batch]]:
    """Batches by the place after the cursor at which each begins, until all are found, or well past where they stood."""
    last = max(one.ordinal for one in letters)
    ordinal = 0
    for batch in source.batches(letters[0].start or None):
        if batch.retold:
            continue
        yield ordinal, batch
        ordinal += len(batch.records)
        if ordinal > last + _BEYOND or (ordinal > last and all(one.number and not one.about for one in found)):
            return
