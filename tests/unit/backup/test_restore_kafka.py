"""A restore and the bus: the installation's own Kafka begins anew with it, and what was told is told again; others' goes on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hub.audit.entries import Actor
from hub.backup.create import create_backup
from hub.backup.restore import make_plan, restore
from hub.bootstrap import build_delivery_engine
from hub.cli import app
from hub.clock import ManualClock
from hub.connect.database import open_store
from hub.contract.codec import Codec
from hub.registry.opening import OpenRegistry, open_registry
from hub.registry.rule_sets import RuleSets
from hub.settings import Settings, load_settings
from tests.command_line import CliRunner
from tests.prepared import initialised
from tests.unit.core.make_rules import SHIPPED
from tests.unit.registry.support import START, make_grant

LEDGER = Path("connect", "ss12000", "ledger.db")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation that has told a consent, a set of rules and a connector's event, and whose inbox has read them."""
    initialised(tmp_path / "home")
    settings = load_settings(tmp_path / "home")
    build_delivery_engine(settings).dispose()
    change(settings.data / "delivery" / "delivery.db", "INSERT INTO position VALUES ('hub.consents.v1', 6, 2)")
    opened = open_registry(settings, ManualClock(START), Codec.load())
    opened.registry.grant(make_grant())
    assert rule_sets(opened).begin(lambda: SHIPPED)
    opened.close()
    open_store(settings.data / LEDGER).dispose()
    change(
        settings.data / LEDGER,
        "INSERT INTO events (event_id, subject, revision, content) VALUES ('e1', 'y1', 3, 'told')",
        "INSERT INTO cursors VALUES ('events', '{\"next\": 4}', '2025-05-19 05:30:00')",
    )
    return settings


def rule_sets(opened: OpenRegistry) -> RuleSets:
    return RuleSets(opened.registry, opened.sealed.log, Actor("registry"), 1)


def change(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def read(file: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("brokers", ["", "kafka.example:9093"])
def test_whoever_told_or_read_begins_anew_where_kafka_does_and_nowhere_else(
    settings: Settings, tmp_path: Path, brokers: str
) -> None:
    settings = settings.model_copy(update={"kafka": settings.kafka.model_copy(update={"bootstrap_servers": brokers})})
    clock = ManualClock(START)
    backup, _ = create_backup(settings, tmp_path / "backups", clock.now())
    restore(make_plan(settings, backup, None, ()), clock, Codec.load())
    anew = not brokers
    positions = read(settings.data / "delivery" / "delivery.db", "SELECT next_offset FROM position")
    assert positions == ([] if anew else [(2,)])
    assert read(settings.data / LEDGER, "SELECT revision, content FROM events") == [(3, "" if anew else "told")]
    lanes = read(settings.data / LEDGER, "SELECT lane, cursor FROM cursors ORDER BY lane")
    assert lanes == [*([("backfill", '{"from": {}}')] if anew else []), ("events", '{"next": 4}')]
    opened = open_registry(settings, clock, Codec.load())
    assert rule_sets(opened).begin(lambda: SHIPPED)  # on others' Kafka too: what came after the backup is not in force here
    opened.close()


def test_it_is_said_before_and_after_what_is_told_again_and_what_is_not(settings: Settings, tmp_path: Path) -> None:
    backup, _ = create_backup(settings, tmp_path / "backups", START)
    done = CliRunner().invoke(app, ["backup", "restore", str(backup), "--home", str(settings.home)], input="y\n")
    assert done.exit_code == 0
    assert "Kafka: the installation's own begins anew" in done.output
    assert "what partners have pushed and notices coded by hand are not: tell them again" in done.output
