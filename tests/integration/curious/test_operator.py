"""An operator feeds crafted records about a named person and looks everywhere: in both worlds everything looks alike.

She may run commands, read every process' metrics and logs as often as she likes, list names of files and stop Kafka. A control
shows that the worlds do differ where she may not look: on the bus.
"""

from __future__ import annotations

import itertools
import json
import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.curious.worlds import CONNECTOR, NAMED, World, row

_MOVES_BY_ITSELF = re.compile(
    r"^(# |process_|hub_process_started|hub_connector_last_success|hub_directory_age|hub_connector_polls)"
)
_Seen = dict[str, Any]
pytestmark = pytest.mark.timeout(900)  # twelve processes, one after the other
_FED = ("one", "the same again", "a dozen", "unsound", "taken back", "of the future")


def feed(world: World, what: str, at: datetime) -> int:
    """Feed one crafted file; the answer is how many more sound records about persons have then been read."""
    rows = {
        "one": [row("a1", at)],
        "the same again": [row("a1", at)],
        "a dozen": [row(f"b{number}", at + timedelta(minutes=number)) for number in range(12)],
        "unsound": [row("c1", at, concern="not a code"), row("c2", at)],
        "taken back": [],
        "of the future": [row("e1", datetime.now(UTC) + timedelta(hours=20))],
    }[what]
    name = "a-dozen" if what == "taken back" else what.replace(" ", "-")
    world.feed(f"{name}.csv", *rows)
    return {"one": 1, "the same again": 1, "a dozen": 12, "unsound": 1, "taken back": 0, "of the future": 1}[what]


def look(world: World) -> list[str]:
    """The metrics page without what moves by itself, and how polls ended."""
    lines = [line for line in world.page().splitlines() if not _MOVES_BY_ITSELF.match(line)]
    ended = {dict(pairs)["result"] for pairs in world.metrics()["hub_connector_polls_total"]}
    return [*lines, *sorted(ended)]


def log_of(world: World) -> list[dict[str, Any]]:
    told = [json.loads(line) for line in (world.home / "connect.log").read_text().splitlines() if line.startswith("{")]
    return [{key: value for key, value in line.items() if key != "timestamp"} for line in told]


def status_of(world: World) -> dict[str, Any]:
    told = json.loads(world.hub("status", "--json").rpartition("\n\n")[0])
    return {"processes": [(one["name"], one["summary"]) for one in told["processes"]], "topics": sorted(told["topics"])}


def play(home: Path, kafka: str, at: datetime, *, consents: bool) -> _Seen:
    """Everything that the operator sees, and (`bus`) what she may not."""
    world = World(home, kafka, consents=consents)
    before, seen = world.published(), _Seen()
    try:
        world.start("registry")
        world.until(lambda: "ready" in (home / "registry.log").read_text() or _answers(world), "the registry")
        world.start("connect", "observations")
        world.until(world.metrics, "the connector")
        world.until(lambda: _caught_up(world), "a first look at an empty inbox")
        seen["nothing"] = look(world)
        handled = 0
        for what in _FED:
            handled += feed(world, what, at)
            polls = _polls(world)
            world.until(lambda wanted=handled: world.handled >= wanted, what)
            world.until(lambda least=polls + 3: _polls(world) >= least and _caught_up(world), f"rest after {what}")
            seen[what] = look(world)
        seen["status"] = status_of(world)
        seen["exact"] = sorted(dict(pairs)["outcome"] for pairs in world.metrics(exact=True)["hub_connector_records"])
        world.stop()
        seen["log"] = log_of(world)
        folder = world.settings.data / "connect"
        seen["files"] = sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
        seen["modes"] = {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in folder.glob("*") if path.is_dir()}
        seen["text"] = (home / "connect.log").read_text() + (home / "registry.log").read_text()
    finally:
        world.stop()
    seen["bus"] = world.published() - before
    return seen


def _answers(world: World) -> bool:
    return any(name.stem == "registry" for name in world.settings.run.glob("*.json"))


def _caught_up(world: World) -> bool:
    values = world.metrics().get("hub_connector_caught_up", {}).values()
    return bool(values) and all(values)


def _polls(world: World) -> int:
    told = world.metrics().get("hub_connector_polls_total", {})
    return int(sum(value for pairs, value in told.items() if dict(pairs)["lane"] == "events" and dict(pairs)["result"] == "ok"))


@pytest.fixture(scope="module")
def worlds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[_Seen, _Seen]:
    """(with her consent, without it), played one after the other on one Kafka."""
    from hub.kafka import apply_topics
    from tests.support import drop_topics, make_settings, used_topics

    kafka: str = request.getfixturevalue("kafka")
    drop_topics(kafka, *used_topics(kafka, 4))
    folder = tmp_path_factory.mktemp("curious")
    apply_topics(make_settings(folder / "topics", kafka={"bootstrap_servers": kafka, "partitions": 4}))
    at = datetime.now(UTC) - timedelta(days=3)
    return play(folder / "with", kafka, at, consents=True), play(folder / "without", kafka, at, consents=False)


def test_as_a_control_the_worlds_differ_on_the_bus_and_in_the_exact_figures(worlds: tuple[_Seen, _Seen]) -> None:
    consenting, other = worlds
    assert consenting["bus"] >= 14
    assert other["bus"] == 0
    assert "published" in consenting["exact"]
    assert "published" not in other["exact"]


@pytest.mark.parametrize("what", ["nothing", *_FED])
def test_metrics_after_a_crafted_record(worlds: tuple[_Seen, _Seen], what: str) -> None:
    consenting, other = worlds
    assert consenting[what] == other[what]


def test_the_difference_of_two_scrapes(worlds: tuple[_Seen, _Seen]) -> None:
    def differences(seen: _Seen) -> list[set[str]]:
        steps = ["nothing", *_FED]
        return [set(seen[after]) ^ set(seen[before]) for before, after in itertools.pairwise(steps)]

    consenting, other = map(differences, worlds)
    assert consenting == other
    assert any("handled" in line for line in consenting[0])  # something is told, and it is the same


@pytest.mark.parametrize("part", ["status", "log", "files"])
def test_status_logs_and_names_of_files(worlds: tuple[_Seen, _Seen], part: str) -> None:
    consenting, other = worlds
    assert consenting[part] == other[part]


def test_the_status_names_no_topic_about_persons(worlds: tuple[_Seen, _Seen]) -> None:
    for seen in worlds:
        assert set(seen["status"]["topics"]) <= {"hub.place-events.v1", "hub.presence-tasks.v1", "hub.rules.v1"}
        assert [name for name, _ in seen["status"]["processes"]] == [CONNECTOR, "registry"]


def test_nobody_but_the_hubs_own_account_can_list_a_connectors_folder(worlds: tuple[_Seen, _Seen]) -> None:
    assert [seen["modes"] for seen in worlds] == [{0}, {0}]


def test_no_log_holds_the_number(worlds: tuple[_Seen, _Seen]) -> None:
    for seen in worlds:
        assert NAMED not in seen["text"]
        assert NAMED[2:] not in seen["text"]
