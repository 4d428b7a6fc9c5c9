"""What another system is given, so that nobody here can change the past unnoticed: entries as JSON lines, then a checkpoint.

The last line holds the signed checkpoint of everything exported and, with a `since`, the proof of RFC 6962 §2.1.2 that the log
of that size is a beginning of this one: a receiver that keeps only checkpoints can check it. Keep it where this
installation's administrators cannot write.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

from sqlalchemy import Engine

from hub.audit.checkpoints import Checkpoints
from hub.audit.merkle import consistency_proof
from hub.audit.notes import read_note
from hub.audit.reading import every_row, horizon
from hub.errors import RejectedError

__all__ = ["export_lines"]


def export_lines(engine: Engine, checkpoints: Checkpoints, since: int = 0) -> Iterator[str]:
    """The entries behind the first `since` (a size the receiver has), one JSON object a line, then the line of the checkpoint.

    Raises RejectedError `beyond_the_log` when there are not so many entries, `nothing_to_export` for an empty log,
    `audit_damaged` when it cannot be signed, all before the first line.
    """
    note = checkpoints.sign()
    if note is None:
        raise RejectedError("the audit log is empty: nothing to export yet", code="nothing_to_export")
    size = read_note(note).size
    if not 0 <= since <= size:
        raise RejectedError(
            f"--since {since}: the log has {size} entries. Was it truncated? `hub audit verify`", code="beyond_the_log"
        )
    return _lines(engine, note, size, since)


def _lines(engine: Engine, note: str, size: int, since: int) -> Iterator[str]:
    for row in every_row(engine, after=since, until=size):
        yield json.dumps(dict(row._mapping), ensure_ascii=False)  # noqa: SLF001 - SQLAlchemy's public name for it
    last: dict[str, object] = {"checkpoint": note, "since": since}
    if since > 0 and horizon(engine) is None:
        leaves = [bytes.fromhex(row.leaf) for row in every_row(engine, until=size)]
        last["consistency"] = [base64.b64encode(step).decode() for step in consistency_proof(leaves, since)]
    yield json.dumps(last, ensure_ascii=False)
