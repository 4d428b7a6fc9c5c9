"""The consented history as the topics hold it, spilled into files by youth, so that no process holds more than one of them.

Every record goes as it is, unread, into the file that its key's hash names; `BucketPart` decodes one file, with the codec that
judges for the worker, and puts each youth's records together.
"""

from __future__ import annotations

import os
import shutil
import struct
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from hub.backtest.history import YouthHistory
from hub.claims import Declared
from hub.contract.codec import Codec
from hub.contract.ids import valid_key
from hub.contract.models import ConsentRecord, CooperationRecord, Message, PoliceNotice, RiskEvent, SchoolAbsence, TaskEvent
from hub.contract.topics import CONSENTS, COOPERATIONS, POLICE_NOTICES, RISK_EVENTS, SCHOOL_ABSENCES, TASK_EVENTS
from hub.errors import ContractError, RejectedError, RetriableError
from hub.kafka import Reader, begin_offsets, end_offsets

__all__ = ["BucketPart", "private_folder", "spill"]

_TOPICS = (CONSENTS, SCHOOL_ABSENCES, POLICE_NOTICES, RISK_EVENTS, TASK_EVENTS, COOPERATIONS)
_PLACES = {topic.name: number for number, topic in enumerate(_TOPICS)}
_FIELDS: Mapping[type[Message], str] = {
    ConsentRecord: "consents",
    SchoolAbsence: "absences",
    PoliceNotice: "notices",
    RiskEvent: "observations",
    TaskEvent: "answers",
    CooperationRecord: "cooperations",
}
_FRAME = struct.Struct(">BHI")
_AT_ONCE, _POLL_SECONDS, _PATIENCE_SECONDS = 5_000, 1.0, 60.0
_RECORDS_A_BUCKET, _MOST_BUCKETS, _BUFFER = 20_000, 512, 64 * 1024


@contextmanager
def private_folder(data: Path) -> Iterator[Path]:
    """A folder for files of one run, gone with what is in it when the block ends; what a killed run left is removed first.

    Raises RejectedError `backtest_runs` when another run has it.
    """
    folder = data / "backtest"
    data.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(data / "backtest.lock", timeout=0):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    except Timeout:
        raise RejectedError("another backtest reads the topics just now: wait until it has ended", code="backtest_runs") from None


def spill(servers: str, folder: Path, tell: Callable[[int, int], None]) -> list[Path]:
    """Everything that the topics hold at present, in files by youth. `tell` is given (records read, records in all).

    Raises RetriableError when Kafka does not answer, or gives nothing for a minute.
    """
    names = list(_PLACES)
    ends, begins = end_offsets(servers, names), begin_offsets(servers, names)
    missing = {place: end for place, end in ends.items() if end > begins.get(place, 0)}
    due = sum(end - begins.get(place, 0) for place, end in missing.items())
    files = [folder / f"{number:03}" for number in range(min(_MOST_BUCKETS, 1 + due // _RECORDS_A_BUCKET))]
    with ExitStack() as stack:
        outs = [stack.enter_context(_private(path)) for path in files]
        if missing:
            reader = Reader(servers, sorted({topic for topic, _ in missing}), None, "hub-backtest")
            stack.callback(reader.close)
            _read(reader, dict(ends), missing, outs, lambda read: tell(read, due))
    return files


def _read(
    reader: Reader,
    ends: Mapping[tuple[str, int], int],
    missing: dict[tuple[str, int], int],
    outs: list[BinaryIO],
    tell: Callable[[int], None],
) -> None:
    read, heard = 0, time.monotonic()
    while missing:
        records = reader.poll(_POLL_SECONDS, _AT_ONCE)
        for record in records:
            place = (record.topic, record.partition)
            if record.offset >= ends[place]:  # came while we read
                continue
            key, value = record.key or b"", record.value or b""
            outs[zlib.crc32(key) % len(outs)].write(_FRAME.pack(_PLACES[record.topic], len(key), len(value)) + key + value)
            read += 1
            if record.offset + 1 >= ends[place]:
                missing.pop(place, None)
        tell(read)
        if records:
            heard = time.monotonic()
            continue
        for place in reader.caught_up():  # the last offsets may hold no record: compacted, or a transaction's end
            missing.pop(place, None)
        if time.monotonic() - heard > _PATIENCE_SECONDS:
            raise RetriableError("Kafka gives no records of the history for a minute", code="kafka")


def _private(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb", buffering=_BUFFER)


@dataclass(frozen=True, slots=True)
class BucketPart:
    """The youths of one file. What is no message of its topic, or claims what its agency may not say, is counted and left."""

    path: Path
    declared: Declared

    def histories(self, refused: Counter[str]) -> Iterator[YouthHistory]:
        """In the order of their references; `refused` counts by reason."""
        codec = Codec.load()
        found: dict[str, dict[str, list[Message]]] = {}
        for number, key, value in _frames(self.path):
            try:
                message = _message(codec, number, key, value)
            except ContractError:
                refused["unreadable"] += 1
                continue
            if message is None:
                continue
            event = isinstance(message, SchoolAbsence | PoliceNotice | RiskEvent)
            claim = self.declared.refusal(message) if event else ""  # type: ignore[arg-type] # an event
            if claim:
                refused[claim] += 1
                continue
            found.setdefault(key.decode("ascii"), {}).setdefault(_FIELDS[type(message)], []).append(message)
        for youth_ref in sorted(found):
            yield YouthHistory.model_validate({"youth_ref": youth_ref, **found[youth_ref]})


def _message(codec: Codec, number: int, key: bytes, value: bytes) -> Message | None:
    """None for what is about a place, and for the mark that ends what was told of cases. Raises ContractError for what the
    worker would make a dead letter of.
    """
    topic = _TOPICS[number]
    known = valid_key(topic.key, key)
    if topic is COOPERATIONS and known is not None and not value:
        return None
    message = codec.decode(topic, value)
    youth_ref = getattr(message, "youth_ref", None)
    if youth_ref is None:
        return None
    if known is None or youth_ref != known:
        raise ContractError(f"key and message on {topic.name} name different subjects", code="key_mismatch")
    return message


def _frames(path: Path) -> Iterator[tuple[int, bytes, bytes]]:
    with path.open("rb") as source:
        while head := source.read(_FRAME.size):
            number, key_size, value_size = _FRAME.unpack(head)
            yield number, source.read(key_size), source.read(value_size)
