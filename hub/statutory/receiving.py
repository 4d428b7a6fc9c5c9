"""Who takes a mandatory report over: the port of a receiver, and the two ways there are to one."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final, Protocol

from hub.clock import STOCKHOLM
from hub.connector import Errand, Sink
from hub.contract.models import Priority, TaskState
from hub.errors import RetriableError
from hub.statutory.deadlines import Deadlines
from hub.statutory.disk import Disk, PosixDisk, write_whole
from hub.statutory.sealing import Envelope

__all__ = ["FolderReceiver", "NoticeReceiver", "Receiver", "Report", "Taken"]

FUNCTION: Final = "statutory_report"
_NAMESPACE: Final = uuid.UUID("5b0f3e8a-9f0c-4f1e-8f57-1b1f6f3f0a52")
_LARGEST_RECEIPT: Final = 4096


@dataclass(frozen=True, slots=True)
class Report:
    """One stored report on its way. `key` is its idempotency key: the same at every attempt, a digest that names nobody.

    `open` gives envelope and original, and raises what `StatutoryStore.read` raises.
    """

    key: str
    arrived_at: datetime
    clocks: Deadlines
    open: Callable[[], tuple[Envelope, bytes]]


@dataclass(frozen=True, slots=True)
class Taken:
    """The receiver has it. `reference`: its own id, when it gives one."""

    reference: str = ""


class Receiver(Protocol):
    """One receiver. Whatever it answers stays here: nothing of it goes back to whoever sent the report (OSL 26:1)."""

    def take(self, report: Report) -> Taken:
        """Return when the receiver has the report, and has it once: a repeat under the same key has no second effect.

        Raises RetriableError (again later), RejectedError (a person must see to it; tried again all the same), ConfigError (an
        address, a right or a key is wrong), ContractError (the stored file does not open).
        """
        ...

    def registered(self, key: str) -> str | None:
        """The case number under which the receiver's case system has registered the report; None: not yet, or it cannot say."""
        ...

    def close(self) -> None: ...


class FolderReceiver:
    """A folder of the receiver's, which its case system fetches from.

        <key>.report     the original, byte for byte, whatever it is
        <key>.json       arrival, the legal clocks, content type, size and SHA-256; written last: with it the report is whole
        <key>.receipt    the receiver's: {"registered_as": "SN 2025/117"}; it may take the other two away then

    Guarantee: at least once under one key, by which the receiver takes a report once. A report whose `.json` or receipt is
    there is not written again.
    """

    def __init__(self, folder: Path, *, disk: Disk | None = None) -> None:
        self._folder = folder
        self._disk = disk or PosixDisk()

    def take(self, report: Report) -> Taken:
        """As `Receiver.take`."""
        told = self._folder / f"{report.key}.json"
        try:
            if not self._folder.is_dir():
                raise RetriableError("the receiver's folder is not there: is its disk mounted?", code="receiver_unreachable")
            if not told.exists() and not self._receipt(report.key).exists():
                envelope, content = report.open()
                write_whole(self._disk, self._folder / f"{report.key}.report", content, self._folder)
                write_whole(self._disk, told, _told(report, envelope), self._folder)
            self._disk.sync_folder(self._folder)
        except OSError as error:
            text = f"the receiver's folder cannot be written ({error.strerror}): look at its disk and its rights"
            raise RetriableError(text, code="receiver_unreachable") from error
        return Taken()

    def registered(self, key: str) -> str | None:
        """As `Receiver.registered`; a receipt that cannot be read is none yet."""
        try:
            with self._receipt(key).open("rb") as stream:
                case = json.loads(stream.read(_LARGEST_RECEIPT))["registered_as"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        return case if isinstance(case, str) else None

    def close(self) -> None:
        """Nothing is held."""

    def _receipt(self, key: str) -> Path:
        return self._folder / f"{key}.receipt"


class NoticeReceiver:
    """Tells the receiver by a connector that a report is here, never what it says or of whom; the officer reads it in the hub.

    Guarantee: the sink's, under one errand's identity. That the case system has the report is said by the officer.
    """

    def __init__(self, code: str, sink: Sink) -> None:
        self._code = code
        self._sink = sink

    def take(self, report: Report) -> Taken:
        """As `Receiver.take`, and what `Sink.deliver` raises."""
        by = datetime.combine(report.clocks.protect_by + timedelta(days=1), time(), tzinfo=STOCKHOLM).astimezone(UTC)
        delivered = self._sink.deliver(
            Errand(
                task_id=str(uuid.uuid5(_NAMESPACE, report.key)),
                state=TaskState.REQUESTED,
                team=self._code,
                function=FUNCTION,
                priority=Priority.HIGH,
                created_at=report.arrived_at,
                respond_by=by,
            )
        )
        return Taken(delivered.reference or "")

    def registered(self, key: str) -> None:
        """It cannot say: an errand tells nobody what became of it."""
        del key

    def close(self) -> None:
        """Release the sink's connections."""
        self._sink.close()


def _told(report: Report, envelope: Envelope) -> bytes:
    facts: dict[str, Any] = {
        "key": report.key,
        "arrived_at": report.arrived_at.isoformat(),
        "protect_by": report.clocks.protect_by.isoformat(),
        "decide_by": report.clocks.decide_by.isoformat(),
        "content_type": envelope.content_type,
        "size": envelope.size,
        "sha256": envelope.sha256,
    }
    return json.dumps(facts, indent=1).encode()
