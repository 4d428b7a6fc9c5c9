"""What nothing may stop, not even an audit log that cannot be written: its entries may wait on disk (`hub.audit.spool`).

Three purposes, and no fourth. A withdrawal is the person's right at any time (GDPR art. 7.3), and what it makes the hub do is to
stop. A mandatory report must be read the day it comes (SoL 2025:400 ch. 19 and 20:2). Ending a session takes access away and
gives none (ASVS 5.0, 7.4.1). All else fails closed: no audit, no read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from hub.audit.actions import Action

__all__ = ["MAY_WAIT", "Unstoppable", "is_unstoppable", "may_wait", "unstoppable"]


class Unstoppable(StrEnum):
    WITHDRAWAL = "withdrawal"
    STATUTORY = "statutory"
    SIGN_OUT = "sign_out"


MAY_WAIT: Final[Mapping[Unstoppable, frozenset[Action]]] = MappingProxyType(
    {
        # With what it brings about: the erasure, the end's part of the sealed form, and that an agency is told to forget.
        Unstoppable.WITHDRAWAL: frozenset(
            {Action.CONSENT_WITHDRAWN, Action.ERASURE_REQUESTED, Action.VAULT_SEALED, Action.SUBJECTS_FETCHED}
        ),
        Unstoppable.STATUTORY: frozenset({Action.REPORT_LISTED, Action.REPORT_OPENED}),
        Unstoppable.SIGN_OUT: frozenset({Action.SIGN_OUT}),
    }
)
_now: ContextVar[Unstoppable | None] = ContextVar("unstoppable", default=None)


@contextmanager
def unstoppable(purpose: Unstoppable) -> Iterator[None]:
    """What is done in the block is done for this purpose: the entries that belong to it may wait, no others."""
    token = _now.set(purpose)
    try:
        yield
    finally:
        _now.reset(token)


def is_unstoppable() -> bool:
    """Whether what is being done is for one of the purposes: a log that does not answer is then opened all the same."""
    return _now.get() is not None


def may_wait(actions: Iterable[Action]) -> bool:
    """Whether entries of all these actions may wait, now."""
    purpose = _now.get()
    return purpose is not None and set(actions) <= MAY_WAIT[purpose]
