"""`hub backtest` reads what Kafka really holds: consents, absences and answers, with what is none of them in between."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from hub.audit.reading import Filter, the_latest
from hub.bootstrap import build_audit
from hub.cli import app
from hub.clock import CLOCK_VARIABLE
from hub.contract.codec import Codec
from hub.contract.models import ConsentRecord, PoliceNotice, RiskEvent, SchoolAbsence
from hub.contract.topics import CONSENTS, POLICE_NOTICES, RISK_EVENTS, SCHOOL_ABSENCES, Topic
from hub.kafka import Outgoing, Publisher
from hub.settings import load_settings
from tests.bench.backtest.youths import END, make_histories
from tests.command_line import CliRunner
from tests.prepared import initialised
from tests.support import write_toml

TOPICS: dict[type, Topic] = {
    ConsentRecord: CONSENTS, SchoolAbsence: SCHOOL_ABSENCES, PoliceNotice: POLICE_NOTICES, RiskEvent: RISK_EVENTS,
}  # fmt: skip
AGENCIES = "agencies:\n" + "".join(
    f"  {code}:\n    title: {code}\n    kinds: [{kind}]\n"
    for code, kind in (
        *((f"school-{letter}", "school_absence") for letter in "abcdefghijkl"), ("police", "police_notice"), ("leisure", "risk_event"),
    )
)  # fmt: skip


@pytest.fixture
def home(fresh_kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CLOCK_VARIABLE, f"{END.isoformat()}@9999999999")
    home = tmp_path / "home"
    initialised(home)
    write_toml(home / "hub.toml", {"kafka": {"bootstrap_servers": fresh_kafka, "partitions": 4}})
    (home / "agencies.yaml").write_text(AGENCIES, encoding="utf-8")
    shutil.copytree(home / "rules", tmp_path / "candidate")
    return home


def publish(servers: str) -> int:
    codec, publisher = Codec.load(), Publisher(servers, "test")
    records = []
    for history in make_histories(2_000, 20):
        for one in (*history.consents, *history.facts()):
            topic = TOPICS[type(one)]
            records.append(Outgoing(topic.name, one.youth_ref.encode(), codec.encode(topic, one)))
    records.append(Outgoing(SCHOOL_ABSENCES.name, records[0].key, b"no message"))
    try:
        publisher.publish(records)
    finally:
        publisher.close()
    return len(records)


def call(home: Path, *words: str | Path) -> dict[str, object]:
    given = [str(word) for word in (*words, "--home", home, "--json")]
    ended = CliRunner().invoke(app, ["backtest", str(home.parent / "candidate"), *given])
    assert ended.exit_code == 0, (ended.output, ended.exception)
    return json.loads(ended.stdout)


def audited(home: Path) -> list[str]:
    log = build_audit(load_settings(home))
    try:
        return [one.action for one in the_latest(log.engine, Filter(), 10)][::-1]
    finally:
        log.close()


def test_the_topics_history_gives_the_same_figures_as_the_file_that_keeps_it(home: Path, tmp_path: Path) -> None:
    publish(load_settings(home).bootstrap_servers)
    read = call(home, "--processes", "2")
    assert read["history"]["youths_between"] == [20, 24]
    assert read["history"]["records_left_out"] == {"unreadable": None}
    kept = tmp_path / "kept.jsonl"
    call(home, "--keep", kept, "--processes", "1")
    again = call(home, "--from", kept, "--processes", "1")
    assert again["rules"] == read["rules"]
    assert again["weeks"] == read["weeks"]
    assert kept.stat().st_mode & 0o077 == 0
    assert audited(home) == ["rules_backtested", "history_kept", "rules_backtested", "rules_backtested"]
    assert not (load_settings(home).data / "backtest").exists()


def test_empty_topics_say_how_to_come_by_a_history(home: Path) -> None:
    words = ["backtest", str(home.parent / "candidate"), "--home", str(home)]
    ended = CliRunner().invoke(app, words)
    assert "connect NAME --history" in str(ended.exception)
