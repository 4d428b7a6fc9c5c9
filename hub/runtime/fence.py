"""Who may write a partition's changelog: each owner claims it with a higher epoch, and later records of others are strays.

A worker that lost its partition without noticing (a zombie) can still append. Its records carry an epoch below that of the
owner who claimed since, so a restore passes over them, remembers their keys, and the new owner writes those keys again
before compaction (`min.compaction.lag.ms` of an hour) could let the stray win. The owner notices a stray at its next
write, because the offsets it is given are then not the ones that follow its last, and starts over.

The epoch is the group's generation, or one more than the greatest seen when the group has begun to count afresh.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = ["HEADER", "Epoch", "Fence", "epoch_of", "stamp"]

HEADER = "hub-epoch"
_FORM = struct.Struct(">QQ16s")

Epoch: TypeAlias = tuple[int, bytes]
"""(number, owner): the owner is 16 random bytes, new at every claim."""


def stamp(epoch: Epoch, sequence: int) -> tuple[str, bytes]:
    """The header of a changelog record."""
    return HEADER, _FORM.pack(epoch[0], sequence, epoch[1])


def epoch_of(headers: tuple[tuple[str, bytes], ...]) -> Epoch:
    """The epoch in a changelog record's headers; epoch 0 when it has none."""
    for name, value in headers:
        if name == HEADER and len(value) == _FORM.size:
            number, _sequence, owner = _FORM.unpack(value)
            return number, owner
    return 0, b""


@dataclass(slots=True)
class Fence:
    """Judges changelog records in offset order. `strays` are the keys that someone wrote who did not own the partition."""

    current: Epoch = (0, b"")
    strays: set[bytes] = field(default_factory=set)

    def admits(self, epoch: Epoch, key: bytes) -> bool:
        """Whether the record counts."""
        if epoch[0] > self.current[0] or (epoch[0] == self.current[0] and not self.current[1]):
            self.current = epoch
            return True
        if epoch == self.current:
            self.strays.discard(key)
            return True
        self.strays.add(key)
        return False

    def next_number(self, generation: int) -> int:
        """The number of the claim that a new owner makes."""
        return max(generation, self.current[0] + 1)
