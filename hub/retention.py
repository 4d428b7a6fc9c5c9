"""Retention (gallring): what of each kind of data has been kept for long enough, and letting go of it.

Legal basis. A public record may be destroyed only under a decision (arkivlagen 1990:782, 10 §); the municipality's board takes it
for its own records (gallringsbeslut), and personal data must not be kept for longer than their purpose needs (GDPR art. 5.1 e).
So nothing is let go of unless hub.toml names the decision (`legal.retention_decision`), the times are the municipality's
(`[retention]`), and a record that somebody still has to receive or to acknowledge stays, however old it is.

Each kind answers for its own store. Letting go is done in short transactions, the oldest first: what a kill interrupts is done
in part, and the next run does the rest. Counts stand in the audit log, before the first of a kind goes and behind its last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from hub.errors import ConfigError

__all__ = ["Due", "Kind", "Planned", "check_decided", "let_go", "plan"]

BATCH = 500


@dataclass(frozen=True, slots=True)
class Due:
    """`due` may go now, `oldest`: when the first of those began to be kept (UTC). `kept_back`: how many are old enough and
    stay, by why (a code): `not_acknowledged`, `not_delivered`, `not_registered`. `kept`: how many are not old enough.
    """

    due: int
    kept: int
    oldest: datetime | None = None
    kept_back: Mapping[str, int] = field(default_factory=dict)


class Kind(Protocol):
    """One kind of data. `before` is an aware instant: what began to be kept at it or earlier is old enough."""

    @property
    def name(self) -> str:
        """A code, as in the audit log."""
        ...

    @property
    def days(self) -> int:
        """So long it is kept, from when its purpose was done; 0: it is never let go of."""
        ...

    def due(self, before: datetime) -> Due:
        """What would go. Raises RetriableError when the store does not answer."""
        ...

    def let_go(self, before: datetime, most: int) -> int:
        """Let go of at most so many, the oldest first, in one transaction; how many went. Errors as `due`."""
        ...

    def tidy(self) -> None:
        """After the last: nothing of what went is left in the store's own files."""
        ...


@dataclass(frozen=True, slots=True)
class Planned:
    """What the plan says of one kind; `before` is None where it is never let go of."""

    kind: Kind
    before: datetime | None
    found: Due


def plan(kinds: Sequence[Kind], now: datetime) -> list[Planned]:
    """What is due of each kind, and why the rest stays. Nothing is changed."""
    planned = []
    for kind in kinds:
        before = now - timedelta(days=kind.days) if kind.days else None
        planned.append(Planned(kind, before, kind.due(before) if before else Due(0, 0)))
    return planned


def check_decided(decision: str) -> None:
    """Raises ConfigError `no_retention_decision` when no decision is named."""
    if not any(character.isalnum() for character in decision):
        text = (
            "nothing is let go of without the board's decision on retention (gallringsbeslut): name its reference number in "
            "hub.toml as legal.retention_decision"
        )
        raise ConfigError(text, code="no_retention_decision")


def let_go(planned: Sequence[Planned], record: Callable[[str, str], object], say: Callable[[str, int], object]) -> dict[str, int]:
    """Let go of everything that is due; how many of each kind went.

    `record(kind, rule)` writes to the audit log and raises when it cannot: then nothing of that kind goes. `say(kind, so_far)` is
    called after each batch. Raises RetriableError when a store does not answer; the next run goes on.
    """
    gone: dict[str, int] = {}
    for one in planned:
        if one.before is None or not one.found.due:
            continue
        name, count = one.kind.name, 0
        record(name, f"due_{one.found.due}")
        try:
            while went := one.kind.let_go(one.before, BATCH):
                count += went
                say(name, count)
        finally:
            record(name, f"gone_{count}")
            gone[name] = count
        one.kind.tidy()
    return gone
