"""What `hub audit verify` can find, and what it then tells people to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Fault", "Finding", "Verdict"]


class Fault(StrEnum):
    EDIT = "edit"  # an entry, or its hash, is not what was written
    DELETION = "deletion"  # entries are missing before later ones
    REORDERING = "reordering"  # entries stand at other places than they were written to
    TRUNCATION = "truncation"  # the end is missing
    FORK = "fork"  # two histories: what was signed is no beginning of what is here
    CHECKPOINT = "checkpoint"  # a checkpoint that this log's key did not sign


_ADVICE = {
    Fault.EDIT: "Restore the entries from the last export and compare",
    Fault.DELETION: "Restore them from the last export",
    Fault.REORDERING: "Restore the order from the last export",
    Fault.TRUNCATION: "Restore the end from the last export",
    Fault.FORK: "Keep both: the receiving system's export says which history was told to it",
    Fault.CHECKPOINT: "Ask who changed it; hold the log against an exported checkpoint with --against",
}
_ALWAYS = "copy the database aside before anything else is done, and tell the data protection officer: who could write to it?"


@dataclass(frozen=True, slots=True)
class Finding:
    """One tampering: which, the first and last position it is known to lie in, and in words what was seen."""

    fault: Fault
    first: int
    last: int
    seen: str

    @property
    def advice(self) -> str:
        """What to do next."""
        return f"{_ADVICE[self.fault]}; {_ALWAYS}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome: how many entries were checked from which position on, the root (hexadecimal), how many checkpoints agreed.

    `waiting`: how many more wait on this machine's disk.
    """

    first: int
    size: int
    root: str
    checkpoints: int
    findings: tuple[Finding, ...]
    waiting: int = 0

    @property
    def whole(self) -> bool:
        """Whether nothing was found."""
        return not self.findings
