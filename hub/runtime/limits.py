"""How many dead letters are too many: a source whose records mostly end so is not read on until somebody says that it may.

One bad record is put aside, and so are ten thousand among a hundred thousand. But where most of what comes is bad, a partner has
changed its form, or the hub has: every further record would be one to send again by hand. So the partition pauses, of that
topic alone. Consents, rule markers and erasures are never paused: a withdrawal waits for nothing.

It counts by offsets: of the last `records` of a topic's partition more than `share` are dead letters. No clock is asked, and how
records were cut into batches changes nothing: the record that passes the limit is put aside, and the next one is not taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hub.contract.topics import CONSENTS, ERASURES, RULES

__all__ = ["NEVER_PAUSED", "Limit", "Pause", "Weighed", "Window", "weigh"]

NEVER_PAUSED = frozenset({CONSENTS.name, RULES.name, ERASURES.name})


@dataclass(frozen=True, slots=True)
class Limit:
    """More than `share` (0–1) of the last `records` is too much; a share of 1 is no limit."""

    records: int = 200
    share: float = 0.5

    def passed(self, window: Window) -> bool:
        """Whether what the window holds is above it."""
        return window.letters > self.records * self.share


@dataclass(frozen=True, slots=True)
class Window:
    """The last records of one source as far as dead letters go. Bit i of `marks`: the record at offset `last` - i is one.

    `last` is the newest dead letter; what came behind it was none. `allowed`: so many more are not counted, as somebody has said.
    """

    last: int = -1
    marks: int = 0
    allowed: int = 0

    @property
    def letters(self) -> int:
        """How many dead letters it holds."""
        return self.marks.bit_count()

    def after(self, offset: int, records: int) -> Window:
        """The window of `records` offsets that ends with a dead letter at `offset`, behind all before."""
        if self.allowed:
            return Window(offset, 0, self.allowed - 1)
        gap = offset - self.last
        kept = (self.marks << gap) & ((1 << records) - 1) if gap < records else 0
        return Window(offset, kept | 1)


@dataclass(frozen=True, slots=True)
class Pause:
    """Why a source is not read on: `letters` dead ones of its last `records`. `at`: the first offset that was not taken; `since`
    is a Unix time in seconds.
    """

    at: int
    letters: int
    records: int
    since: int


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a batch's dead letters come to: the windows of their topics, and those topics that passed the limit."""

    windows: Mapping[str, Window]
    passed: frozenset[str]


def weigh(limit: Limit, known: Mapping[str, Window], aside: Iterable[tuple[str, int]]) -> Weighed:
    """Weigh dead letters, (topic, offset) in order, up to the one of each topic that passes the limit.

    Where a topic passed, its window's `last` is that very record: what lies behind it must not be taken.
    """
    windows: dict[str, Window] = {}
    passed: set[str] = set()
    for topic, offset in aside:
        if topic in NEVER_PAUSED or topic in passed:
            continue
        window = windows[topic] = (windows.get(topic) or known.get(topic) or Window()).after(offset, limit.records)
        if limit.passed(window):
            passed.add(topic)
    return Weighed(windows, frozenset(passed))
