"""Finds the records of letters again, mapped as the mapping is now: at the source, or, of places, from what was kept.

The source is built anew for it, so that what a lane's own source remembers is not mixed with a second reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from hub.connect.letters import Letter, Sealing
from hub.connector import Record, Source
from hub.errors import RejectedError, RetriableError

__all__ = ["NOT_AT_SOURCE", "NOT_KEPT", "Recall", "Recalled"]

NOT_AT_SOURCE = "not_at_source"
"""The source does not show the record any more, or not where it stood."""
NOT_KEPT = "not_kept"
"""The source cannot be asked again, and the record's own form was not kept, or under a key that is no more."""
_BEYOND = 10_000  # records read past the last place: a mended mapping may make several of one
_MOST_OF_ONE = 100  # facts that one record may give; more are a mapping gone wrong


@dataclass(frozen=True, slots=True)
class Recalled:
    """What a letter's record gives now, or why it could not be had (`reason`: a code).

    `away`: the source did not answer, so nothing is known of the record, and later it may be had.
    """

    records: tuple[Record, ...]
    reason: str = ""
    away: bool = False


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
        return Recalled((), NOT_KEPT) if content is None else Recalled(tuple(map_again(content)))

    def _from_source(self, letters: list[Letter]) -> dict[str, Recalled]:
        """One reading from where these letters were read; they share it."""
        found: dict[str, list[Record]] = {one.letter_id: [] for one in letters}
        reason, away = NOT_AT_SOURCE, False
        try:
            with closing(self._build_source()) as source:
                for ordinal, record in _until(source, letters, found):
                    for letter in letters:
                        if len(found[letter.letter_id]) < _MOST_OF_ONE and self._is_of(letter, ordinal, record):
                            found[letter.letter_id].append(record)
        except (RetriableError, RejectedError) as error:
            reason, away = error.code, isinstance(error, RetriableError)
        return {name: Recalled(tuple(some)) if some else Recalled((), reason, away) for name, some in found.items()}

    def _is_of(self, letter: Letter, ordinal: int, record: Record) -> bool:
        """By name where the record had one, by place where it had none."""
        return self._sealing.is_of(letter, record) if letter.token else letter.ordinal == ordinal


def _until(source: Source, letters: list[Letter], found: dict[str, list[Any]]) -> Iterator[tuple[int, Record]]:
    """Records by their place after the cursor, until all are found, or the reading is well past where they stood."""
    last = max(one.ordinal for one in letters)
    ordinal = 0
    for batch in source.batches(letters[0].start or None):
        if batch.retold:
            continue
        yield from enumerate(batch.records, start=ordinal)
        ordinal += len(batch.records)
        if ordinal > last + _BEYOND or (ordinal > last and all(found.values())):
            return
