"""Who may do what with letters and journals on the command line; what is refused stands in the audit log too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hub.access.roles import Action, Principal, Rights, Role, may
from hub.audit.actions import Action as Logged
from hub.audit.entries import Actor, Entry, Outcome, Subject, SubjectKind
from hub.commands.acting import acting
from hub.errors import RejectedError

if TYPE_CHECKING:
    from hub.audit.log import AuditLog
    from hub.clock import Clock
    from hub.connect.letter_box import LetterBox
    from hub.settings import Settings

__all__ = ["Admitted", "admitted"]

_OPERATOR: Final[Rights] = {Role.OPERATOR: frozenset()}
_OPEN_TO_THE_MACHINE_S_USER = frozenset({Action.LETTER_SEE, Action.JOURNAL_SEE})
"""Metadata only: whoever may run commands here sees as much by `hub status`."""
_NEEDS = {
    Action.LETTER_BODY: "a letter's body is for the source agency: it takes an account with the role source-officer (--as)",
    Action.LETTER_REDRIVE: "sending letters again takes an account with the role operator (--as)",
    Action.OPERATIONS_ACT: "pausing, and letting go on, takes an account with the role operator (--as)",
    Action.JOURNAL_PERSONS: "a list of messages about persons takes an account with the role auditor (--as)",
}


@dataclass(frozen=True, slots=True)
class Admitted:
    """What a command works with, once its person was let in."""

    settings: Settings
    clock: Clock
    box: LetterBox
    audit: AuditLog
    who: Principal

    def log(self, action: Logged, letters: Sequence[str] = ()) -> None:
        """Write to the audit log, one entry a letter, before anything is shown or done. Raises RetriableError `audit`."""
        items: list[Subject | None] = [Subject(SubjectKind.LETTER, one) for one in letters]
        self.audit.append_many([Entry(_actor(self.who), action, item=item) for item in items or [None]])


@contextmanager
def admitted(home: Path | None, account: str, action: Action) -> Iterator[Admitted]:
    """Open the installation for `action`. Raises RejectedError `not_permitted`, and what the sign-in raises."""
    from hub.access.opening import build_access_engine
    from hub.bootstrap import build_audit, build_clock
    from hub.commands.vault_person import person
    from hub.connect.letter_box import LetterBox
    from hub.settings import load_settings

    settings = load_settings(home)
    clock = build_clock(settings)
    audit, engine = build_audit(settings, clock), build_access_engine(settings)
    try:
        if action in _OPEN_TO_THE_MACHINE_S_USER and not account:
            who = _machine_user(settings)
        else:
            who = person(settings, engine, audit, account, believed=_OPERATOR)
        if not may(who, action):
            audit.append(Entry(_actor(who), Logged.REQUEST_REFUSED, outcome=Outcome.DENY, rule="not_permitted"))
            raise RejectedError(_NEEDS.get(action, "your role does not permit this"), code="not_permitted")
        yield Admitted(settings, clock, LetterBox(settings), audit, who)
    finally:
        audit.close()
        engine.dispose()


def _machine_user(settings: Settings) -> Principal:
    account = acting(settings).account
    return Principal(account, account, _OPERATOR)


def _actor(who: Principal) -> Actor:
    return Actor(who.account, role="command")
