"""The progress display where there is no terminal."""

from __future__ import annotations

import re

import pytest

from hub.demo.telling import STEPS, Teller


def test_every_line_is_told_with_its_time_and_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with Teller() as tell:
        tell("Starting [bold] Kafka", step=True)
        tell("Waiting for worker")
    said = capsys.readouterr()
    assert said.out == ""
    assert [re.sub(r"^ +\d+\.\d s  ", "", line) for line in said.err.splitlines()] == [
        "Starting [bold] Kafka",
        "Waiting for worker",
    ]


def test_the_bar_has_as_many_steps_as_the_play_tells() -> None:
    from pathlib import Path

    import hub.demo.run

    assert Path(hub.demo.run.__file__).read_text(encoding="utf-8").count("step=True") == STEPS
