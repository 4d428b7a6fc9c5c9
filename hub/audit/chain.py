"""The chain, walked: which entries were changed, taken out or moved, told apart by what still fits to what.

Each entry's link is made of the one before it and its own leaf. An entry whose content no longer gives its leaf was edited; one
whose link no longer follows from its neighbour has lost its predecessor, which is then looked for everywhere else in the
log: found, the entries were moved; not found, it was taken out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hub.audit.entries import canonical_content
from hub.audit.faults import Fault, Finding
from hub.audit.log import chain_hash
from hub.audit.merkle import leaf_hash
from hub.audit.vouching import Vouched

__all__ = ["Walk"]

_HASH_HEX = 64
_MOST = 1000  # breaks told apart one by one; a log with more of them is no puzzle


@dataclass(slots=True)
class _Loose:
    """An entry that does not follow from the one before it. `gap`: the first position missing before it, if any."""

    position: int
    leaf: str
    chain: str
    gap: int | None
    should: str


@dataclass(slots=True)
class Walk:
    """Takes the rows in order; `expected` is the next position, `chain` the last entry's link. `vouched` is what entries say of
    parts of the sealed vault.

    `broken_at` is the first position from which on nothing may be held against a checkpoint. `renumbered`, once `findings` were
    asked for: whether what is missing at the end is missing inside.
    """

    expected: int
    chain: str
    edited: dict[int, str] = field(default_factory=dict)  # position → the leaf its content gives now
    held: dict[int, str] = field(default_factory=dict)  # the same positions → the leaf that stands there
    loose: list[_Loose] = field(default_factory=list)
    vouched: Vouched = field(default_factory=Vouched)
    broken_at: int | None = None
    renumbered: bool = False

    def take(self, position: int, values: Sequence[str], leaf: object, chain: object) -> bytes:
        """One row: its content's values, its leaf and link as they stand. Returns the leaf hash of its content."""
        content = leaf_hash(canonical_content(*values))
        standing, link = _text(leaf), _text(chain)
        if content.hex() != standing:
            self.edited[position], self.held[position] = content.hex(), standing
            self._break(position)
        # What is no hash any more is told above; whether the entry is in its place is asked of its content then.
        self.chain = self._link(position, standing if _is_hash(standing) else content.hex(), link)
        self.expected = position + 1
        return content

    def _break(self, position: int) -> None:
        if self.broken_at is None:
            self.broken_at = position

    def _link(self, position: int, leaf: str, chain: str) -> str:
        """Whether an entry stands where it was written; returns the link from which the next one has to follow."""
        gap = self.expected if position != self.expected else None
        should = _link_of(self.chain, leaf)
        if gap is None and should == chain != "":
            return chain
        if not _is_hash(chain):
            self.edited.setdefault(position, leaf)
            self.held.setdefault(position, chain)
            self._break(self.expected)
            if gap is None:
                return should
        before = self.loose[-1] if self.loose else None
        if before is not None and gap is None and before.position == position - 1 and _follows(before.should, leaf, chain):
            # It follows from what the link before it should be: only that link was changed.
            self.loose.pop()
            self.edited[before.position], self.held[before.position] = before.leaf, before.chain
            return chain
        self._break(self.expected)
        self.loose.append(_Loose(position, leaf, chain, gap, should))
        return chain

    def findings(self, links: Iterable[object], *, shorter_than_signed: bool) -> list[Finding]:
        """What happened. `links` are all that stand in the log, read once more only if something is loose."""
        moved, lost = self._predecessors(links) if self.loose else (set(), [])
        leaves = {leaf: position for position, leaf in self.held.items()}
        swapped = {one for one, leaf in self.edited.items() if leaves.get(leaf, one) != one}
        found = [_moved(moved)] if moved else []
        if swapped:
            found.append(_moved(swapped))
        found += [_edited(first, last) for first, last in _runs(sorted(set(self.edited) - swapped - moved))]
        self.renumbered = shorter_than_signed and any(one.gap is None for one in lost)
        told = [one for one in lost if one.gap is not None or one.position not in self.edited]
        found += [_lost(one, shorter_than_signed=shorter_than_signed) for one in told]
        return sorted(found, key=lambda finding: finding.first)

    def _predecessors(self, links: Iterable[object]) -> tuple[set[int], list[_Loose]]:
        missing = {one.position: one for one in self.loose[:_MOST]}
        moved: set[int] = set()
        for link in map(_text, links):
            for one in [one for one in missing.values() if _follows(link, one.leaf, one.chain)]:
                moved.add(one.position)
                del missing[one.position]
        return moved, list(missing.values())


def _text(value: object) -> str:
    """What stands where a text was written; a value of another type is no text."""
    return value if isinstance(value, str) else ""


def _is_hash(value: str) -> bool:
    try:
        return len(value) == _HASH_HEX and len(bytes.fromhex(value)) == _HASH_HEX // 2
    except ValueError:
        return False


def _link_of(chain: str, leaf: str) -> str:
    """The link; empty where one of them is no hash any more."""
    return chain_hash(chain, leaf) if _is_hash(chain) and _is_hash(leaf) else ""


def _follows(chain: str, leaf: str, link: str) -> bool:
    return bool(link) and _link_of(chain, leaf) == link


def _runs(positions: Iterable[int]) -> list[tuple[int, int]]:
    """Positions in a row, as first and last: somebody may have changed thousands."""
    found: list[tuple[int, int]] = []
    for one in positions:
        if found and found[-1][1] == one - 1:
            found[-1] = (found[-1][0], one)
        else:
            found.append((one, one))
    return found


def _edited(first: int, last: int) -> Finding:
    one = f"entry {first} is not what its hash was made of"
    return Finding(
        Fault.EDIT, first, last, one if first == last else f"entries {first} to {last} are not what their hashes were made of"
    )


def _moved(positions: set[int]) -> Finding:
    named = ", ".join(map(str, sorted(positions)[:10])) + (" …" if len(positions) > 10 else "")
    text = f"entries {named} do not stand behind those they were written behind: entries were moved, or put in between"
    return Finding(Fault.REORDERING, min(positions), max(positions), text)


def _lost(one: _Loose, *, shorter_than_signed: bool) -> Finding:
    if one.gap is not None:
        last = one.position - 1
        which = f"entry {last} is" if one.gap == last else f"entries {one.gap} to {last} are"
        return Finding(Fault.DELETION, one.gap, last, f"{which} missing")
    text = f"entry {one.position} does not follow from the one before it"
    if shorter_than_signed:
        text = f"{text}, and fewer are here than were signed: entries were taken out there and the rest numbered anew"
        return Finding(Fault.DELETION, one.position, one.position, text)
    text = f"{text}: it was changed together with its hash, or entries before it were taken out and the rest numbered anew"
    return Finding(Fault.EDIT, one.position, one.position, text)
