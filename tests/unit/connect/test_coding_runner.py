"""A whole sdk instance over HTTP: the report on disk first, the notice coded by the officer, published once, its original deleted."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from connectors.sdk.simulator import build_simulator
from hub.audit.entries import Actor
from hub.bootstrap import build_audit, build_coding_desk
from hub.coding.desk import Answer
from hub.coding.queue import NoticeState
from hub.connect.runner import Runner
from hub.contract.codec import Codec
from hub.contract.models import PoliceCategory
from hub.contract.topics import CATALOGUE
from hub.settings import Settings, load_settings
from hub.statutory.opening import open_hand_overs, open_store
from hub.testing import MemoryPublisher, served
from tests.support import write_toml
from tests.unit.connect.conftest import NOW, World
from tests.unit.connect.installation import AGENCY, Subjects, make_installation
from tests.unit.connectors.sdk.make import PERSON, SUBJECT, make_message, reference, write_messages
from tests.unit.statutory.make import KEY

OFFICER = Actor("account-1", role="statutory-officer")


@pytest.fixture
def subjects() -> Subjects:
    return Subjects()


@pytest.fixture
def settings(tmp_path: Path, subjects: Subjects) -> Iterator[Settings]:
    """A registry, a message system with one notice without a category, and an instance that may delete what is confirmed."""
    home = tmp_path / "home"
    inbox = write_messages(tmp_path, make_message(1, reference(SUBJECT, PERSON)))
    with served(subjects.app) as registry, served(build_simulator(inbox, {"deletes": True})) as url:
        port = int(registry.rpartition(":")[2])
        make_installation(home, port)
        source = {"base_url": url, "token_url": f"{url}/oauth2/token", "client_id": "hub", "delete_handed_over": True}
        sdk = {"agency": AGENCY, "source": source}
        write_toml(home / "hub.toml", {"registry": {"port": port}, "web": {"undo_seconds": 0}, "connectors": {"sdk": sdk}})
        kinds = f"agencies:\n  {AGENCY}:\n    title: Polisen\n    kinds: [police_notice]\n"
        (home / "agencies.yaml").write_text(kinds, encoding="utf-8")
        keys = {"statutory.private": bytes(KEY), "statutory.public": bytes(KEY.public_key), "audit-subject.key": bytes(32)}
        for name, key in keys.items():
            (home / "keys" / name).write_text(base64.b64encode(key).decode(), encoding="utf-8")
        (home / "keys" / "connector-sdk-client-secret").write_text("simulator\n", encoding="utf-8")
        yield load_settings(home)


def test_a_notice_without_a_code_is_coded_published_once_and_its_original_deleted_when_confirmed(
    settings: Settings, subjects: Subjects, world: World
) -> None:
    subjects.grant(PERSON, 1, "2025-03-01T00:00:00+01:00", "2025-09-01T00:00:00+02:00")
    next(iter(subjects.rows.values()))["kinds"] = ["police_notice"]
    publisher, store = MemoryPublisher(), open_store(settings, world.clock)
    hand_overs = open_hand_overs(settings)

    def once() -> None:
        Runner(
            settings,
            world.clock,
            threading.Event(),
            "sdk",
            publisher_factory=lambda _: publisher,
            statutory_port=store,
            codec=Codec.load(),
            handed_over=hand_overs.has,
        ).once()

    once()
    (report,), _ = store.list()
    assert publisher.records == []
    with closing(build_audit(settings, world.clock)) as audit, closing(build_coding_desk(settings, audit)) as desk:
        (waiting,) = desk.list(OFFICER)
        assert waiting.report == report
        answer = Answer(PoliceCategory.LOB, NOW - timedelta(days=1), None, may_tell_youth=False, places=frozenset({1}))
        desk.code(OFFICER, waiting.notice.number, answer, seen=report.entry)
        world.clock.set(desk.envelope(OFFICER, waiting.notice.number).notice.ready_at or NOW)
        once()
        once()
        assert desk.envelope(OFFICER, waiting.notice.number).notice.state is NoticeState.PUBLISHED
    (record,) = publisher.records
    assert Codec.load().decode(CATALOGUE[record.topic], record.value).category is PoliceCategory.LOB
    url = f"{settings.connectors['sdk'].source['base_url']}/simulator/state"
    assert httpx.get(url).json()["messages"] == 1
    hand_overs.confirm(store.path_of(report.entry), registered_as="SN 2025/117", who="officer", at=NOW)
    once()
    assert httpx.get(url).json()["messages"] == 0
    once()
    assert len(publisher.records) == 1
    assert [one.entry for one in store.list()[0]] == [report.entry]
