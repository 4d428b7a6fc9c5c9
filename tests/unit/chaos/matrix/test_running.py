"""What the matrix prints of its rounds, and how a run that was cut off goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.chaos.matrix.cases import CASES
from tests.chaos.matrix.running import Row, _keep, run, table

ROW = Row("kill", 1, 0, "", 40, 1_000, 0, 0, 0, 0, 2, 1, 9.5, [])


def test_rounds_that_are_kept_are_not_done_again(tmp_path: Path) -> None:
    kept = tmp_path / "rows.jsonl"
    rows = [replace(ROW, number=number) for number in range(2)]
    for row in (*rows, replace(ROW, seed=2), replace(ROW, case="zombie")):
        _keep(kept, row)
    said: list[str] = []
    assert run("kill", 1, rounds=2, kept=kept, say=said.append) == rows
    assert said == []


def test_a_last_line_that_was_cut_off_spoils_no_other(tmp_path: Path) -> None:
    kept = tmp_path / "rows.jsonl"
    kept.write_text('{"case": "kill", "se', encoding="utf-8")
    _keep(kept, ROW)
    assert run("kill", 1, rounds=1, kept=kept) == [ROW]


def test_the_table_adds_up_the_rounds_of_a_case() -> None:
    head, kills, zombies = (
        line.split() for line in table([ROW, replace(ROW, in_flight=3, lost=1), replace(ROW, case="zombie")]).splitlines()
    )
    assert len(kills) + 1 == len(head)  # "in flight" is two words
    assert kills == ["kill", "2", "43", "3", "2000", "1", "0", "0", "0", "4", "2", "19"]
    assert zombies[:2] == ["zombie", "1"]


def test_every_disturbance_is_done_to_the_naive_agent_too() -> None:
    own = {name for name in CASES if not name.startswith("naive-")}
    assert {f"naive-{name}" for name in own} == CASES.keys() - own
    assert {name: CASES[name].rounds for name in ("kill", "produce", "rebalance")} == {"kill": 20, "produce": 5, "rebalance": 10}
