"""Runs the rounds of a case on a site of its own, keeps what came of each, and prints them as a table."""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .cases import CASES
from .judging import Verdict
from .site import Site

__all__ = ["CASES", "Row", "run", "strike", "table"]

_TRIES = 6
_TOLD = 4  # of each kind of what is wrong


@dataclass(frozen=True)
class Row:
    """What came of one round. `lost`, `doubled`, `wrong`, `unbalanced`: how many; `told`: some of them in words."""

    case: str
    seed: int
    number: int
    what: str
    in_flight: int
    records: int
    lost: int
    doubled: int
    wrong: int
    unbalanced: int
    repeated: int
    restarts: int
    seconds: float
    told: Sequence[str] = ()

    @property
    def well(self) -> bool:
        return not (self.lost or self.doubled or self.wrong or self.unbalanced)

    @property
    def plain(self) -> dict[str, Any]:
        return asdict(self)


def run(
    name: str,
    seed: int,
    *,
    rounds: int | None = None,
    kept: Path | None = None,
    say: Callable[[str], None] = print,
) -> list[Row]:
    """All rounds of a case that are not kept already; the answer has those too."""
    case = CASES[name]
    wanted = range(case.rounds if rounds is None else rounds)
    done = {row.number: row for row in _read(kept) if (row.case, row.seed) == (name, seed) and row.number in wanted}
    waiting = [number for number in wanted if number not in done]
    if waiting:
        with tempfile.TemporaryDirectory(prefix="hub-chaos-") as folder:
            site = case.site(Path(folder), random.Random(f"{seed}/{name}"))
            try:
                for number in waiting:
                    row = strike(site, name, seed, number, say=say)
                    done[number] = row
                    _keep(kept, row)
                    say(_line(row))
            finally:
                site.close()
    return [done[number] for number in wanted]


def strike(site: Site, name: str, seed: int, number: int, *, say: Callable[[str], None]) -> Row:
    """One round, until it has struck work in flight."""
    case = CASES[name]
    for attempt in range(_TRIES):
        chance = random.Random(f"{seed}/{name}/{number}/{attempt}")
        began, restarts, records = time.monotonic(), site.restarts, site.records
        site.staff(case.workers)
        in_flight = case.disturb(site, chance, number)
        site.rest()
        before, found = site.last, site.verdict()
        if in_flight:
            new, told = _new(before, found)
            return Row(
                name, seed, number, case.what(number), in_flight, site.records - records, *new,
                found.repeated - before.repeated, site.restarts - restarts, round(time.monotonic() - began, 1), told,
            )  # fmt: skip
        say(f"{name} {number}: nothing was in flight, once more")
    raise AssertionError(f"{name} {number}: {_TRIES} times nothing was in flight")


def _new(before: Verdict, found: Verdict) -> tuple[list[int], list[str]]:
    """How much of each kind is wrong that was not wrong before this round, and some of it in words."""
    kinds = ("lost", "doubled", "wrong", "unbalanced")
    new = {kind: sorted(set(getattr(found, kind)) - set(getattr(before, kind))) for kind in kinds}
    told = [f"{kind}: {text}" for kind, texts in new.items() for text in texts[:_TOLD]]
    return [len(texts) for texts in new.values()], told


def _read(kept: Path | None) -> Iterator[Row]:
    """A last line that was cut off is done again."""
    for line in kept.read_text(encoding="utf-8").splitlines() if kept is not None and kept.is_file() else ():
        try:
            yield Row(**json.loads(line))
        except (ValueError, TypeError):
            continue


def _keep(kept: Path | None, row: Row) -> None:
    if kept is not None:
        with kept.open("a", encoding="utf-8") as out:
            out.write("\n" * bool(out.tell()) + json.dumps(row.plain))


def _line(row: Row) -> str:
    words = "well" if row.well else "; ".join(row.told)
    return f"{row.case} {row.number}{row.what and f' ({row.what})'}: {row.in_flight} in flight, {row.repeated} repeated, {row.seconds} s: {words}"


_HEAD = (
    "case",
    "rounds",
    "in flight",
    "fewest",
    "records",
    "lost",
    "doubled",
    "wrong",
    "unbalanced",
    "repeated",
    "restarts",
    "s",
)


def table(rows: Iterable[Row]) -> str:
    """A line for each case."""
    cases: dict[str, list[Row]] = {}
    for row in rows:
        cases.setdefault(row.case, []).append(row)
    lines = [_HEAD, *(_cells(name, of_case) for name, of_case in cases.items())]
    widths = [max(len(str(line[column])) for line in lines) for column in range(len(_HEAD))]
    return "\n".join("  ".join(f"{cell:>{width}}" for cell, width in zip(line, widths, strict=True)) for line in lines)


def _cells(name: str, rows: Sequence[Row]) -> tuple[object, ...]:
    fields = ("records", "lost", "doubled", "wrong", "unbalanced", "repeated", "restarts")
    sums = [sum(getattr(row, field) for row in rows) for field in fields]
    flights = [row.in_flight for row in rows]
    return name, len(rows), sum(flights), min(flights), *sums, round(sum(row.seconds for row in rows))
