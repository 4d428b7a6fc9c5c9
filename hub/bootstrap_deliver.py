"""Composes delivery: the inbox, and the ways to teams' own systems."""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hub.bootstrap import build_clock, build_delivery_engine
from hub.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from hub.access.trail import Trail
    from hub.clock import Clock
    from hub.delivery.dispatcher import Dispatcher
    from hub.delivery.gone_teams import GoneTeams
    from hub.delivery.sink_desk import SinkDesk

__all__ = ["build_dispatchers", "build_gone_teams", "build_sink_desk", "run_deliver"]


@contextmanager
def build_sink_desk(settings: Settings, trail: Trail) -> Iterator[SinkDesk]:
    """What an operator does with sinks."""
    from hub.delivery.sink_desk import SinkDesk

    engine = build_delivery_engine(settings)
    try:
        yield SinkDesk(engine, settings.sinks, build_clock(settings), trail)
    finally:
        engine.dispose()


def build_dispatchers(settings: Settings, engine: Engine, clock: Clock) -> list[Dispatcher]:
    """What hands errands to each sink of hub.toml. Raises ConfigError for one that is not right."""
    from functools import partial

    from hub.delivery.dispatcher import Dispatcher
    from hub.delivery.sinks import load_sinks

    return [
        Dispatcher(engine, name, partial(sink.build, clock), clock, most_per_minute=sink.most_per_minute)
        for name, sink in load_sinks(settings).items()
    ]


def build_gone_teams(settings: Settings, engine: Engine) -> GoneTeams:
    """What becomes of the tasks of teams that teams.yaml has no more."""
    from functools import cache

    from hub.cases.gone_teams import KeptBeside
    from hub.contract.codec import Codec
    from hub.delivery.clocks import Clocks
    from hub.delivery.errands import ErrandWriter
    from hub.delivery.gone_teams import GoneTeams
    from hub.delivery.placing import Placing
    from hub.delivery.routing import Routing
    from hub.delivery.sinks import sinks_of_teams
    from hub.installation import load_teams

    teams = load_teams(settings.home)
    placing, errands = Placing(Clocks(teams), Routing(teams)), ErrandWriter(sinks_of_teams(settings, teams))
    return GoneTeams(
        engine, build_clock(settings), cache(Codec.load), known=teams, placing=placing, errands=errands, beside=KeptBeside(teams)
    )


def run_deliver(home: Path | None) -> None:
    """`hub deliver`."""
    from hub.cases.withdrawing import GO_WITH_CONSENT
    from hub.claims import read_claims
    from hub.contract.codec import Codec
    from hub.delivery.calls import Calls
    from hub.delivery.clocks import Clocks
    from hub.delivery.errands import ErrandWriter
    from hub.delivery.ladder import Ladder
    from hub.delivery.process import GROUP, INPUTS, run_delivery
    from hub.delivery.routing import Routing
    from hub.delivery.sinks import sinks_of_teams
    from hub.installation import load_teams
    from hub.kafka import Publisher, Reader, end_offsets
    from hub.kafka_admin import await_reach
    from hub.process import process_frame

    settings = load_settings(home)
    servers, clock = settings.bootstrap_servers, build_clock(settings)
    with process_frame(settings, "deliver", started=time.time()) as stop:
        engine = build_delivery_engine(settings)
        teams = load_teams(settings.home)
        errands = ErrandWriter(sinks_of_teams(settings, teams))
        dispatchers = build_dispatchers(settings, engine, clock)
        reader, publisher = Reader(servers, INPUTS, GROUP, "hub-deliver"), Publisher(servers, "hub-deliver")
        try:
            if await_reach(servers, stop):
                run_delivery(
                    engine, Codec.load(), clock, ends=lambda: end_offsets(servers, INPUTS), reader=reader, publisher=publisher,
                    stop=stop, clocks=Clocks(teams), others=GO_WITH_CONSENT, routing=Routing(teams),
                    calls=Calls(engine, clock, Ladder(teams)), errands=errands, dispatchers=dispatchers,
                    claims=read_claims(settings).refusal, gone=build_gone_teams(settings, engine),
                )  # fmt: skip
        finally:
            reader.close()
            publisher.close()
            engine.dispose()
