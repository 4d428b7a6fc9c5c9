"""Which reports the receiver's case system has registered, for each content that a message came with.

    handed_over/<number of the message>/<content>.sealed      who said it, when, and under which case number, sealed;
                                                              after a correction with its reason and what stood before

Said by the officer, or by the receiver's own receipt (`hub.statutory.lane`). Only this lets a source delete an original, where
its settings ask for it at all. The names alone answer whether a message is handed over, so a connector needs no key. Written as
the store writes: on the medium before it counts.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from hub.connector import report_number
from hub.errors import RejectedError, RetriableError
from hub.statutory.case_numbers import check_case_number
from hub.statutory.disk import Disk, PosixDisk, write_whole
from hub.statutory.marks import Mark, Marks

__all__ = ["AlreadySaidError", "CaseOutcome", "Correction", "HandOvers"]

_SUFFIX = ".sealed"


class CaseOutcome(StrEnum):
    """What came of a case of the manual lane: coded, no text about anybody. The values are kept: none is ever renamed."""

    REFERRED = "referred"  # aktualiserat hos socialtjänsten, in its own case system
    SUPPORTED = "supported"  # a named handler gives support
    DECLINED = "declined"
    NO_CONTACT = "no_contact"
    NOTHING_TO_DO = "nothing_to_do"


class Correction(StrEnum):
    """Why a case number is put right: coded, no text about anybody. The values are kept: none is ever renamed."""

    MISTYPED = "mistyped"
    OTHER_CASE = "other_case"  # another case's number was taken
    RENUMBERED = "renumbered"  # the case system has given the case another


class AlreadySaidError(RejectedError):
    """Something else was said before, and stands. `stands`: what, as `HandOvers.said`; empty where the key is not here."""

    def __init__(self, stands: Mapping[str, str]) -> None:
        text = "somebody recorded it before: that stands, and nothing of this was kept. Compare the two, and tell each other"
        super().__init__(text, code="already_said")
        self.stands = stands


class HandOvers:
    """`folder` is the statutory store's. What was said first stands; whoever says something else is told so.

    Sealed, what stands is compared only with the private `key`; without it nobody can tell, and a repeat is refused too.
    """

    def __init__(self, folder: Path, public_key: PublicKey, *, disk: Disk | None = None) -> None:
        self._messages = folder / "messages"
        self._folder = folder / "handed_over"
        self._public = public_key
        self._disk = disk or PosixDisk()
        self.marks = Marks(folder, disk=disk)

    def confirm(self, stored: Path, *, registered_as: str, who: str, at: datetime, key: PrivateKey | None = None) -> None:
        """The case system has the content in this file of the store. The same again changes nothing; durable on return.

        Raises RejectedError `bad_case_number`, AlreadySaidError, RetriableError when it cannot be written.
        """
        check_case_number(registered_as)
        if not self._say(stored, {"registered_as": registered_as, "who": who, "at": at.isoformat()}, at):
            self.refuse_another(stored, registered_as=registered_as, key=key)

    def refuse_another(
        self, stored: Path, *, registered_as: str, outcome: CaseOutcome | None = None, key: PrivateKey | None = None
    ) -> None:
        """Raises AlreadySaidError when something else stands of this content than this."""
        if not self.is_confirmed(stored):
            return
        stands = {} if key is None else self.said(stored, key)
        if not stands or (stands.get("registered_as"), stands.get("outcome")) != (registered_as, outcome and outcome.value):
            raise AlreadySaidError(stands)

    def receipt(self, stored: Path, *, registered_as: str, who: str, at: datetime) -> None:
        """The receiver's case system says by itself that it has it. `registered_as`: what may be kept of its number, or empty.

        As `confirm`. Where a person was first, what she said stands.
        """
        self._say(stored, {"registered_as": registered_as, "who": who, "at": at.isoformat()}, at)

    def conclude(
        self, stored: Path, outcome: CaseOutcome, *, registered_as: str, who: str, at: datetime, key: PrivateKey | None = None
    ) -> None:
        """What came of a case of the manual lane; `registered_as` may be empty unless it is referred. As `confirm`."""
        if registered_as or outcome is CaseOutcome.REFERRED:
            check_case_number(registered_as)
        said = {"outcome": outcome.value, "registered_as": registered_as, "who": who, "at": at.isoformat()}
        if not self._say(stored, said, at):
            self.refuse_another(stored, registered_as=registered_as, outcome=outcome, key=key)

    def correct(
        self, stored: Path, *, instead_of: str, registered_as: str, why: Correction, who: str, at: datetime, key: PrivateKey
    ) -> None:
        """The number that stands, `instead_of`, is wrong. The right one stands from now on, and the wrong one is kept behind it.

        The same again changes nothing. When it was registered stays as it was. Raises RejectedError `bad_case_number`,
        `same_number` or `not_registered`; AlreadySaidError when another number stands by now; RetriableError.
        """
        self.refuse_correction(stored, instead_of=instead_of, registered_as=registered_as, why=why, key=key)
        home = self._folder / stored.parent.name
        with _writing(), _alone(home):
            former = self._opened(stored, key)
            said = {"registered_as": registered_as, "who": who, "at": at.isoformat(), "why": why.value}
            if former.get("registered_as") == instead_of:
                self._write(home / stored.name, {**said, "outcome": former.get("outcome"), "before": former})
            self._disk.sync_folder(home)
        self.refuse_another(stored, registered_as=registered_as, outcome=_outcome(former), key=key)

    def refuse_correction(self, stored: Path, *, instead_of: str, registered_as: str, why: Correction, key: PrivateKey) -> None:
        """Raises what `correct` would refuse."""
        check_case_number(registered_as)
        if not self.is_confirmed(stored):
            raise RejectedError("no case number is recorded: record it first", code="not_registered")
        if registered_as == instead_of:
            raise RejectedError("this is the number that stands: give the right one", code="same_number")
        stands = self.said(stored, key)
        repeated = (stands.get("registered_as"), stands.get("why")) == (registered_as, why.value)
        if stands.get("registered_as") != instead_of and not repeated:
            raise AlreadySaidError(stands)

    def said(self, stored: Path, key: PrivateKey) -> Mapping[str, str]:
        """What was said of the content in this file; empty when nothing was, or it does not open."""
        return {name: value for name, value in self._opened(stored, key).items() if isinstance(value, str)}

    def said_before(self, stored: Path, key: PrivateKey) -> Sequence[Mapping[str, str]]:
        """What stood before it was put right, the last first; each as `said`."""
        found, one = [], self._opened(stored, key).get("before")
        while isinstance(one, dict):
            found.append({name: value for name, value in one.items() if isinstance(value, str)})
            one = one.get("before")
        return found

    def _opened(self, stored: Path, key: PrivateKey) -> Mapping[str, Any]:
        try:
            sealed = (self._folder / stored.parent.name / stored.name).read_bytes()
            opened = json.loads(SealedBox(key).decrypt(sealed))
        except (OSError, CryptoError, ValueError, TypeError):
            return {}
        return opened if isinstance(opened, dict) else {}

    def _write(self, path: Path, said: Mapping[str, Any]) -> None:
        line = json.dumps({name: value for name, value in said.items() if value is not None})
        write_whole(self._disk, path, SealedBox(self._public).encrypt(line.encode()), self._folder)

    def _say(self, stored: Path, said: Mapping[str, str], at: datetime) -> bool:
        """Whether this is what stands, and not what was there; either is durable on return."""
        home = self._folder / stored.parent.name
        with _writing():
            for folder in (self._folder, home):
                if not folder.is_dir():
                    self._disk.make_folder(folder)
            with _alone(home):
                if fresh := not (home / stored.name).exists():
                    self._write(home / stored.name, said)
            for folder in (home, self._folder, self._folder.parent):
                self._disk.sync_folder(folder)
        self.marks.put(stored, Mark.REGISTERED, at)
        return fresh

    def is_confirmed(self, stored: Path) -> bool:
        """Whether the content in this file of the store is handed over. Never raises: in doubt, no."""
        try:
            return (self._folder / stored.parent.name / stored.name).is_file()
        except OSError:
            return False

    def has(self, message_id: str) -> bool:
        """Whether every content of this message that is stored is handed over, and one was. Never raises: in doubt, no.

        What was let go of under the retention decision had been handed over before.
        """
        number = report_number(message_id)
        try:
            stored = {path.name for path in (self._messages / number).glob(f"*{_SUFFIX}")}
            confirmed = {path.name for path in (self._folder / number).glob(f"*{_SUFFIX}")}
            return bool(confirmed) and stored <= confirmed
        except OSError:
            return False


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        text = f"the hand-over cannot be written ({error.strerror}): look at the disk, then say it again"
        raise RetriableError(text, code="store_unwritable") from error


def _outcome(said: Mapping[str, Any]) -> CaseOutcome | None:
    return CaseOutcome(said["outcome"]) if said.get("outcome") else None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Of two who say something of one message at once, one is first; a process that dies lets go. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
