"""Nothing but "received" ever goes back to school or police (OSL 26:1): what became of a report, every way there is, shows nowhere.

Each connector that reads from an agency is run against its own simulator, once for every end that a report can come to, and all
that crossed the wire is compared.
"""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from hub.connector import Connector, SourceContext, find_connectors
from hub.connector.source import Pushed, Source, StatutorySource
from hub.errors import RejectedError
from hub.statutory.handing_over import HandOvers
from hub.testing.world import World, build_world
from tests.unit.statutory.handing import LaneTown
from tests.unit.statutory.make import KEY

_FLEET = {name: one for name, one in sorted(find_connectors().items()) if one.build_source is not None}
_SERVED = [name for name, one in _FLEET.items() if one.build_simulator is not None]
_ENDS = ("waits", "taken", "refused", "registered")
_OF_THE_CONNECTION = {"host", "authorization", "dpop", "user-agent"}


def _lane(folder: Path, end: str, connector: Connector, world: World) -> HandOvers:
    """The statutory lane, once through: what the source told is stored, and comes to this end at the receiver."""
    town = LaneTown(folder, connector.trial.now if connector.trial else None)
    if connector.build_statutory is not None:
        with world.statutory() as source:
            for batch in source.batches(None) if source else ():
                for message in batch.messages:
                    town.put(message.message_id, message.content, message.arrived_at)
    town.reception.fail = town.jouren.fail = [RejectedError("no", code="status_422")] * (1000 if end == "refused" else 0)
    lane = town.lane()
    if end != "waits":
        lane.look()
    if end == "registered":
        town.reception.register_all()
        town.jouren.register_all()
        lane.look()
    return HandOvers(town.folder, KEY.public_key)


def _crossed(name: str, folder: Path, end: str) -> list[tuple[str, bytes, list[tuple[str, str]]]]:
    """All that the connector asked its source, from the first poll to the one after the report's end."""
    connector, trial = _FLEET[name], _FLEET[name].trial
    assert trial is not None
    folder.mkdir()
    with build_world(connector, trial, folder, "usual") as world:
        assert world.server is not None
        hand_overs = _lane(folder / "lane", end, connector, world)
        build = connector.build_source
        assert build is not None
        context = replace(world._source_context(lambda _: True), handed_over=hand_overs.has)
        source = build(world.config(), context)
        try:
            cursor = None
            for _ in range(2):
                for batch in source.batches(cursor):
                    cursor = batch.cursor
        finally:
            source.close()
        return [
            (one.line, bytes(one.body), sorted(pair for pair in one.headers if pair[0] not in _OF_THE_CONNECTION))
            for one in world.server.asked
        ]


@pytest.mark.parametrize("name", _SERVED)
def test_a_source_is_asked_the_same_whatever_became_of_what_it_had_told(name: str, tmp_path: Path) -> None:
    crossed = {end: _crossed(name, tmp_path / end, end) for end in _ENDS}
    assert crossed["waits"], "nothing was asked"
    for end in _ENDS:
        assert [line for line, _, _ in crossed[end]] == [line for line, _, _ in crossed["waits"]], end
        assert crossed[end] == crossed["waits"], end


@pytest.mark.parametrize("name", _SERVED)
def test_a_source_is_only_read_but_for_signing_in(name: str, tmp_path: Path) -> None:
    lines = {line.partition("?")[0] for line, _, _ in _crossed(name, tmp_path / "once", "registered")}
    written = {line for line in lines if line.split(" ")[0] not in {"GET", "HEAD"}}
    assert all("token" in line for line in written), written


def test_a_source_is_given_two_words_of_a_report_that_it_is_safe_and_that_it_is_registered_and_no_other() -> None:
    given = {one.name for one in fields(SourceContext)}
    assert given == {"now", "secret", "gazetteer", "observe_request", "secured", "handed_over", "kinds", "home", "pause"}


def test_no_source_can_be_told_how_a_task_or_a_report_ended() -> None:
    ways = {name for port in (Source, StatutorySource, Pushed) for name in vars(port) if not name.startswith("_")}
    assert ways == {"batches", "close", "listen", "settled"}
