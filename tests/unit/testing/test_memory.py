from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from hub.errors import RejectedError, RetriableError, StaleDirectoryError
from hub.testing import MemoryDirectory, MemoryPlaces, MemoryPublisher, MemoryStatutoryStore, served
from tests.unit.connect.conftest import World

ERASURE = "11111111-2222-3333-4444-555555555555"


def test_an_application_is_served_on_loopback_while_the_block_runs() -> None:
    app = Starlette(routes=[Route("/", lambda _: PlainTextResponse("hej"))])
    with served(app) as url:
        assert httpx.get(url).text == "hej"
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_the_memory_publisher_fails_as_often_as_it_is_told() -> None:
    publisher = MemoryPublisher()
    publisher.failures.append(RetriableError("down"))
    with pytest.raises(RetriableError):
        publisher.publish([])
    assert publisher.publish([]) == []


def test_the_memory_store_takes_a_repeat_as_no_change() -> None:
    store = MemoryStatutoryStore()
    store.put(World.raw("m1", b"first"))
    store.put(World.raw("m1", b"second"))
    assert store.messages["m1"].content == b"first"


def test_the_memory_directory_forgets_at_once_and_asks_for_erasure_once() -> None:
    directory, changes = MemoryDirectory(), []
    heed = changes.append
    directory.grant(World.person(), World.entry())
    directory.refresh(heed)
    assert directory.lookup(World.person().replace("-", "")) == World.entry()
    directory.withdraw(World.person(), ERASURE)
    assert directory.lookup(World.person()) is None
    directory.refresh(heed)
    directory.refresh(heed)
    assert [(change.gained, [one.erasure_id for one in change.removed]) for change in changes] == [(True, []), (False, [ERASURE])]
    with pytest.raises(RejectedError):
        directory.lookup("nobody")
    directory.stale = True
    with pytest.raises(StaleDirectoryError):
        directory.require_fresh()


def test_memory_places_know_a_few_names_and_spell_out_the_others() -> None:
    places = MemoryPlaces({"Ektorp": "0581-ektorp"})
    assert [places.area_code(name) for name in ("Hageby", "0581-city", "Ektorp", "Åby 7", "")] == [
        "0581-hageby",
        "0581-city",
        "0581-ektorp",
        "place-by",
        "place-unknown",
    ]
