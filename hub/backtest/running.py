"""Runs the parts of a history, in as many processes as wanted; the tally is the same however many there are."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from multiprocessing import active_children, get_context
from typing import TypeAlias, TypeVar

from hub.backtest.history_file import FilePart
from hub.backtest.tally import Plan, Tally, count_youth
from hub.backtest.topics import BucketPart
from hub.core.rules import RuleSet, compile_rules
from hub.errors import RetriableError
from hub.stopping import ctrl_c_waits

__all__ = ["Question", "lines_of", "tally_of"]

Part: TypeAlias = FilePart | BucketPart
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Question:
    """A plan before its rules are compiled, as it goes to another process."""

    candidate: RuleSet
    active: RuleSet
    since: datetime | None
    until: datetime
    at_once: bool = False

    def plan(self) -> Plan:
        """With the rules compiled. Raises RulesError when one of them says what this version cannot weigh."""
        return Plan(compile_rules(self.candidate), compile_rules(self.active), self.since, self.until, self.at_once)


def tally_of(parts: Sequence[Part], question: Question, processes: int = 1, tell: Callable[[Tally], None] | None = None) -> Tally:
    """Replay every youth and add up; `tell` is given the tally so far, part by part.

    Raises what reading a part raises, and RetriableError `process_ended` when a process was ended from outside.
    """
    whole = Tally()
    for one in _each(_tally_of_part, [(part, question) for part in parts], processes):
        whole.add(one)
        if tell is not None:
            tell(whole)
    return whole


def lines_of(parts: Sequence[Part], processes: int = 1) -> Iterator[list[bytes]]:
    """Each part's youths as lines of a history file. Raises as `tally_of`."""
    yield from _each(_lines_of_part, [(part,) for part in parts], processes)


def _tally_of_part(part: Part, question: Question) -> Tally:
    plan, tally = _plan(question), Tally()
    for history in part.histories(tally.refused):
        count_youth(history, plan, tally)
    return tally


def _lines_of_part(part: Part) -> list[bytes]:
    return [history.model_dump_json().encode() for history in part.histories(Counter())]


@lru_cache(maxsize=1)
def _plan(question: Question) -> Plan:
    """Compiled once in each process."""
    return question.plan()


def _each(work: Callable[..., _T], calls: Sequence[tuple[object, ...]], processes: int) -> Iterator[_T]:
    """The answers in the order of the calls; so few calls are under way at a time that their answers take no room.

    Whoever breaks it off, by Ctrl-C or because a part cannot be read, waits for no other part: their processes are ended.
    """
    if processes <= 1 or len(calls) <= 1:
        yield from (work(*call) for call in calls)
        return
    others = set(active_children())
    pool = ProcessPoolExecutor(min(processes, len(calls)), mp_context=get_context("spawn"))
    try:
        waiting: deque[Future[_T]] = deque()
        for call in calls:
            with ctrl_c_waits():
                waiting.append(pool.submit(work, *call))
            if len(waiting) > 2 * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        text = "a process of the backtest was ended from outside; was there too little memory? Try again with fewer --processes"
        raise RetriableError(text, code="process_ended") from error
    except BaseException:
        for child in set(active_children()) - others:
            child.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
