"""Of files that are read in one go: which of them says a row last. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from hub.errors import RetriableError

__all__ = ["Newest"]


@dataclass(slots=True)
class Newest:
    """Files by their place, oldest first. `unread`: those that are to be told, `whole`: from their first row.

    `trouble`: why no file behind them is.

    What several files say only the newest of them tells: else whoever reads a folder anew would be told what was corrected long
    ago, and that it was, one after the other. Ids alone are held, so that a folder of any size can be told file by file.
    """

    unread: list[int] = field(default_factory=list)
    whole: set[int] = field(default_factory=set)
    trouble: RetriableError | None = None
    _places: dict[str, int] = field(default_factory=dict)

    def has(self, place: int, names: Iterable[str]) -> None:
        """A file, newer than those before it, says something of these."""
        self._places.update(dict.fromkeys(names, place))

    def left_by(self, place: int, names: Iterable[str]) -> tuple[set[str], set[str]]:
        """Of what a file names, that which a newer one says; and of that, what a newer one has said in an earlier reading."""
        newer = {name: at for name in names if (at := self._places.get(name, place)) > place}
        return set(newer), {name for name, at in newer.items() if at not in self.whole}
