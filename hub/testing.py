"""In-memory twins of the intake's ports and the suite that every connector passes. Shipped code, not mocks.

A connector's own tests need little more than this:

    class TestSource(SourceSuite):
        connector = connector
        config = {"base_url": "{url}"}

        def make_dataset(self, folder: Path) -> None: ...
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import uvicorn

from hub.connect.memory import MemoryDirectory, MemoryPlaces, MemoryPublisher, MemoryStatutoryStore
from hub.connector import Batch, Connector, Cursor, PersonRecord, PlaceRecord, Record, Source, SourceContext, StatutorySource
from hub.errors import ConfigError

__all__ = ["MemoryDirectory", "MemoryPlaces", "MemoryPublisher", "MemoryStatutoryStore", "SourceSuite", "served"]

_DEMO_DAY = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)


@contextmanager
def served(app: Any) -> Iterator[str]:
    """An ASGI application on a free loopback port, for as long as the block runs; yields its base URL."""
    # asyncio turns off Nagle's delay (40 ms for each answer) only on sockets that say they are TCP.
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()  # connections queue until the server takes them
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, ws="none", lifespan="auto"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=10)


def _fingerprint(record: Record) -> str:
    """Everything a record says, as text to compare by; for tests only, because it names the person."""
    parts: tuple[object, ...]
    if isinstance(record, PersonRecord):
        parts = (record.kind, record.person_id, record.source_id, record.occurred_at, record.body, record.retracted)
    elif isinstance(record, PlaceRecord):
        parts = (record.area, record.source_id, record.occurred_at, record.body, record.retracted)
    else:
        parts = (record.reason, record.intentional)
    return repr(parts)


def _stored(cursor: Cursor) -> Cursor | None:
    """A cursor as it comes back from the ledger."""
    return json.loads(json.dumps(cursor)) or None


def _said(batches: Sequence[Batch]) -> list[str]:
    return [_fingerprint(record) for batch in batches for record in batch.records]


def _new(batches: Sequence[Batch]) -> list[str]:
    return _said([batch for batch in batches if not batch.retold])


def _persons(batches: Sequence[Batch]) -> list[PersonRecord]:
    return [record for batch in batches for record in batch.records if isinstance(record, PersonRecord)]


class SourceSuite:
    """What the intake relies on, for every connector. Subclass it as `Test…` and set `connector`, `config`, `make_dataset`.

    `{url}` and `{dataset}` in the strings of `config` become the simulator's base URL and the dataset folder; `secrets`
    are the connector's by name. A source that reads a stretch again marks those batches `retold`; `may_repeat` waives
    exactness of cursors beyond that, and must say why.
    """

    connector: ClassVar[Connector]
    config: ClassVar[Mapping[str, Any]] = {}
    options: ClassVar[Mapping[str, Any]] = {}
    secrets: ClassVar[Mapping[str, str]] = {}
    now: ClassVar[datetime] = _DEMO_DAY
    may_repeat: ClassVar[str] = ""

    def make_dataset(self, folder: Path) -> None:
        """Write what the simulator (or the source itself) reads into the empty `folder`."""
        raise NotImplementedError

    def make_config(self, dataset: Path, url: str) -> Any:
        """The connector's checked settings; override where placeholders in `config` are not enough."""
        return self.connector.config.model_validate(_filled(self.config, {"{url}": url, "{dataset}": str(dataset)}))

    def make_context(self, dataset: Path, secured: Callable[[str], bool] = lambda _: True) -> SourceContext:
        """What the hub would give the source."""
        return SourceContext(now=lambda: self.now, secret=self._secret, gazetteer=MemoryPlaces(), home=dataset, secured=secured)

    def _secret(self, name: str) -> str:
        if name not in self.secrets:
            raise ConfigError(f"the suite has no secret {name!r}; set `secrets`", code="missing_secret")
        return self.secrets[name]

    @contextmanager
    def _world(self, folder: Path) -> Iterator[tuple[Any, Path]]:
        dataset = folder / "dataset"
        dataset.mkdir()
        self.make_dataset(dataset)
        if self.connector.build_simulator is None:
            yield self.make_config(dataset, ""), dataset
            return
        with served(self.connector.build_simulator(dataset, self.options)) as url:
            yield self.make_config(dataset, url), dataset

    @contextmanager
    def source(self, folder: Path, secured: Callable[[str], bool] = lambda _: True) -> Iterator[Source]:
        """The connector's event source, on the simulator."""
        with (
            self._world(folder) as (config, dataset),
            closing(self.connector.build_source(config, self.make_context(dataset, secured))) as source,
        ):
            yield source

    @contextmanager
    def statutory(self, folder: Path) -> Iterator[StatutorySource | None]:
        """The connector's statutory source, or None."""
        build = self.connector.build_statutory
        if build is None:
            yield None
            return
        with self._world(folder) as (config, dataset), closing(build(config, self.make_context(dataset))) as source:
            yield source

    def test_the_dataset_gives_records_of_the_declared_kinds_only(self, tmp_path: Path) -> None:
        with self.source(tmp_path) as source:
            batches = list(source.batches(None))
        records = [record for batch in batches for record in batch.records]
        assert any(isinstance(record, PersonRecord | PlaceRecord) for record in records), "the dataset gives no record"
        assert {record.kind for record in _persons(batches)} <= self.connector.kinds
        assert self.connector.places or not any(isinstance(record, PlaceRecord) for record in records)

    def test_cursors_are_json_and_name_nobody(self, tmp_path: Path) -> None:
        with self.source(tmp_path) as source:
            batches = list(source.batches(None))
        for batch in batches:
            text = json.dumps(batch.cursor)
            assert json.loads(text) == batch.cursor
            assert not any(record.person_id in text for record in _persons(batches))

    def test_a_replay_says_the_same(self, tmp_path: Path) -> None:
        with self.source(tmp_path) as source:
            first, second = list(source.batches(None)), list(source.batches(None))
        assert _said(first) == _said(second)

    def test_a_source_that_is_caught_up_says_nothing_new(self, tmp_path: Path) -> None:
        with self.source(tmp_path) as source:
            batches = list(source.batches(None))
            again = list(source.batches(_stored(batches[-1].cursor)))
        assert set(_said(again)) <= set(_said(batches))
        assert self.may_repeat or _new(again) == []

    def test_every_cursor_goes_on_where_its_batch_ended(self, tmp_path: Path) -> None:
        with self.source(tmp_path) as source:
            batches = list(source.batches(None))
            cursors = [batch.cursor for batch in batches]
            for cursor in cursors:
                # Batches under a cursor that has not moved yet come again; an empty cursor is the beginning.
                rest = batches[cursors.index(cursor) + 1 :] if cursor else batches
                resumed = list(source.batches(_stored(cursor)))
                assert set(_said(rest)) <= set(_said(resumed))
                assert self.may_repeat or _new(rest) == _new(resumed)

    def test_no_record_prints_its_person(self, tmp_path: Path) -> None:
        with self.source(tmp_path) as source:
            for record in _persons(list(source.batches(None))):
                assert record.person_id not in repr(record)
                assert record.source_id not in repr(record)

    def test_closing_twice_is_harmless(self, tmp_path: Path) -> None:
        with self.source(tmp_path) as source:
            source.close()
            source.close()

    def test_events_wait_for_the_statutory_store_and_are_not_lost(self, tmp_path: Path) -> None:
        secured = False
        with self.source(tmp_path, lambda _: secured) as source:
            waiting = list(source.batches(None))
            secured = True
            everything = list(source.batches(None))
            rest = list(source.batches(waiting[-1].cursor if waiting else None))
        if self.connector.build_statutory is not None:
            assert _persons(waiting) == []
            assert {_fingerprint(one) for one in _persons(rest)} == {_fingerprint(one) for one in _persons(everything)}

    def test_statutory_messages_are_whole_and_come_once_per_cursor(self, tmp_path: Path) -> None:
        with self.statutory(tmp_path) as source:
            if source is None:
                return
            first, second = list(source.batches(None)), list(source.batches(None))
            after = [one for batch in source.batches(_stored(first[-1].cursor)) for one in batch.messages]
        assert any(batch.messages for batch in first), "the dataset gives no message"
        assert [list(batch.messages) for batch in first] == [list(batch.messages) for batch in second]
        assert after == [] or self.may_repeat


def _filled(value: Any, places: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for name, text in places.items():
            value = value.replace(name, text)
        return value
    if isinstance(value, Mapping):
        return {name: _filled(one, places) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(one, places) for one in value]
    return value
