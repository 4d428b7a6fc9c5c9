"""What the intake relies on, asked of every source."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from hub.connector import Backfill, Draft, PersonRecord, RawMessage
from hub.errors import HubError, RetriableError
from hub.testing.reading import facts, identity, raw, refusals, said, stored
from hub.testing.serving import Fault, garbled, refusing, silent
from hub.testing.source_privacy import SourcePrivacy
from hub.testing.suite import case
from hub.testing.trouble import GARBLED, Lane, failure, read_through_trouble, server_of
from hub.testing.world import World, named_in

__all__ = ["SourceSuite"]

_RETRY_AFTER = 7.0
_TROUBLE: dict[str, Fault] = {
    "429": refusing(429, retry_after="7"),
    "500": refusing(500),
    "503": refusing(503),
    "silence": silent,
}
_REFUSED = (
    "{found} of {wanted} broken records were told as Unmapped(…, intentional=False): each record that the source should not have "
    "said becomes a letter which an operator can send again; intentional=True is for what is left out on purpose"
)
_FEW = "Trial(refused=…) must say how many records of `broken` cannot be mapped, and the dataset hold two at least"
_NO_MESSAGE = (b"", b"\x00", b"[]", b'{"data": [1]}', b'{"data": {"attributes": 1}}')


class SourceSuite(SourcePrivacy):
    """Every case plays on the connector's own simulator, or on its files; what it needs to know, `trial` says."""

    @case
    def test_trouble_at_the_server_is_retriable(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world:
            server = server_of(world)
            whole = said(self.read_all(world))
            for name, fault in _TROUBLE.items():
                server.fault = fault
                error = failure(world)
                assert isinstance(error, RetriableError), f"{name} gave {type(error).__name__}, not RetriableError"
                assert name != "429" or error.retry_after == _RETRY_AFTER, "what Retry-After asked for was not handed on"
            server.fault = None
            server.app = world.simulator()
            assert said(self.read_all(world)) == whole, "the trouble is over, and something is missing"

    @case
    def test_trouble_in_the_middle_loses_nothing(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world:
            read_through_trouble(world, Lane(world.source, lambda batches: set(said(batches))))

    @case
    def test_trouble_in_the_middle_loses_no_report(self, tmp_path: Path) -> None:
        if self.connector.build_statutory is None:
            return
        with self.world(tmp_path) as world:
            read_through_trouble(world, Lane(world.statutory, raw))

    @case
    def test_a_garbled_answer_is_an_error_of_the_hub(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world:
            server_of(world).fault = garbled(GARBLED)
            error = failure(world)
        assert isinstance(error, HubError), f"{type(error).__name__} left the source, and would end the process"

    @case
    def test_a_broken_record_is_refused_between_good_ones(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world:
            good = facts(self.read_all(world))
            world.show("broken")
            batches = self.read_all(world)
        told = {identity(one) for one in facts(batches) if not one.retracted}
        assert {identity(one) for one in good if not one.retracted} <= told, "a good record went with the broken one"
        found, wanted = len(refusals(batches)), self.trial.refused
        assert wanted > 1, _FEW
        assert found >= wanted, _REFUSED.format(wanted=wanted, found=found)

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
            server = server_of(world)
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
                    told[dataset] = len({name for name, _ in raw(source.batches(None))})
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


def _draft(world: World, content: bytes) -> Draft | None:
    try:
        return world.draft(content)
    except Exception as error:
        raise AssertionError(f"{type(error).__name__} left the reading of a raw message") from error


def _is_whole(message: RawMessage) -> bool:
    if not message.content_type.endswith("json"):
        return bool(message.content)
    try:
        json.loads(message.content)
    except ValueError:
        return False
    return True
