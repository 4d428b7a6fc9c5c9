"""What the intake relies on, asked of every source."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from hub.connector import Backfill, Draft, PersonRecord, RawMessage, StatutoryBatch, Unmapped
from hub.errors import HubError, RetriableError
from hub.testing.reading import facts, identity, persons_of, said, stored
from hub.testing.serving import Fault, Watched, garbled, once, refusing, silent
from hub.testing.source_reading import SourceReading
from hub.testing.suite import case
from hub.testing.world import World, named_in, overheard

__all__ = ["SourceSuite"]

_RETRY_AFTER = 7.0
_TROUBLE: dict[str, Fault] = {
    "429": refusing(429, retry_after="7"),
    "500": refusing(500),
    "503": refusing(503),
    "silence": silent,
}
_NO_MESSAGE = (b"", b"\x00", b"[]", b'{"data": [1]}', b'{"data": {"attributes": 1}}')
_GARBLED = b'{"data": [{"id": "1", '


class SourceSuite(SourceReading):
    """Every case plays on the connector's own simulator, or on its files; what it needs to know, `trial` says."""

    @case
    def test_nobody_is_named_in_a_cursor_a_url_a_repr_or_a_log(self, tmp_path: Path) -> None:
        with overheard() as heard, self.world(tmp_path) as world:
            batches = self.read_all(world)
            persons = persons_of(batches)
            lines = [one.line for one in world.server.asked] if world.server else []
            for trouble in (_TROUBLE["500"], garbled(_GARBLED)) if world.server else ():
                lines += self._told_in_trouble(world, trouble)
        shown = [repr(batch) for batch in batches] + [json.dumps(batch.cursor) for batch in batches]
        assert not any(named_in(text, persons) for text in (*shown, *lines, heard()))
        people = [one for one in facts(batches) if isinstance(one, PersonRecord)]
        assert not any(one.source_id in repr(one) for one in people), "a record prints its source id"

    @case
    def test_trouble_at_the_server_is_retriable(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world:
            server = _server(world)
            whole = said(self.read_all(world))
            for name, fault in _TROUBLE.items():
                server.fault = fault
                error = _failure(world)
                assert isinstance(error, RetriableError), f"{name} gave {type(error).__name__}, not RetriableError"
                assert name != "429" or error.retry_after == _RETRY_AFTER, "what Retry-After asked for was not handed on"
            server.fault = None
            server.app = world.simulator()
            assert said(self.read_all(world)) == whole, "the trouble is over, and something is missing"

    @case
    def test_trouble_in_the_middle_loses_nothing(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world:
            _read_through_trouble(world, world.source, lambda batches: set(said(batches)))

    @case
    def test_trouble_in_the_middle_loses_no_report(self, tmp_path: Path) -> None:
        if self.connector.build_statutory is None:
            return
        with self.world(tmp_path) as world:
            _read_through_trouble(world, world.statutory, _raw)

    @case
    def test_a_garbled_answer_is_an_error_of_the_hub(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world:
            _server(world).fault = garbled(_GARBLED)
            error = _failure(world)
        assert isinstance(error, HubError), f"{type(error).__name__} left the source, and would end the process"

    @case
    def test_a_broken_record_is_refused_between_good_ones(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world:
            good = facts(self.read_all(world))
            world.show("broken")
            batches = self.read_all(world)
        told = {identity(one) for one in facts(batches) if not one.retracted}
        assert {identity(one) for one in good if not one.retracted} <= told, "a good record went with the broken one"
        records = [record for batch in batches for record in batch.records]
        assert any(isinstance(one, Unmapped) and not one.intentional for one in records), "a broken record vanished uncounted"

    @case
    def test_closing_lets_go_of_everything(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world, world.source() as source:
            reading = source.batches(None)
            next(iter(reading), None)
            if isinstance(reading, Iterator) and hasattr(reading, "close"):
                reading.close()
            source.close()
            source.close()
            assert world.held() == [], "something of the foreign system is still held open"

    @case
    def test_the_simulator_answers_the_same_twice(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world:
            server = _server(world)
            answers = []
            for _ in range(2):
                server.asked.clear()
                server.app = world.simulator()
                self.read_all(world)
                # A token that is handed out may be random: only what was asked for counts.
                questions = [one for one in server.asked if one.line.startswith("GET ")]
                answers.append([(one.line, one.status, bytes(one.answer)) for one in questions])
        assert answers[0] == answers[1]

    @case
    def test_a_backfill_tells_all_of_a_person_and_goes_on(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world, world.source() as source:
            assert isinstance(source, Backfill) is self.connector.backfill, "what is declared is not what the source can do"
            if not isinstance(source, Backfill):
                return
            usual = [one for one in facts(source.batches(None)) if isinstance(one, PersonRecord) and not one.retracted]
            person, start = usual[-1].person_id, min(one.occurred_at for one in usual)
            wanted = {identity(one) for one in usual if one.person_id == person}

            def asked_for(other: str) -> bool:
                return other == person

            batches = list(source.backfill(asked_for, start))
            assert wanted <= {identity(one) for one in facts(batches) if not one.retracted}, "a fact of the person is missing"
            assert all(one.occurred_at >= start for one in facts(batches)), "something from before the instant was told"
            for number, batch in enumerate(batches, 1):
                rest = {identity(one) for one in facts(batches[number:])}
                resumed = list(source.backfill(asked_for, start, stored(batch.cursor)))
                assert rest <= {identity(one) for one in facts(resumed)}, "a reading that was broken off passed something over"

    @case
    def test_events_wait_for_the_statutory_store(self, tmp_path: Path) -> None:
        if self.connector.build_statutory is None:
            return
        safe = False
        with self.world(tmp_path) as world, world.source(lambda _: safe) as source:
            waiting = list(source.batches(None))
            safe = True
            everything = list(source.batches(None))
            rest = list(source.batches(waiting[-1].cursor if waiting else None))
        assert facts(waiting) == [], "a mandatory report was correlated before it was safe"
        assert set(said(rest)) == set(said(everything))

    @case
    def test_statutory_messages_are_whole_and_come_once(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world, world.statutory() as source:
            if source is None:
                return
            first, second = list(source.batches(None)), list(source.batches(None))
            after = [one for batch in source.batches(stored(first[-1].cursor)) for one in batch.messages]
        assert any(batch.messages for batch in first), "the dataset gives no message"
        assert [list(batch.messages) for batch in first] == [list(batch.messages) for batch in second]
        assert after == []
        assert all(_is_whole(one) for batch in first for one in batch.messages), "a message ends in the middle"

    @case
    def test_every_message_is_stored_whatever_it_says(self, tmp_path: Path) -> None:
        if self.connector.build_statutory is None:
            return
        told = {}
        with self.world(tmp_path) as world:
            for dataset in ("usual", "broken"):
                world.show(dataset)
                with world.statutory() as source:
                    assert source is not None
                    told[dataset] = len({name for name, _ in _raw(source.batches(None))})
        assert told == dict(self.trial.messages), "not every message was stored, or the trial counts wrong"

    @case
    def test_a_raw_message_is_read_for_whoever_codes_it(self, tmp_path: Path) -> None:
        if self.connector.read_draft is None:
            return
        with self.world(tmp_path) as world, world.statutory() as source:
            assert source is not None, "what is coded by a person is read from the statutory copy"
            whole = [message.content for batch in source.batches(None) for message in batch.messages]
            cut = [content[: len(content) // 2] for content in whole]
            drafts = [_draft(world, content) for content in (*whole, *cut, *_NO_MESSAGE)]
        found = [draft for draft in drafts if draft is not None]
        assert any(draft.subjects for draft in found), "no message of the dataset names anybody"
        persons = [who for draft in found for _, who in draft.subjects]
        assert not any(named_in(repr(draft), persons) for draft in found), "a draft prints whom it is about"
        assert all(draft.occurred_at is None or draft.occurred_at.tzinfo for draft in found), "a time has no zone"

    def _told_in_trouble(self, world: World, fault: Fault) -> list[str]:
        _server(world).fault = fault
        error = _failure(world)
        return [repr(error), repr(error.__cause__ if error else None)]


def _draft(world: World, content: bytes) -> Draft | None:
    try:
        return world.draft(content)
    except Exception as error:
        raise AssertionError(f"{type(error).__name__} left the reading of a raw message") from error


def _read_through_trouble(
    world: World, opened: Callable[[], AbstractContextManager[Any]], told: Callable[[Any], set[Any]]
) -> None:
    """One answer fails, early, in the middle or last. The reading says so, or is whole; what it left comes with the next."""
    server = _server(world)
    server.asked.clear()
    with opened() as source:
        whole = told(source.batches(None))
    asked = len(server.asked)
    for place in sorted({1, asked // 2, asked - 1} & set(range(asked))):
        server.fault = once(place, _TROUBLE["500"], world.simulator())
        with opened() as source:
            batches, failed = _as_far_as_it_goes(source)
            found = told(batches)
            assert failed or whole <= found, "an answer failed, and the reading ended as if that were all"
            found |= told(source.batches(stored(batches[-1].cursor) if batches else None))
        assert whole <= found, "what an answer that failed would have held was passed over"


def _as_far_as_it_goes(source: Any) -> tuple[list[Any], bool]:
    batches = []
    try:
        for batch in source.batches(None):
            batches.append(batch)  # noqa: PERF402 -- what was told before the error counts
    except HubError:
        return batches, True
    return batches, False


def _raw(batches: Iterable[StatutoryBatch]) -> set[tuple[str, bytes]]:
    return {(one.message_id, one.content) for batch in batches for one in batch.messages}


def _is_whole(message: RawMessage) -> bool:
    if not message.content_type.endswith("json"):
        return bool(message.content)
    try:
        json.loads(message.content)
    except ValueError:
        return False
    return True


def _server(world: World) -> Watched:
    assert world.server is not None, "the connector has no simulator to ask"
    return world.server


def _failure(world: World) -> Exception | None:
    """What left a whole reading; an unreadable answer that was counted instead is as good as an error of the hub."""
    with world.source() as source:
        try:
            records = [record for batch in source.batches(None) for record in batch.records]
        except Exception as error:  # noqa: BLE001 -- whatever leaves a source is what the case asks about
            return error
    counted = [record for record in records if isinstance(record, Unmapped) and not record.intentional]
    return HubError("counted", code=counted[0].reason) if counted else None
