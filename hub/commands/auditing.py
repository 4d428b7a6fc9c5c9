"""What a command reads stands in the audit log before it is printed; when it cannot be written, nothing is printed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from hub.audit.actions import Action
from hub.audit.entries import Entry, Outcome, Subject
from hub.commands.acting import acting
from hub.errors import HubError
from hub.logs import get_logger

if TYPE_CHECKING:
    from hub.audit.draft import Draft
    from hub.settings import Settings

__all__ = ["log_attempt", "log_first", "logged"]

_log = get_logger(__name__)


@contextmanager
def logged(settings: Settings, action: Action, *, unit: str = "", item: Subject | None = None) -> Iterator[Draft]:
    """Read inside the block, print after it. Raises RetriableError `audit`; a RejectedError that leaves it is logged too."""
    from hub.bootstrap import build_audit

    actor = acting(settings, unit=unit)
    with closing(build_audit(settings)) as audit, audit.recorded(Entry(actor, action, item=item)) as draft:
        yield draft


def log_first(settings: Settings, action: Action, *, purpose: str) -> None:
    """Before anything is read, of another system or here. Raises RetriableError `audit`."""
    from hub.bootstrap import build_audit

    actor = acting(settings)
    with closing(build_audit(settings)) as audit:
        audit.append(Entry(actor, action, purpose=purpose))


@contextmanager
def log_attempt(settings: Settings, action: Action, *, purpose: str) -> Iterator[None]:
    """As `log_first`, and whatever leaves the block is another entry behind it: the deed has failed."""
    log_first(settings, action, purpose=purpose)
    try:
        yield
    except BaseException:
        _regret(settings, action, purpose)
        raise


def _regret(settings: Settings, action: Action, purpose: str) -> None:
    from hub.bootstrap import build_audit

    try:
        with closing(build_audit(settings)) as audit:
            audit.append(Entry(acting(settings), action, purpose=purpose, outcome=Outcome.DENY, rule="failed"))
    except HubError as error:  # what it failed of is told
        _log.warning("the audit log does not say that it failed", code=error.code)
