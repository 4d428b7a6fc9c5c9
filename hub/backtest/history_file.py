"""A history in a file: a line that says what it is and of when, then one line of JSON for each youth.

It holds references and codes only, yet it is personal data (pseudonymised), where no erasure reaches it. So it is readable by
its owner only, and after two weeks it is refused: who has withdrawn since must leave it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from hub.backtest.history import YouthHistory
from hub.contract.fields import Instant, Message
from hub.errors import ConfigError, ContractError, RejectedError

__all__ = ["KEPT_DAYS", "FilePart", "open_history", "write_history"]

KEPT_DAYS = 14
_LARGEST_LINE = 16 * 1024 * 1024  # some fifty thousand events of one youth, fifty times what a state holds


class _Head(Message):
    hub_history: Literal[1]
    made_at: Instant


@dataclass(frozen=True, slots=True)
class FilePart:
    """The youths whose lines begin in [start, end) of a file."""

    path: Path
    start: int
    end: int

    def histories(self, refused: Counter[str]) -> Iterator[YouthHistory]:
        """One at a time, every field validated; what is refused was left out when it was written.

        Raises ContractError `bad_history` naming the byte of a line that is none.
        """
        del refused
        with self.path.open("rb") as lines:
            at = self.start
            lines.seek(at)
            while at < self.end and (line := lines.readline(_LARGEST_LINE)):
                try:
                    yield YouthHistory.model_validate_json(line)
                except ValidationError:
                    # Not chained: the cause quotes the line.
                    text = f"{self.path}: the line at byte {at} is no youth's history of this version of the hub: write it anew"
                    raise ContractError(text, code="bad_history") from None
                at += len(line)


def write_history(path: Path, lines: Iterable[bytes], made_at: datetime) -> None:
    """Write a file that only its owner can read. `lines` are of `YouthHistory`, as JSON, without their ends.

    Raises ConfigError `history_exists` when there is a file of that name; what could not be finished is removed.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        raise ConfigError(f"{path} exists already: name another file, or delete it", code="history_exists") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}", code="history_unwritable") from error
    try:
        with os.fdopen(descriptor, "wb", buffering=1024 * 1024) as out:
            out.write(_Head(hub_history=1, made_at=made_at).model_dump_json().encode() + b"\n")
            for line in lines:
                out.write(line + b"\n")
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise


def open_history(path: Path, parts: int, now: datetime) -> list[FilePart]:
    """The file in at most so many parts of about the same size.

    Raises ConfigError `no_history` when there is no such file or it is none of ours, RejectedError `history_too_old`.
    """
    try:
        with path.open("rb") as lines:
            size = os.fstat(lines.fileno()).st_size
            head = lines.readline(_LARGEST_LINE)
            made_at = _Head.model_validate_json(head).made_at
            edges = [len(head)]
            for number in range(1, parts):
                lines.seek(max(edges[0], size * number // parts))
                lines.readline()
                edges.append(lines.tell())
    except OSError as error:
        text = f"{path} cannot be read: {error.strerror}. Name a file that `hub backtest --keep` wrote, or --from topic"
        raise ConfigError(text, code="no_history") from error
    except ValidationError:
        text = f"{path} is no history: name a file that `hub backtest --keep` wrote, or --from topic"
        raise ConfigError(text, code="no_history") from None
    if now - made_at > timedelta(days=KEPT_DAYS):
        text = (
            f"{path} is older than {KEPT_DAYS} days: who has withdrawn a consent since stands in it. Delete it, and read the "
            "topics anew (--from topic, with --keep for another file)"
        )
        raise RejectedError(text, code="history_too_old")
    edges = sorted({*edges, size})
    return [FilePart(path, start, end) for start, end in pairwise(edges)]
