"""Who has read what, and why: one JSON line per reading or refusal, on the medium before anything is shown.

Every access to a report leaves a trace with person, time, action, message and reason, refusals too (as HSLF-FS 2016:40
4 kap. 9 § asks of care records). The file lies beside the messages and apart from the application's log.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hub.errors import RejectedError, RetriableError

__all__ = ["AccessLog"]

_SHORTEST_PURPOSE = 5
_LONGEST_PURPOSE = 200
_NUMBER = re.compile(r"\d[\d\s+–-]{5,}")


@dataclass(frozen=True, slots=True)
class AccessLog:
    """Appends to `access.jsonl` in the store's folder."""

    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / "access.jsonl"

    def record(self, *, who: str, at: datetime, action: str, entry: str, purpose: str) -> None:
        """Write one line and return when it is on the medium.

        Raises RejectedError `no_purpose` or `purpose_names_somebody` (the refusal is written, without the text) and
        RetriableError `access_log` when the line cannot be written: then nothing may be shown.
        """
        refusal = _refusal(purpose)
        self._append(
            {
                "at": at.isoformat(),
                "who": who,
                "action": f"{action}_refused" if refusal else action,
                "entry": entry,
                "purpose": "" if refusal else " ".join(purpose.split()),
            }
        )
        if refusal is not None:
            raise refusal

    def _append(self, line: dict[str, str]) -> None:
        content = (json.dumps(line, ensure_ascii=False) + "\n").encode()
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                if os.write(descriptor, content) != len(content):
                    raise RetriableError("the access log took half a line: free space on its disk", code="access_log")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise RetriableError(
                f"{self.path} cannot be written ({error.strerror}): nothing is shown unlogged", code="access_log"
            ) from error


def _refusal(purpose: str) -> RejectedError | None:
    if not _SHORTEST_PURPOSE <= len(purpose.strip()) <= _LONGEST_PURPOSE:
        return RejectedError(
            f"say in {_SHORTEST_PURPOSE} to {_LONGEST_PURPOSE} characters why the message is opened", code="no_purpose"
        )
    if _NUMBER.search(purpose):
        return RejectedError("the purpose must not hold a number that could be somebody's", code="purpose_names_somebody")
    return None
