"""The core and the reference engine (`tests/reference`) say the same of random histories, at several instants of each.

`HUB_HISTORIES=100000 pytest tests/unit/core/test_reference.py -m soak -s` goes through a hundred thousand, in as many processes
as there are processors; the suite itself through a few. What agreed is written down, a line for each five hundred, in
`HUB_HISTORIES_FILE` (default: a file in the machine's temporary folder): run it again and it goes on where it was.
`HUB_HISTORIES_FROM` begins with another seed. A file is of one state of the code: give another, or remove it, when that has
changed. A disagreement is told in its smallest form; put that JSON into `tests/reference/kept/`, and it is replayed from then on.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hub.core.rules import parse_rules
from tests import reference
from tests.reference.draw import around, draw_history
from tests.reference.draw_rules import EVERYTHING, draw_rules
from tests.reference.engine import Outcome
from tests.reference.history import History, as_plain, from_plain
from tests.reference.shipped import the_shipped_rules

from .agreement import RULE_SETS, compiled, differences, disagreements, history_of, smallest, told_by_the_core, told_otherwise

MANY = int(os.environ.get("HUB_HISTORIES", "100000"))
FIRST = int(os.environ.get("HUB_HISTORIES_FROM", "1000000"))
FILE = Path(os.environ.get("HUB_HISTORIES_FILE") or Path(tempfile.gettempdir()) / "hub-histories.jsonl")
FEW = 1000
AT_ONCE = 500
TOLD_EACH = 5
"""Of every so many histories it is also compared what teams are told as each event comes, which is slower."""
REFERENCE = Path(reference.__path__[0])
KEPT = sorted((REFERENCE / "kept").glob("*.json"))
SOON = 1200
"""Histories over the shipped rules within which a changed number must be seen."""


def compare(first: int, many: int) -> dict[str, Any]:
    """Go through some seeds: what disagreed, each in its smallest form."""
    result: dict[str, Any] = {"first": first, "many": many, "wrong": []}
    for seed in range(first, first + many):
        history = history_of(seed)
        rules = compiled(history.rules)
        for differ in (disagreements, told_otherwise)[: 2 if seed % TOLD_EACH == 0 else 1]:
            if differ(history, rules):
                small = smallest(history, lambda one, differ=differ, rules=rules: differ(one, rules))
                result["wrong"].append({"seed": seed, "what": differ(small, rules), "history": as_plain(small)})
    return result


def told(result: dict[str, Any]) -> str:
    """Its disagreements, to be read and to be kept."""
    return "\n\n".join("\n".join([f"seed {one['seed']}", *one["what"], json.dumps(one["history"])]) for one in result["wrong"])


@pytest.mark.parametrize("first", range(0, FEW, AT_ONCE))
def test_the_core_says_what_the_reference_says(first: int) -> None:
    result = compare(first, AT_ONCE)
    assert not result["wrong"], told(result)


@pytest.mark.parametrize("file", KEPT, ids=lambda file: file.stem)
def test_what_once_differed_or_is_worth_keeping_agrees(file: Path) -> None:
    history = from_plain(json.loads(file.read_text(encoding="utf-8")))
    rules = compiled(history.rules)
    found = disagreements(history, rules) + told_otherwise(history, rules)
    assert not found, "\n".join(found)


def test_the_histories_are_no_empty_ones() -> None:
    """Agreement on nothing would prove nothing."""
    outcomes = [one for seed in range(300) for _, one in _told_of(seed)[1]]
    assert sum(bool(one.open) for one in outcomes) > 50
    assert sum(bool(one.held) for one in outcomes) > 600
    assert {proposal.team for one in outcomes for proposal in one.open} == {"outreach", "sspf", "sig"}


def test_drawn_rules_use_the_whole_language_and_could_be_written_by_a_municipality() -> None:
    drawn = []
    for lot in range(40):
        chance = Random(lot)
        drawn.append(draw_rules(chance, around(chance), EVERYTHING))
        assert parse_rules(drawn[-1]).version == "drawn"
    assert {word for word in EVERYTHING if word in json.dumps(drawn)} == EVERYTHING


def test_a_seed_is_the_same_history_in_every_process() -> None:
    """What depends on a hash would be another history when a soak goes on in a new process."""
    ask = "from tests.unit.core.agreement import history_of; print([history_of(seed) for seed in range(16, 64)])"
    told = [
        subprocess.run(
            [sys.executable, "-c", ask], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1]


def test_a_history_is_kept_without_loss() -> None:
    for seed in range(50):
        chance = Random(seed)
        centre = around(chance)
        history = draw_history(chance, draw_rules(chance, centre, EVERYTHING), centre, answers=True)
        assert from_plain(json.loads(json.dumps(as_plain(history)))) == history


def _shipped_seeds() -> Iterator[int]:
    return (4 * (number // RULE_SETS) * RULE_SETS + number % RULE_SETS for number in range(SOON))


def _numbers() -> Iterator[tuple[int, int, str, int]]:
    for rule, content in enumerate(the_shipped_rules()["rules"]):
        for condition, one in enumerate(content["when"]):
            yield from (
                (rule, condition, field, by) for field in ("at_least", "within_days") for by in (1, -1) if one[field] + by > 0
            )


def _changed(rule: int, condition: int, field: str, by: int) -> dict[str, Any]:
    rules = the_shipped_rules()
    rules["rules"][rule]["when"][condition][field] += by
    return rules


@lru_cache(maxsize=SOON)
def _told_of(seed: int) -> tuple[History, list[tuple[int, Outcome]]]:
    history = history_of(seed)
    return history, list(told_by_the_core(history, compiled(history.rules)))


@pytest.mark.parametrize(("rule", "condition", "field", "by"), list(_numbers()))
def test_a_number_changed_in_the_reference_alone_is_seen(rule: int, condition: int, field: str, by: int) -> None:
    other = _changed(rule, condition, field, by)
    assert any(differences(*_told_of(seed), other) for seed in _shipped_seeds())


@pytest.mark.parametrize("rule", range(len(the_shipped_rules()["rules"])))
def test_a_number_changed_in_the_core_alone_is_seen(rule: int) -> None:
    core = compiled(_changed(rule, 0, "at_least", 1) | {"version": "changed"})
    assert any(disagreements(history_of(seed), core) for seed in _shipped_seeds())


def test_the_reference_knows_nothing_of_what_it_judges() -> None:
    """Nor of anything else: the standard library and its own files are all that it may import."""
    foreign = {
        f"{file.name}: {name}"
        for file in REFERENCE.glob("*.py")
        for name in _imported(ast.parse(file.read_text(encoding="utf-8")))
        if name.partition(".")[0] not in sys.stdlib_module_names
    }
    assert foreign == set()
    assert len(list(REFERENCE.glob("*.py"))) > 5


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level != 1:
            yield f"{'.' * node.level}{node.module or ''}"


def _known(file: Path, lots: list[int]) -> dict[int, dict[str, Any]]:
    """What an earlier run has gone through; a last line that was cut off is gone through again."""
    found = {}
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else ():
        try:
            result = json.loads(line)
        except ValueError:
            continue
        if result["first"] in lots and result["many"] == AT_ONCE:
            found[result["first"]] = result
    return found


def _gone_through(lots: list[int], file: Path) -> list[dict[str, Any]]:
    results = _known(file, lots)
    waiting = [first for first in lots if first not in results]
    print(f"{len(results) * AT_ONCE} of {len(lots) * AT_ONCE} stand in {file}", flush=True)
    began = time.monotonic()
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool, file.open("a", encoding="utf-8") as out:
        out.write("\n" if out.tell() else "")  # behind a line that was cut off
        for number, result in enumerate(pool.map(compare, waiting, [AT_ONCE] * len(waiting)), 1):
            out.write(json.dumps(result) + "\n")
            out.flush()
            results[result["first"]] = result
            print(told(result), end="\n" if result["wrong"] else "", flush=True)
            if number % 10 == 0 or number == len(waiting):
                to_go = (time.monotonic() - began) / number * (len(waiting) - number)
                print(f"{len(results) * AT_ONCE} of {len(lots) * AT_ONCE}; {to_go:.0f} s to go", flush=True)
    return [results[first] for first in lots]


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_the_same_of_a_hundred_thousand_histories(report: Callable[[str], None]) -> None:
    results = _gone_through(list(range(FIRST, FIRST + MANY, AT_ONCE)), FILE)
    wrong = [one for result in results for one in result["wrong"]]
    report(f"{len(results) * AT_ONCE} histories from seed {FIRST}, {len(wrong)} disagreements")
    assert not wrong, told({"wrong": wrong})


def test_a_run_that_was_cut_off_goes_on_where_it_was(tmp_path: Path) -> None:
    file = tmp_path / "histories.jsonl"
    first = {"first": 0, "many": AT_ONCE, "wrong": []}
    file.write_text(json.dumps(first) + '\n{"first": 500, "ma', encoding="utf-8")
    assert _known(file, [0, 500]) == {0: first}
