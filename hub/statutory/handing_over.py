"""Which reports the receiver's case system has registered: said by the officer, for each content a message came with.

    handed_over/<number of the message>/<content>.sealed      who said it, when, and under which case number, sealed

Only this lets a source delete an original, where its settings ask for it at all. The names alone answer whether a message is
handed over, so a connector needs no key. Written as the store writes: on the medium before it counts.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

from nacl.public import PublicKey, SealedBox

from hub.connector import report_number
from hub.errors import RejectedError, RetriableError
from hub.statutory.disk import Disk, PosixDisk, write_whole

__all__ = ["HandOvers", "check_case_number"]

_SUFFIX = ".sealed"
_CASE = re.compile(r"[A-Za-zÅÄÖåäö0-9][A-Za-zÅÄÖåäö0-9 /._:-]{1,39}\Z")
_NUMBER = re.compile(r"(\d[\s+–-]?){10}")


def check_case_number(registered_as: str) -> None:
    """Raises RejectedError `bad_case_number`."""
    if not _CASE.match(registered_as) or _NUMBER.search(registered_as):
        text = "give the case's number as the case system has it, 2 to 40 characters, and never a personal number"
        raise RejectedError(text, code="bad_case_number")


class HandOvers:
    """`folder` is the statutory store's."""

    def __init__(self, folder: Path, public_key: PublicKey, *, disk: Disk | None = None) -> None:
        self._messages = folder / "messages"
        self._folder = folder / "handed_over"
        self._public = public_key
        self._disk = disk or PosixDisk()

    def confirm(self, stored: Path, *, registered_as: str, who: str, at: datetime) -> None:
        """The case system has the content in this file of the store. The same again changes nothing; durable on return.

        Raises RejectedError `bad_case_number`, RetriableError when it cannot be written.
        """
        check_case_number(registered_as)
        line = json.dumps({"registered_as": registered_as, "who": who, "at": at.isoformat()})
        home = self._folder / stored.parent.name
        try:
            if not (home / stored.name).exists():
                for folder in (self._folder, home):
                    self._disk.make_folder(folder)
                write_whole(self._disk, home / stored.name, SealedBox(self._public).encrypt(line.encode()), self._folder)
            for folder in (home, self._folder, self._folder.parent):
                self._disk.sync_folder(folder)
        except OSError as error:
            text = f"the hand-over cannot be written ({error.strerror}): look at the disk, then say it again"
            raise RetriableError(text, code="store_unwritable") from error

    def has(self, message_id: str) -> bool:
        """Whether every content of this message that is stored is handed over, and there is one. Never raises: in doubt, no."""
        number = report_number(message_id)
        try:
            stored = {path.name for path in (self._messages / number).glob(f"*{_SUFFIX}")}
            return bool(stored) and stored <= {path.name for path in (self._folder / number).glob(f"*{_SUFFIX}")}
        except OSError:
            return False
