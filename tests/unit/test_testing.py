from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from hub.connector import Batch
from hub.contract.models import InfoKind
from hub.errors import ConfigError, RejectedError, RetriableError, StaleDirectoryError
from hub.testing import MemoryDirectory, MemoryPlaces, MemoryPublisher, MemoryStatutoryStore, SourceSuite, served
from tests.unit.connect.conftest import NOW, World
from tests.unit.connect.toy import ToySource, make_connector, toyraw, write_lines

AT = (NOW - timedelta(days=2)).isoformat()
FACTS = [{"id": f"a{number}", "person": World.person(number % 3), "at": AT, "minutes": 40 + number} for number in range(5)]
ERASURE = "11111111-2222-3333-4444-555555555555"


def write_dataset(folder) -> None:
    write_lines(folder / "facts.jsonl", *FACTS)
    write_lines(folder / "raw.jsonl", *({"id": f"m{number}", "at": AT, "text": "oro"} for number in range(3)))


class Secured(ToySource):
    """Events that wait for the statutory store, as a source of mandatory reports must."""

    def __init__(self, config, context) -> None:
        super().__init__(config, "facts.jsonl")
        self._secured = context.secured

    def batches(self, cursor):
        if self._secured("m1"):
            yield from super().batches(cursor)


class TestSuiteOfAnExemplarySource(SourceSuite):
    connector = make_connector("toyraw", kinds=toyraw.kinds, build_statutory=toyraw.build_statutory, build_source=Secured)
    config: ClassVar = {"folder": "{dataset}"}

    def make_dataset(self, folder) -> None:
        write_dataset(folder)


def make_suite(source: type[ToySource], **changes) -> SourceSuite:
    """The suite over a source with a fault."""

    class Suite(SourceSuite):
        connector = make_connector(
            "faulty",
            build_source=lambda config, _: source(config, "facts.jsonl"),
            **({"kinds": frozenset({InfoKind.SCHOOL_ABSENCE})} | changes),
        )
        config: ClassVar = {"folder": "{dataset}"}

        def make_dataset(self, folder) -> None:
            write_dataset(folder)

    return Suite()


class Forgetful(ToySource):
    def batches(self, cursor):
        del cursor
        yield from super().batches(None)


class Skipping(ToySource):
    def batches(self, cursor):
        for batch in super().batches(cursor):
            yield Batch(batch.records, {"read": batch.cursor["read"] + 1})


class Telling(ToySource):
    def batches(self, cursor):
        for batch in super().batches(cursor):
            yield Batch(batch.records, batch.cursor | {"last": batch.records[-1].person_id})


class Silent(ToySource):
    def batches(self, cursor):
        del cursor
        return iter(())


class Changing(ToySource):
    polls = 0

    def batches(self, cursor):
        type(self).polls += 1
        yield from list(super().batches(cursor))[type(self).polls % 2 :]


@pytest.mark.parametrize(
    ("source", "check"),
    [
        (Forgetful, "test_a_source_that_is_caught_up_says_nothing_new"),
        (Forgetful, "test_every_cursor_goes_on_where_its_batch_ended"),
        (Skipping, "test_every_cursor_goes_on_where_its_batch_ended"),
        (Telling, "test_cursors_are_json_and_name_nobody"),
        (Silent, "test_the_dataset_gives_records_of_the_declared_kinds_only"),
        (Changing, "test_a_replay_says_the_same"),
    ],
)
def test_the_suite_catches_a_source_with_a_fault(tmp_path, source, check: str) -> None:
    with pytest.raises(AssertionError):
        getattr(make_suite(source), check)(tmp_path)


def test_the_suite_catches_a_kind_that_is_not_declared(tmp_path) -> None:
    with pytest.raises(AssertionError):
        make_suite(ToySource, kinds=frozenset()).test_the_dataset_gives_records_of_the_declared_kinds_only(tmp_path)


def test_the_suite_catches_events_that_do_not_wait_for_the_statutory_store(tmp_path) -> None:
    suite = make_suite(ToySource, build_statutory=toyraw.build_statutory)
    with pytest.raises(AssertionError):
        suite.test_events_wait_for_the_statutory_store_and_are_not_lost(tmp_path)


def test_a_secret_the_suite_has_not_is_asked_for(tmp_path) -> None:
    with pytest.raises(ConfigError):
        make_suite(ToySource).make_context(tmp_path).secret("password")


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
