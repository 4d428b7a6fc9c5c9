"""Keeps what a source with a moving window showed, until Kafka has it: the source cannot be asked for it again."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from hub.clock import Clock
from hub.connect.ledger import Ledger
from hub.connect.letters import Sealing
from hub.connector import Batch, Cursor, Place, PlaceRecord, Record, Source, Unmapped
from hub.errors import HubError
from hub.logs import get_logger
from hub.metrics import CONNECTOR_KEPT

__all__ = ["KeptSource", "packed", "unpacked"]

_MOST_KEPT = 2000  # a week of a feed of 500 rows that is asked every five minutes and has changed each time; about 50 MB
_OWN = "kept"
_log = get_logger(__name__)


class KeptSource:
    """Stands between such a source and the events lane, which it looks like any other source.

    A batch is on disk (in the lane's ledger) before anybody sees it. It is given again, the same, in the order of the pulls,
    until the lane's cursor has passed it: after a broken publish, and after a kill. While batches wait for Kafka the source
    is asked on, at its own pace (`pause`), so that its window does not move past us in a long outage either.

    Guarantee: what a pull brought is told at least once. What a kill interrupts before the pull is on disk, or what the
    window passed between two pulls, was never had. When very many batches wait, the source is asked no more until some are
    told (a warning in the log, `hub_connector_kept_batches`).
    """

    def __init__(
        self,
        source: Source,
        ledger: Ledger,
        clock: Clock,
        sealing: Sealing,
        *,
        connector: str,
        pause: timedelta,
        most: int = _MOST_KEPT,
    ) -> None:
        self._source = source
        self._ledger = ledger
        self._clock = clock
        self._sealing = sealing
        self._connector = connector
        self._pause = pause
        self._most = most
        self._pulled_at: datetime | None = None

    def batches(self, cursor: Cursor | None) -> Iterator[Batch]:
        """What waits, old and new; then what the source raised, if it did. A cursor that holds no number is the source's own."""
        told, position = _read(cursor)
        self._ledger.forget_kept(told)
        failure = self._pull(told, position)
        CONNECTOR_KEPT.labels(connector=self._connector).set(self._ledger.count_kept())
        while (kept := self._ledger.kept_after(told)) is not None:
            told, content = kept
            batch = unpacked(content, self._sealing)
            yield Batch(batch.records, {"kept": told, "source": batch.cursor}, batch.retold)
        if failure is not None:
            raise failure

    def close(self) -> None:
        """Close the source. What waits stays on disk."""
        self._source.close()

    def _pull(self, told: int, position: Cursor) -> HubError | None:
        newest = self._ledger.newest_kept()
        if newest is not None and not self._due():
            return None
        room = self._most - self._ledger.count_kept()
        if room <= 0:
            _log.warning("too_much_kept", connector=self._connector, batches=self._most)
            return None
        self._pulled_at = self._clock.now()
        number, last = newest or (told, b"")
        try:
            for batch in self._source.batches((unpacked(last, self._sealing).cursor if last else position) or None):
                content = packed(batch, self._sealing)
                if last and _say_the_same(content, last):  # the same again, while Kafka is away: nothing new to tell
                    continue
                number, last, room = number + 1, content, room - 1
                self._ledger.keep(number, content, self._clock.now())
                if room <= 0:
                    break
        except HubError as error:
            return error
        return None

    def _due(self) -> bool:
        """Whether the source may be asked although batches wait: at its own pace, not at that of the attempts to publish."""
        return self._pulled_at is None or self._clock.now() - self._pulled_at >= self._pause


def packed(batch: Batch, sealing: Sealing) -> bytes:
    """A batch as it lies on disk. A record about a person is not written: its connector is not one that may tell of persons.

    The source's own form of what could not be mapped is sealed: it is text of theirs.
    """
    own = json.dumps([record.content.hex() if isinstance(record, Unmapped) else "" for record in batch.records])
    content = {
        "records": [_written(record) for record in batch.records],
        "cursor": batch.cursor,
        "retold": batch.retold,
        "own": [sealing.token(_OWN, own), sealing.seal(_OWN, own.encode()).hex()],  # the first to compare by
    }
    # ASCII: half a surrogate pair in an id of the source is no valid UTF-8, and an id all the same.
    return zlib.compress(json.dumps(content, ensure_ascii=True, sort_keys=True).encode("ascii"))


def unpacked(content: bytes, sealing: Sealing) -> Batch:
    """The batch that was packed; without the source's own forms when the agency's key is another one now."""
    read = _opened(content)
    plain = sealing.open(_OWN, bytes.fromhex(read["own"][1])) if "own" in read else None
    own = json.loads(plain) if plain else [""] * len(read["records"])
    records = [_record(one, bytes.fromhex(text)) for one, text in zip(read["records"], own, strict=True)]
    return Batch(records, read["cursor"], read["retold"])


def _opened(content: bytes) -> dict[str, Any]:
    return dict(json.loads(zlib.decompress(content)))


def _say_the_same(one: bytes, other: bytes) -> bool:
    """Whether two batches are the same: what is sealed never looks the same twice."""
    told, again = _opened(one), _opened(other)
    return {**told, "own": told.get("own", [""])[0]} == {**again, "own": again.get("own", [""])[0]}


def _read(cursor: Cursor | None) -> tuple[int, Cursor]:
    """The number of the last batch that was told, and the source's own cursor behind it."""
    if cursor is None or "kept" not in cursor:
        return 0, cursor or {}
    return cursor["kept"], cursor["source"]


def _written(record: Record) -> dict[str, Any]:
    if isinstance(record, Unmapped):
        return {"reason": record.reason, "intentional": record.intentional, "source_id": record.source_id}
    if not isinstance(record, PlaceRecord):
        return {"reason": "kind_not_allowed", "intentional": False}
    return {
        "source_id": record.source_id,
        "area": record.area,
        "occurred_at": record.occurred_at.isoformat(),
        "body": record.body.model_dump(mode="json"),
        "retracted": record.retracted,
        "fingerprint": record.fingerprint,
    }


def _record(read: dict[str, Any], own: bytes) -> PlaceRecord | Unmapped:
    if "reason" in read:
        return Unmapped(**read, content=own)
    parts = {"occurred_at": datetime.fromisoformat(read["occurred_at"]), "body": Place.model_validate(read["body"])}
    return PlaceRecord(**{**read, **parts})
