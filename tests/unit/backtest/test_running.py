from __future__ import annotations

import json
from pathlib import Path

import pytest

from hub.backtest.figures import as_data
from hub.backtest.history_file import open_history, write_history
from hub.backtest.published import publish
from hub.backtest.running import Question, lines_of, tally_of
from hub.errors import ContractError
from hub.resources import defaults_folder
from hub.rules_file import load_rules
from tests.bench.backtest.__main__ import candidate_rules
from tests.bench.backtest.youths import END, make_histories

QUESTION = Question(candidate_rules(), load_rules(defaults_folder() / "rules"), None, END)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("history") / "history.jsonl"
    write_history(path, (one.model_dump_json().encode() for one in make_histories(4_000, 40)), END)
    return path


def document(file: Path, parts: int, processes: int) -> str:
    return json.dumps(as_data(publish(tally_of(open_history(file, parts, END), QUESTION, processes), QUESTION.plan())))


def test_two_processes_give_what_one_does_byte_for_byte(file: Path) -> None:
    one = document(file, 1, 1)
    assert document(file, 5, 2) == one
    assert json.loads(one)["history"]["youths_between"] == [40, 44]


def test_how_far_it_is_is_told_part_by_part(file: Path) -> None:
    heard: list[int] = []
    tally_of(open_history(file, 4, END), QUESTION, 1, lambda so_far: heard.append(so_far.youths))
    assert heard == sorted(heard)
    assert (len(heard), heard[-1]) == (4, 40)


def test_lines_come_in_the_order_of_the_parts_from_several_processes(file: Path) -> None:
    lines = [line for some in lines_of(open_history(file, 9, END), 2) for line in some]
    assert lines == file.read_bytes().splitlines()[1:]


def test_what_a_process_refuses_is_said_with_its_code(file: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.write_bytes(file.read_bytes() + b"no line of ours\n")
    with pytest.raises(ContractError) as refused:
        tally_of(open_history(bad, 4, END), QUESTION, 2)
    assert refused.value.code == "bad_history"
