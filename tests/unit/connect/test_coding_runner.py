"""A whole sdk instance over HTTP: the report on disk first, the notice coded by the officer, published once, its original deleted."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from connectors.sdk.simulator import build_simulator
from hub.audit.entries import Actor
from hub.bootstrap import build_audit, build_coding_desk
from hub.coding.desk import Answer
from hub.coding.queue import CodingQueue, NoticeState
from hub.connect.instance import load_instance
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
from tests.unit.connectors.sdk.make import CATEGORY, OTHER_PERSON, PERSON, SUBJECT, make_message, reference, write_messages
from tests.unit.statutory.make import KEY

OFFICER = Actor("account-1", role="statutory-officer")
MARCH, SEPTEMBER = "2025-03-01T00:00:00+01:00", "2025-09-01T00:00:00+02:00"


class Inbox:
    """The message system; a message whose id is in `broken` is listed and cannot be had."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.broken: set[str] = set()
        self.show(make_message(1, reference(SUBJECT, PERSON)))

    def show(self, *messages: dict[str, Any]) -> None:
        self._app = build_simulator(write_messages(self._folder, *messages), {"deletes": True})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        broken = scope.get("method") == "GET" and scope["path"].rpartition("/")[2] in self.broken
        await (Response(status_code=500) if broken else self._app)(scope, receive, send)


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path)


@pytest.fixture
def subjects() -> Subjects:
    return Subjects()


@pytest.fixture
def settings(tmp_path: Path, subjects: Subjects, inbox: Inbox) -> Iterator[Settings]:
    """A registry, a message system with one notice without a category, and an instance that may delete what is confirmed."""
    home = tmp_path / "home"
    with served(subjects.app) as registry, served(inbox) as url:
        port = int(registry.rpartition(":")[2])
        make_installation(home, port)
        source = {"base_url": url, "token_url": f"{url}/oauth2/token", "client_id": "hub", "delete_handed_over": True}
        source["attempts"] = 1
        sdk = {"agency": AGENCY, "source": source}
        write_toml(home / "hub.toml", {"registry": {"port": port}, "web": {"undo_seconds": 0}, "connectors": {"sdk": sdk}})
        kinds = f"agencies:\n  {AGENCY}:\n    title: Polisen\n    kinds: [police_notice]\n"
        (home / "agencies.yaml").write_text(kinds, encoding="utf-8")
        keys = {"statutory.private": bytes(KEY), "statutory.public": bytes(KEY.public_key), "audit-subject.key": bytes(32)}
        for name, key in keys.items():
            (home / "keys" / name).write_text(base64.b64encode(key).decode(), encoding="utf-8")
        (home / "keys" / "connector-sdk-client-secret").write_text("simulator\n", encoding="utf-8")
        yield load_settings(home)


class Polls:
    """The instance, one poll at a time; what it has told, and what is at its source."""

    def __init__(self, settings: Settings, world: World) -> None:
        self._settings, self._world = settings, world
        self.publisher, self.store = MemoryPublisher(), open_store(settings, world.clock)
        self.hand_overs = open_hand_overs(settings)

    def once(self) -> None:
        Runner(
            self._settings,
            self._world.clock,
            threading.Event(),
            "sdk",
            publisher_factory=lambda _: self.publisher,
            statutory_port=self.store,
            codec=Codec.load(),
            handed_over=self.hand_overs.has,
        ).once()

    def told(self) -> list[PoliceCategory]:
        return [Codec.load().decode(CATALOGUE[one.topic], one.value).category for one in self.publisher.records]

    def at_the_source(self) -> int:
        url = f"{self._settings.connectors['sdk'].source['base_url']}/simulator/state"
        return int(httpx.get(url).json()["messages"])


def test_a_second_message_under_a_message_id_is_neither_told_nor_deleted_before_it_is_stored(
    settings: Settings, subjects: Subjects, world: World, inbox: Inbox
) -> None:
    for number, person in enumerate((PERSON, OTHER_PERSON), 1):
        subjects.grant(person, number, MARCH, SEPTEMBER)
    for row in subjects.rows.values():
        row["kinds"] = ["police_notice"]
    first = make_message(1)
    again = first["attributes"]["messageId"]
    second = make_message(2, reference(SUBJECT, OTHER_PERSON), reference(CATEGORY, "lob"), messageId=again)
    inbox.show(first)
    polls = Polls(settings, world)
    polls.once()
    (report,), _ = polls.store.list()
    polls.hand_overs.confirm(polls.store.path_of(report.entry), registered_as="SN 2025/117", who="officer", at=NOW)
    inbox.show(first, second)
    inbox.broken.add(second["id"])
    for _ in range(2):
        polls.once()
        world.clock.advance(timedelta(minutes=1))
        assert (polls.told(), polls.at_the_source()) == ([PoliceCategory.NARCOTICS], 1)
    inbox.broken.clear()
    polls.once()
    assert (polls.told(), len(polls.store.list()[0])) == ([PoliceCategory.NARCOTICS, PoliceCategory.LOB], 2)
    polls.once()
    assert polls.at_the_source() == 1


def test_a_notice_without_a_code_is_coded_published_once_and_its_original_deleted_when_confirmed(
    settings: Settings, subjects: Subjects, world: World, inbox: Inbox
) -> None:
    subjects.grant(PERSON, 1, MARCH, SEPTEMBER)
    next(iter(subjects.rows.values()))["kinds"] = ["police_notice"]
    polls = Polls(settings, world)
    polls.once()
    (report,), _ = polls.store.list()
    assert polls.told() == []
    with closing(build_audit(settings, world.clock)) as audit, closing(build_coding_desk(settings, audit)) as desk:
        (waiting,) = desk.list(OFFICER)
        assert waiting.report == report
        answer = Answer(PoliceCategory.LOB, NOW - timedelta(days=1), None, may_tell_youth=False, places=frozenset({1}))
        desk.code(OFFICER, waiting.notice.number, answer, seen=report.entry)
        world.clock.set(desk.envelope(OFFICER, waiting.notice.number).notice.ready_at or NOW)
        polls.once()
        polls.once()
        assert desk.envelope(OFFICER, waiting.notice.number).notice.state is NoticeState.PUBLISHED
    assert (polls.told(), polls.at_the_source()) == ([PoliceCategory.LOB], 1)
    polls.hand_overs.confirm(polls.store.path_of(report.entry), registered_as="SN 2025/117", who="officer", at=NOW)
    polls.once()
    assert polls.at_the_source() == 0
    polls.once()
    assert polls.told() == [PoliceCategory.LOB]
    assert [one.entry for one in polls.store.list()[0]] == [report.entry]
    # Its sender uses the message id once more.
    inbox.show(make_message(2, reference(SUBJECT, OTHER_PERSON), messageId=make_message(1)["attributes"]["messageId"]))
    polls.once()
    with closing(CodingQueue(load_instance(settings, "sdk").coding_file)) as queue:
        assert [one.state for one in queue.all()] == [NoticeState.WAITING]
