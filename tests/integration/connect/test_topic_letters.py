"""Dead letters of topics on real Kafka: listed once, sent again as consent is now, linked, and once."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from hub.cli import app
from hub.contract.models import ConsentStatus
from hub.contract.topics import CONSENTS, SCHOOL_ABSENCES, dead_letter_topic
from hub.dead_letters.redrive import LINK_HEADER
from hub.installation import initialise
from hub.kafka import Outgoing, Publisher, Reader, outgoing
from tests.command_line import CliRunner
from tests.unit.dead_letters.make import CODEC, NOW, YOUTH, make_absence, make_consent, make_letter

GONE = "y" + "8" * 32
TOPIC = SCHOOL_ABSENCES.name
pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]


class Hub:
    """An installation on the session's Kafka, and its commands."""

    def __init__(self, home: Path, kafka: str) -> None:
        self.home = home
        self.kafka = kafka
        initialise(home)
        file = home / "hub.toml"
        file.write_text(file.read_text().replace('bootstrap_servers = ""', f'bootstrap_servers = "{kafka}"', 1))

    def __call__(self, *words: str, code: int = 0) -> dict:
        ended = CliRunner().invoke(app, [*words, "--json", "--home", str(self.home)])
        assert ended.exit_code == code, (ended.output, ended.exc_info)
        assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exc_info
        return json.loads(ended.stdout)

    def publish(self, *records: Outgoing) -> list[tuple[int, int]]:
        publisher = Publisher(self.kafka, "test")
        try:
            return publisher.publish(records)
        finally:
            publisher.close()

    def absences(self) -> list:
        reader = Reader(self.kafka, (TOPIC,), None, "test")
        try:
            found: list = []
            while not found or reader.caught_up() < {(TOPIC, number) for number in range(4)}:
                found += reader.poll(1.0, 100)
            return found
        finally:
            reader.close()


def absence(youth: str, event: int) -> Outgoing:
    return outgoing(CODEC, SCHOOL_ABSENCES, youth, make_absence(youth, event), id=f"e{event}:1", source="/test", time=NOW)


def consent(youth: str, status: ConsentStatus) -> Outgoing:
    return outgoing(CODEC, CONSENTS, youth, make_consent(status, youth), id=f"c{status}", source="/test", time=NOW)


def test_a_record_refused_by_two_readers_is_one_letter_and_is_sent_again_once_if_consent_allows(
    fresh_kafka: str, tmp_path: Path
) -> None:
    hub = Hub(tmp_path / "home", fresh_kafka)
    hub.publish(consent(YOUTH, ConsentStatus.IN_FORCE), consent(GONE, ConsentStatus.IN_FORCE))
    hub.publish(consent(GONE, ConsentStatus.WITHDRAWN))
    bad = Outgoing(TOPIC, YOUTH.encode(), b"\x00\x7f\x00\x00\xff?", ())
    places = hub.publish(absence(YOUTH, 1), absence(GONE, 2), bad)
    dead = dead_letter_topic(SCHOOL_ABSENCES)
    told = [
        outgoing(
            CODEC, dead, None,
            make_letter(
                offset, origin_partition=partition, stage=stage, error_class="malformed",
                occurred_at=NOW + timedelta(seconds=number),
            ),
            id=f"{stage}{number}", source="/test", time=NOW,
        )
        for number, (partition, offset) in enumerate(places)
        for stage in ("decoding", "delivery")
    ]  # fmt: skip
    hub.publish(*told)
    names = [f"{TOPIC}:{partition}:{offset}" for partition, offset in places]

    listed = hub("dlq", "list")["topics"]
    assert [(one["letter"], one["refused_by"]) for one in listed] == [(name, ["decoding", "delivery"]) for name in names]
    assert YOUTH not in json.dumps(listed)
    tried = hub("dlq", "preview", "--topic", TOPIC, "--all", code=1)["letters"]
    assert [one["now"] for one in tried] == ["readable", "no_consent_now", "unknown_schema_id"]

    done = hub("dlq", "redrive", "--topic", TOPIC, "--all", "--yes", code=1)["redriven"]
    assert [(one["state"], one["reason"], one["letters"]) for one in done] == [
        ("redriven", "", 1), ("waiting", "no_consent_now", 1), ("waiting", "unknown_schema_id", 1),
    ]  # fmt: skip
    again = [one for one in hub.absences() if LINK_HEADER in dict(one.headers)]
    assert [dict(one.headers)[LINK_HEADER].decode() for one in again] == [names[0]]
    assert CODEC.decode(SCHOOL_ABSENCES, again[0].value) == make_absence(YOUTH, 1)

    assert hub("dlq", "redrive", names[0], "--yes")["redriven"] == []
    assert len(hub.absences()) == 4
    CliRunner().invoke(app, ["dlq", "discard", names[1], names[2], "--yes", "--home", str(hub.home)])
    assert hub("dlq", "list")["topics"] == []
    assert {one["state"] for one in hub("dlq", "list", "--all")["topics"]} == {"redriven", "discarded"}


def test_a_record_that_its_topic_has_let_go_of_says_so(fresh_kafka: str, tmp_path: Path) -> None:
    hub = Hub(tmp_path / "home", fresh_kafka)
    letter = make_letter(999)
    hub.publish(outgoing(CODEC, dead_letter_topic(SCHOOL_ABSENCES), None, letter, id="one", source="/test", time=NOW))
    assert hub("dlq", "try", f"{TOPIC}:0:999", code=1)["letters"][0]["now"] == "gone"
