"""What an officer sees and does with what lies sealed in one store: reports of concern, or the manual lane's cases.

Nothing here happens without its audit entry. Listing opens nothing, not even an envelope: arrival, clocks and standing need no
key. Reading comes after its entry, and a decision's entry stands before the decision holds. A mandatory report is listed and read
though the log's database does not answer (`hub.audit.unstoppable`); a case of the manual lane is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from nacl.public import PrivateKey

from hub.audit.actions import Action
from hub.audit.entries import Actor, Entry, Outcome, Subject, SubjectKind
from hub.audit.log import AuditLog
from hub.audit.unstoppable import Unstoppable, unstoppable
from hub.clock import Clock
from hub.errors import ContractError, RejectedError
from hub.statutory.case_numbers import check_case_number
from hub.statutory.deadlines import Deadlines, deadlines
from hub.statutory.entries import entry_of
from hub.statutory.handing_over import AlreadySaidError, CaseOutcome, Correction, HandOvers
from hub.statutory.sealing import Envelope, read_header
from hub.statutory.standing import Stage, Standing, standing_of
from hub.statutory.store import StatutoryStore
from hub.working_time import WorkingTime

__all__ = ["CaseDesk", "Listed", "Opened", "Registered", "ReportDesk"]

_PURPOSE_LIST = "list"


@dataclass(frozen=True, slots=True)
class Listed:
    """One content of the store, unopened. `due_at` (UTC): until when a case of the manual lane is to be looked into."""

    entry: str
    arrived_at: datetime
    clocks: Deadlines
    standing: Standing
    due_at: datetime | None = None

    @property
    def is_done(self) -> bool:
        """Whether it is registered, or its outcome is recorded."""
        return self.standing.stage is Stage.REGISTERED


@dataclass(frozen=True, slots=True)
class Opened:
    """With what it holds, byte for byte, and what was said of it when it was done (empty before)."""

    listed: Listed
    envelope: Envelope
    content: bytes = field(repr=False)
    said: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Registered:
    """What stands of a report, as `HandOvers.said`, and what stood before it was put right, the last first."""

    listed: Listed
    stands: Mapping[str, str]
    before: Sequence[Mapping[str, str]]


class _Desk:
    """What both have in common."""

    listing: Action
    opening: Action
    concluding: Action
    unstoppable: Unstoppable | None = None

    def __init__(
        self,
        store: StatutoryStore,
        hand_overs: HandOvers,
        audit: AuditLog,
        clock: Clock,
        *,
        hours: WorkingTime | None = None,
        days: int = 0,
    ) -> None:
        self._store = store
        self._hand_overs = hand_overs
        self._audit = audit
        self._clock = clock
        self._hours = hours
        self._days = days

    def list(self, actor: Actor) -> list[Listed]:
        """Everything, what is not done first, each by arrival. Raises RetriableError."""
        with self._lane(), self._audit.recorded(Entry(actor, self.listing, purpose=_PURPOSE_LIST)):
            found = [self._listed(path) for path in self._store.files()]
        whole = [one for one in found if one is not None]
        return sorted(whole, key=lambda one: (one.is_done, one.arrived_at, one.entry))

    def one(self, actor: Actor, entry: str) -> Listed:
        """One, unopened. Raises RejectedError `unknown_message`."""
        # Where one action stands for both, an entry that names a case is an opening of it.
        item = Subject(SubjectKind.REPORT, entry) if self.listing is not self.opening else None
        with self._lane(), self._audit.recorded(Entry(actor, self.listing, item=item, purpose=_PURPOSE_LIST)):
            return self._found(entry)

    def open(self, actor: Actor, entry: str) -> Opened:
        """What it holds; recorded before it is read.

        Raises RejectedError `unknown_message`, ContractError when it does not open, ConfigError `no_private_key`.
        """
        item = Subject(SubjectKind.REPORT, entry)
        with self._lane(), self._audit.recorded(Entry(actor, self.opening, item=item, purpose="handle-case")):
            listed, path, key = self._found(entry), self._store.path_of(entry), self._store.key
            envelope, content = self._store.read_file(path)
            said = self._hand_overs.said(path, key)
        return Opened(listed, envelope, content, tuple(said.items()))

    @contextmanager
    def _lane(self) -> Iterator[None]:
        with nullcontext() if self.unstoppable is None else unstoppable(self.unstoppable):
            yield

    def _found(self, entry: str) -> Listed:
        found = self._listed(self._store.path_of(entry))
        if found is None:
            raise RejectedError("the file does not open: `hub statutory list` says why", code="unknown_message")
        return found

    def _listed(self, path: Path) -> Listed | None:
        try:
            with path.open("rb") as stream:
                arrived_at = read_header(stream)[0]
        except (OSError, ContractError):
            return None
        standing = standing_of(path, self._hand_overs)
        due_at = self._hours.later(arrived_at, self._days) if self._hours else None
        return Listed(entry_of(path), arrived_at, deadlines(arrived_at), standing, due_at)

    @contextmanager
    def _recorded(self, actor: Actor, entry: str, purpose: str) -> Iterator[Callable[[], object]]:
        """Gives what writes the decision's entry; that something else stands is an entry too, of a refusal."""
        written = Entry(actor, self.concluding, item=Subject(SubjectKind.REPORT, entry), purpose=purpose)
        try:
            yield lambda: self._audit.append(written)
        except AlreadySaidError as error:
            self._audit.append(replace(written, outcome=Outcome.DENY, rule=error.code))
            raise

    @property
    def _key(self) -> PrivateKey | None:
        return self._store.key if self._store.readable else None


class ReportDesk(_Desk):
    """Reports of concern, for the statutory officer."""

    listing, opening, concluding = Action.REPORT_LISTED, Action.REPORT_OPENED, Action.REPORT_HANDED_OVER
    unstoppable = Unstoppable.STATUTORY

    def register(self, actor: Actor, entry: str, registered_as: str) -> None:
        """The receiver's case system has it under this number: from now on it may be let go of, and deleted at its source.

        Raises RejectedError `unknown_message` or `bad_case_number`, AlreadySaidError when another number stands.
        """
        check_case_number(registered_as)
        path, at, key = self._store.path_of(entry), self._clock.now(), self._key
        with self._recorded(actor, entry, "register") as record:
            self._hand_overs.refuse_another(path, registered_as=registered_as, key=key)
            record()
            self._hand_overs.confirm(path, registered_as=registered_as, who=actor.account, at=at, key=key)

    def registered(self, actor: Actor, entry: str) -> Registered:
        """Under which number the case system has it, so that it can be put right; recorded before it is read.

        Raises RejectedError `unknown_message` or `not_registered`, ConfigError `no_private_key`.
        """
        item = Subject(SubjectKind.REPORT, entry)
        with self._lane(), self._audit.recorded(Entry(actor, self.opening, item=item, purpose="case-number")):
            listed, path, key = self._found(entry), self._store.path_of(entry), self._store.key
            stands = self._hand_overs.said(path, key)
            if not stands:
                raise RejectedError("no case number is recorded: record it first", code="not_registered")
            return Registered(listed, stands, tuple(self._hand_overs.said_before(path, key)))

    def correct(self, actor: Actor, entry: str, *, instead_of: str, registered_as: str, why: Correction) -> None:
        """The number `instead_of` is wrong: `registered_as` stands from now on, and the wrong one is kept behind it.

        Raises RejectedError `unknown_message`, `bad_case_number`, `same_number` or `not_registered`, AlreadySaidError when
        somebody put it right before, ConfigError `no_private_key`.
        """
        path, at, key = self._store.path_of(entry), self._clock.now(), self._store.key
        with self._recorded(actor, entry, "correct") as record:
            self._hand_overs.refuse_correction(path, instead_of=instead_of, registered_as=registered_as, why=why, key=key)
            record()
            self._hand_overs.correct(
                path, instead_of=instead_of, registered_as=registered_as, why=why, who=actor.account, at=at, key=key
            )


class CaseDesk(_Desk):
    """Cases of protected persons, their households and exit cases, for the protected-cases officer alone.

    `hours` and `days`: within so many working days of its arrival somebody looks into a case and records what came of it.
    """

    listing, opening, concluding = Action.PROTECTED_CASE, Action.PROTECTED_CASE, Action.PROTECTED_CASE

    def conclude(self, actor: Actor, entry: str, outcome: CaseOutcome, registered_as: str) -> None:
        """What came of it. Raises RejectedError `unknown_message` or `bad_case_number`, AlreadySaidError when another stands."""
        if registered_as or outcome is CaseOutcome.REFERRED:
            check_case_number(registered_as)
        path, at, key = self._store.path_of(entry), self._clock.now(), self._key
        with self._recorded(actor, entry, "outcome") as record:
            self._hand_overs.refuse_another(path, registered_as=registered_as, outcome=outcome, key=key)
            record()
            self._hand_overs.conclude(path, outcome, registered_as=registered_as, who=actor.account, at=at, key=key)
