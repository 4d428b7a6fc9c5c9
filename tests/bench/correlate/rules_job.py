"""The rules leg's job: the hub's own codec, program and shipped rules, called from outside the hub's runtime.

What the runtime adds is what is measured, so it is not here: no ledger, no dead letters, no clocks that wake a youth by
themselves. The clock stands still at the instant at which everything has arrived; a real worker's begins there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hub.claims import read_claims
from hub.contract.codec import Codec
from hub.contract.topics import CATALOGUE, CONSENTS
from hub.core.rules import compile_rules
from hub.kafka import Outgoing
from hub.rules_file import load_rules
from hub.runtime.effects import Change, Step
from hub.runtime.timers import sealed, unsealed
from hub.runtime.youths import YouthProgram
from hub.settings import load_settings
from tests.bench.correlate.engine import Run
from tests.bench.correlate.kafka_io import read_all

__all__ = ["Folded", "RulesJob", "Youth"]


class Youth(NamedTuple):
    """A state of the core, None where nothing is held, and its next wake."""

    state: object | None
    change: Change | None = None


class Folded(NamedTuple):
    """What became of a youth, and what is to be told; `youth` None: nothing changed."""

    youth: Youth | None
    told: Sequence[Outgoing]


class RulesJob:
    """One installation's rules at one instant."""

    def __init__(self, run: Run) -> None:
        assert run.home is not None
        assert run.now is not None
        settings = load_settings(run.home)
        self._broker = run.broker
        self._now = run.now
        self._codec = Codec.load()
        self._program = YouthProgram(self._codec, read_claims(settings))
        self._rules = compile_rules(load_rules(settings.home / "rules"))

    def load(self, key: bytes, stored: bytes | None) -> Youth:
        """From the bytes of `dump`; None is a youth of whom nothing is stored."""
        value = None if stored is None else unsealed(stored)[1]
        return Youth(self._program.load(key.decode("ascii"), value))

    def fold(self, topic: str, key: bytes, value: bytes, youth: Youth) -> Folded:
        """One record of `topic`."""
        message = self._codec.decode(CATALOGUE[topic], value)
        step = self._program.step(key.decode("ascii"), youth.state, message, self._rules, self._now)
        if not isinstance(step, Step):
            state, wake_ms, _ = step
            return Folded(Youth(state, Change(b"", wake_ms)), ())
        if not step.changed:
            return Folded(None, ())
        return Folded(Youth(step.state, Change(b"", step.wake_ms)), [one.record for one in step.emissions])

    def dump(self, youth: Youth) -> bytes:
        """As a worker stores it: the next wake in front."""
        assert youth.state is not None
        wake_ms = None if youth.change is None else youth.change.wake_ms
        value = sealed(Change(self._program.dump(youth.state), wake_ms))
        assert value is not None
        return value

    def consented(self) -> Iterator[tuple[bytes, Youth]]:
        """The state of every youth by the consents alone, which are read before any event."""
        for record in read_all(self._broker, [CONSENTS.name]):
            youth = self.fold(CONSENTS.name, record.key, record.value, self.load(record.key, None)).youth
            assert youth is not None
            yield record.key, youth
