"""The disturbances. Each is one round: something is fed, the workers are disturbed in the middle of it, and go on.

A round answers how many records were in flight when it struck: on the topics, and in no durable ledger.
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from .faulty import AT_START, FAULTS
from .naive_site import NAIVE_FAULTS, NaiveSite
from .site import FaultySite, Site
from .trap import Fault, arm

__all__ = ["CASES", "Case"]

_YOUTHS = 60
_MANY = 240  # youths: a quick worker has work for a second or so, within which a random moment can strike it
_UNKNOWN = 0.2  # of the kills: the machine's files are gone too
_BACKLOG = 200  # youths: so many records of each partition that its lane brakes
_OFTEN = {"tasks", "states", "store get", "store write", "flow settle", "clock"}
_BRAKES = {"flow pause", "flow resume"}
_AGAIN = 0.25  # and one more kill, while the first is being recovered from


@dataclass(frozen=True)
class Case:
    """`workers`: how many are at work when a round begins; `what` tells the rounds apart that are not alike."""

    rounds: int
    workers: int
    disturb: Callable[[Site, random.Random, int], int]
    site: type[Site]
    what: Callable[[int], str] = lambda _: ""


def _killed(site: Site, number: int = 0) -> int:
    ends, one = site.ends(), site.crew[number]
    one.kill()
    return site.in_flight(ends)


def kill(site: Site, chance: random.Random, number: int) -> int:
    """`kill -9` at a random moment; now and then the local files go too, or the recovery is killed as well."""
    feeding = site.feed(_MANY)
    time.sleep(chance.uniform(0.1, 0.9))
    in_flight = _killed(site)
    if chance.random() < _UNKNOWN:
        site.forget_files()
    fresh = site.replace(site.crew[0])
    if chance.random() < _AGAIN:
        time.sleep(chance.uniform(0.5, 4))
        fresh.kill()
        site.replace(fresh)
    feeding.done()
    return in_flight


def rebalance(site: Site, chance: random.Random, number: int) -> int:
    """A second worker joins (even rounds), or leaves: asked to, or killed."""
    if number % 2 == 0:
        site.staff(1)
        return _join(site)
    feeding = site.feed(_MANY)
    time.sleep(chance.uniform(0.1, 0.9))
    if number % 4 == 1:
        in_flight = site.in_flight(site.ends())
        site.crew[1].stop()
    else:
        in_flight = _killed(site, 1)
    del site.crew[1]
    feeding.done()
    return in_flight


def _join(site: Site) -> int:
    fresh = site.start()
    site.await_arrival(fresh)
    feeding = site.feed(_YOUTHS, seconds=3)
    in_flight = 0
    while not site.is_ready(fresh):
        site.keep()
        in_flight = site.in_flight(site.ends()) or in_flight
    feeding.done()
    return in_flight


def zombie(site: Site, chance: random.Random, number: int) -> int:
    """One of two is stopped until long after its session: the other takes over; then it goes on where it stood."""
    feeding = site.feed(_MANY)
    time.sleep(chance.uniform(0.1, 0.8))
    stopped = site.crew[number % 2]
    ends = site.ends()
    stopped.process.send_signal(signal.SIGSTOP)
    in_flight = site.in_flight(ends)
    feeding.done()
    try:
        time.sleep(site.session_seconds)
        site.feed(_YOUTHS // 2).done()
        time.sleep(site.beyond_seconds)
        feeding = site.feed(_YOUTHS // 2)
    finally:
        stopped.process.send_signal(signal.SIGCONT)
    feeding.done()
    return in_flight


def produce(site: Site, chance: random.Random, number: int) -> int:
    """Kafka refuses whatever is written to the changelog, until a worker has met that."""
    site.refuse_states(refused=True)
    feeding = site.feed(_YOUTHS)
    time.sleep(chance.uniform(0.2, 0.6))
    in_flight = site.in_flight(site.ends())
    site.await_end()
    site.refuse_states(refused=False)
    feeding.done()
    return in_flight


def inject(site: Site, chance: random.Random, number: int, faults: Sequence[tuple[str, str]] = FAULTS) -> int:
    """A port raises in the midst of the work, or while partitions are taken over; what cannot be met otherwise, over a backlog."""
    point, when = faults[number % len(faults)]
    fault = Fault(point, when, chance.randint(1, 3) if point in _OFTEN else 1)
    late = point in AT_START or point.startswith("flow")
    if late:
        site.staff(0)
    if point == "read rules":
        site.mark_rules()  # read anew only where there is something new
    feeding = site.feed(_BACKLOG if point in _BRAKES else _YOUTHS)
    if late:
        feeding.done()
    else:
        time.sleep(chance.uniform(0, 0.3))
    arm(site.settings, fault)
    if late:
        site.start()
    site.await_fault()
    in_flight = site.in_flight(site.ends())
    feeding.done()
    return in_flight


def _fault_of(faults: Sequence[tuple[str, str]], number: int) -> str:
    return " ".join(faults[number % len(faults)])


def _cases(site: type[Site], faulty: type[Site], faults: Sequence[tuple[str, str]]) -> dict[str, Case]:
    return {
        "kill": Case(20, 1, kill, site),
        "produce": Case(5, 1, produce, site),
        "rebalance": Case(10, 2, rebalance, site),
        "zombie": Case(3, 2, zombie, site),
        "inject": Case(len(faults), 1, partial(inject, faults=faults), faulty, partial(_fault_of, faults)),
    }


CASES: Mapping[str, Case] = _cases(Site, FaultySite, FAULTS) | {
    f"naive-{name}": case for name, case in _cases(NaiveSite, NaiveSite, NAIVE_FAULTS).items()
}
