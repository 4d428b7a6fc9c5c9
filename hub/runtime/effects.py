"""What goes into a batch and what comes out of it: data only, so that a batch can be judged, thrown away and repeated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

from hub.core.resume import Known
from hub.core.rules import CompiledRules
from hub.kafka import Outgoing
from hub.runtime.limits import Pause, Window
from hub.runtime.rulebook import ActiveRules

__all__ = [
    "META_KEY",
    "RULES_KEY",
    "SOURCE",
    "Change",
    "Drop",
    "Effects",
    "Emission",
    "LedgerKey",
    "Outcome",
    "Program",
    "Quiet",
    "Read",
    "Record",
    "StateView",
    "Step",
    "Wake",
]

Outcome: TypeAlias = Literal["processed", "duplicate", "refused", "dead_lettered", "gone"]
LedgerKey: TypeAlias = tuple[str, Outcome, str]
"""(topic, outcome, reason). `gone`: an offset that held no record any more (compaction, retention) when its turn came."""

SOURCE = "/hub/worker"
"""The worker, in CloudEvents' headers."""

META_KEY = b"\x00meta"
"""The partition's own record in state and changelog; no key of a topic can begin with a zero byte."""

RULES_KEY = b"\x00rules"
"""The rule set in force on the partition, as its marker brought it; apart from the record, which every batch writes."""


Read: TypeAlias = Callable[[bytes | None, bytes | None], tuple[str, Any]]
"""How the records of a topic are read: key and value in, the subject's key and the message out. Raises ContractError."""


_FRAME = 200  # of a record in a batch, with its key, its header and a task's own frame


class Record(NamedTuple):
    """A record as Kafka gave it, undecoded."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Wake:
    """A key whose time has come; enters a batch like a record, and is counted in no ledger."""

    key: bytes


class Change(NamedTuple):
    """The new state of one key; `value` None erases it. `wake_ms` is when its clock must be looked at again (milliseconds since
    1970); `state` what the value was made from.
    """

    value: bytes | None
    wake_ms: int | None = None
    state: object | None = None


@dataclass(frozen=True, slots=True)
class Emission:
    """A message to write, and how the tasks counter labels it (None: it is no task)."""

    record: Outgoing
    labels: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True)
class Drop:
    """Something left out, and whether that was meant."""

    reason: str
    intentional: bool


Quiet: TypeAlias = tuple[object | None, int | None, int]
"""What a program made of an event that changed its state and gave nothing to say, as most do: `state`, `wake_ms` and `days_late`
of the step. A bare tuple, because one is made for each event.
"""


class Step(NamedTuple):
    """What a program made of one event or wake. `state` None: nothing is held of the key (any more)."""

    state: object | None
    wake_ms: int | None = None
    """When the key must be looked at again though no event comes (milliseconds since 1970); None: never."""
    changed: bool = True
    emissions: tuple[Emission, ...] = ()
    receipts: tuple[Emission, ...] = ()
    removals: tuple[Emission, ...] = ()
    outcome: Outcome = "processed"
    reason: str = ""
    drops: tuple[Drop, ...] = ()
    awaits_consent: bool = False
    decisions: tuple[str, ...] = ()
    """What consent answered where somebody was to be told: `permitted`, or the code of what denied it."""
    days_late: int = 0
    """Of an event that was kept: see `hub.runtime.lateness`."""


class StateView(Protocol):
    """What a batch may read of its partition."""

    def get(self, key: bytes) -> bytes | None:
        """The stored state of a key."""
        ...

    def position(self, topic: str) -> int:
        """The first offset of `topic` on this partition that is not in the state yet."""
        ...

    def holds_back(self, key: bytes) -> bool:
        """Whether tasks of the key are not said yet, because its partition is being rebuilt."""
        ...

    @property
    def rules(self) -> ActiveRules | None:
        """The rules in force on the partition; None: no marker has come yet."""
        ...


class Program(Protocol):
    """One kind of correlation: the pure core, behind the vocabulary of the pipeline; `rules` are those in force at the event.

    States are values: a batch may be thrown away and folded again, so a step gives a new state and leaves the former as it was.
    """

    @property
    def topics(self) -> Sequence[str]:
        """The topics it reads."""
        ...

    @property
    def task_topics(self) -> Sequence[str]:
        """Where it stands what was said of its tasks, and what became of them."""
        ...

    def reader(self, topic: str) -> Read:
        """How the records of one of `topics` or `task_topics` are read."""
        ...

    def load(self, key: str, value: bytes | None) -> object | None:
        """State from its bytes."""
        ...

    def dump(self, state: object) -> bytes:
        """State to its bytes."""
        ...

    def step(self, key: str, state: object | None, message: Any, rules: CompiledRules, now: datetime) -> Step | Quiet:
        """Fold one event, as it was read."""
        ...

    def wake(self, key: str, state: object, rules: CompiledRules, now: datetime) -> Step:
        """Let time pass for one key."""
        ...

    def resume(self, key: str, state: object, known: Known, rules: CompiledRules, now: datetime) -> Step:
        """Let time pass for one key of a rebuilt partition, and say what its receivers lack."""
        ...


@dataclass(slots=True)
class Effects:
    """All that a batch wants done, in the order in which the driver does it.

    `positions` are the offsets up to which the batch covers each topic. `activated` are the rules that came into force in it,
    the last when several did: every state of the partition is woken under them. `awaits_consent` says that something was refused
    for want of consent: the driver reads the consents to their present end and repeats the batch, whose refusals are
    then final. `held_back` counts tasks that were not said because the partition is being rebuilt; `passed` is the key up to
    which a rebuilt partition has said what is missing, and `rebuilt` that it has of all. `windows`, `paused` and `resumed` are
    what the limit of dead letters makes of it, by topic.
    """

    tasks: list[Emission] = field(default_factory=list)
    dead_letters: list[Emission] = field(default_factory=list)
    aside: list[tuple[str, int]] = field(default_factory=list)
    """The records that the dead letters are of, by topic and offset, in order."""
    receipts: list[Emission] = field(default_factory=list)
    removals: list[Emission] = field(default_factory=list)
    """What says that the local files hold nothing of it either; written once they do not."""
    erased: set[bytes] = field(default_factory=set)
    """Keys whose erasing the receipts tell of."""
    state_changes: dict[bytes, Change] = field(default_factory=dict)
    ledger: Counter[LedgerKey] = field(default_factory=Counter)
    positions: dict[str, int] = field(default_factory=dict)
    drops: Counter[Drop] = field(default_factory=Counter)
    decisions: Counter[str] = field(default_factory=Counter)
    late: Counter[tuple[str, int]] = field(default_factory=Counter)
    """Events told late, by topic and days."""
    windows: dict[str, Window] = field(default_factory=dict)
    paused: dict[str, Pause] = field(default_factory=dict)
    resumed: frozenset[str] = frozenset()
    activated: ActiveRules | None = None
    awaits_consent: bool = False
    held_back: int = 0
    passed: str = ""
    rebuilt: bool = False

    @property
    def first(self) -> Sequence[Outgoing]:
        """Every record to write before the state may follow: dead letters, and tasks of whom the batch erases afterwards."""
        return [*(one.record for one in self.tasks if one.record.key in self.erased), *(one.record for one in self.dead_letters)]

    @property
    def said(self) -> Sequence[Outgoing]:
        """Every record that is kept with the state, and written after it."""
        return [one.record for one in self.tasks if one.record.key not in self.erased]

    @property
    def erasures(self) -> Effects:
        """The erasing part alone, without moving any position: a crash after it repeats the batch, receipts included."""
        return Effects(state_changes={key: change for key, change in self.state_changes.items() if key in self.erased})

    @property
    def weight(self) -> int:
        """The bytes that its commit writes, about."""
        states = sum(_FRAME + len(change.value or b"") for change in self.state_changes.values())
        return states + sum(_FRAME + len(one.value or b"") + sum(len(value) for _, value in one.headers) for one in self.said)

    @property
    def touches(self) -> bool:
        """Whether the partition's state or position moves at all."""
        return bool(self.state_changes or self.positions or self.resumed or self.passed or self.rebuilt)
