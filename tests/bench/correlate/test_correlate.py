from __future__ import annotations

import json

import pytest

from tests.bench.correlate.__main__ import main

pytestmark = [pytest.mark.bench, pytest.mark.kafka]
_NEEDED_NOT = "loop"  # where its two wheels cannot be had, the hub alone is judged


def _run(capsys: pytest.CaptureFixture[str], engines: str, *arguments: str) -> dict[str, dict]:
    main([*arguments, "--rounds", "1", "--engines", engines, "--json"])
    return json.loads(capsys.readouterr().out)["engines"]


def test_the_fixed_job_leaves_the_same_referrals_and_states_on_the_hub_and_in_a_bare_loop(
    capsys: pytest.CaptureFixture[str],
) -> None:
    engines = _run(capsys, "hub,loop", "--events", "4000", "--youths", "80")
    assert {name for name, one in engines.items() if one.get("left_out")} <= {_NEEDED_NOT}


def test_the_shipped_rules_leave_the_same_tasks_and_states_in_the_hub_and_in_a_bare_loop(
    capsys: pytest.CaptureFixture[str],
) -> None:
    engines = _run(capsys, "hub,loop", "--leg", "rules", "--events", "2000", "--youths", "100")
    assert {name for name, one in engines.items() if one.get("left_out")} <= {_NEEDED_NOT}


def test_what_comes_of_events_that_are_told_steadily_is_judged_and_timed(capsys: pytest.CaptureFixture[str]) -> None:
    engines = _run(capsys, "hub-rules", "--leg", "latency", "--rates", "200", "--seconds", "5")
    assert engines["hub-rules@200"]["timed"]["median"] > 0


def test_events_of_few_youths_and_of_many_are_judged_and_memory_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    sizes = _run(capsys, "", "--leg", "scale", "--youths", "600", "--events", "800", "--partitions", "4")
    assert list(sizes) == ["60", "600"]
    assert sizes["600"]["MiB at 100 %"]["median"] > 0
    assert sizes["600"]["bytes of an idle youth"]["median"] < 1_500


def test_a_changelog_is_restored_as_it_was_written_and_workers_answer_after_every_kind_of_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = _run(capsys, "", "--leg", "recovery", "--youths", "600", "--partitions", "4")["hub"]
    assert found["records"]["median"] > 600
    assert found["taken over s"]["median"] > 0
