from __future__ import annotations

from datetime import timedelta

import pytest

from hub.connector import Batch
from hub.contract.models import Erasure, ErasureKind
from hub.contract.topics import ERASURES, SCHOOL_ABSENCES
from hub.errors import RejectedError, RetriableError, StaleDirectoryError

ERASURE = "11111111-2222-3333-4444-555555555555"


class Crash(BaseException):
    """As a SIGKILL: nothing catches it."""


def crash() -> None:
    raise Crash


def test_consented_records_and_places_are_published_and_the_rest_is_counted(world) -> None:
    world.grant(world.person(0))
    world.source.given = [
        [
            world.absence(world.person(0)),
            world.absence(world.person(1)),
            world.absence("not a number"),
            world.incident(),
            world.unmapped(),
        ]
    ]
    assert world.lane().poll() == {
        ("published", ""): 2,
        ("refused", "no_reference"): 1,
        ("refused", "unresolved_identifier"): 1,
        ("unmapped", "uncoded"): 1,
    }
    assert [record.topic for record in world.publisher.records] == ["hub.school-absences.v1", "hub.place-events.v1"]
    assert world.ledger.cursor("events") == {"next": 1}


def test_every_spelling_of_a_number_finds_the_same_reference(world) -> None:
    number = world.person(0)
    world.grant(number)
    full_width = number.translate({ord(str(digit)): 0xFF10 + digit for digit in range(10)})
    spellings = [number, number.replace("-", ""), number[2:], number.replace("-", "\N{EN DASH}"), full_width]
    world.source.given = [[world.absence(spelling, f"a{index}") for index, spelling in enumerate(spellings)]]
    assert world.lane().poll() == {("published", ""): 5}
    assert {record.key for record in world.publisher.records} == {world.entry(1).youth_ref.encode()}


def test_a_second_poll_publishes_nothing_and_a_repeated_record_is_unchanged(world) -> None:
    world.grant(world.person())
    world.source.given = [[world.absence(world.person())]]
    lane = world.lane()
    lane.poll()
    assert lane.poll() == {}
    world.source.given.append([world.absence(world.person())])
    assert lane.poll() == {("unchanged", ""): 1}
    assert len(world.publisher.records) == 1


def test_a_correction_and_a_retraction_are_higher_revisions_of_the_same_event(world) -> None:
    world.grant(world.person())
    world.source.given = [
        [world.absence(world.person())],
        [world.absence(world.person(), minutes=20)],
        [world.absence(world.person(), minutes=20, retracted=True)],
    ]
    world.lane().poll()
    first, second, third = world.published
    assert first.event_id == second.event_id == third.event_id
    assert [(one.revision, one.retracted) for one in (first, second, third)] == [(1, False), (2, False), (3, True)]


def test_a_crash_between_publish_and_settlement_repeats_the_same_identity_and_revision(world) -> None:
    world.grant(world.person())
    world.source.given = [[world.absence(world.person()), world.absence(world.person(1))]]
    with pytest.raises(Crash):
        world.lane(after_publish=crash).poll()
    assert world.ledger.cursor("events") is None
    world.crash()
    assert world.lane().poll() == {("published", ""): 1, ("uncertain", ""): 1, ("refused", "no_reference"): 1}
    first, again = world.publisher.records
    assert (first.topic, first.key, dict(first.headers)["ce_id"]) == (again.topic, again.key, dict(again.headers)["ce_id"])
    assert world.published[0] == world.published[1]
    assert world.ledger.totals() == {
        ("handled", ""): 2,
        ("published", ""): 1,
        ("uncertain", ""): 1,
        ("refused", "no_reference"): 1,
    }


def test_content_that_changed_after_the_crash_gets_a_higher_revision(world) -> None:
    world.grant(world.person())
    world.source.given = [[world.absence(world.person())]]
    with pytest.raises(Crash):
        world.lane(after_publish=crash).poll()
    world.crash()
    world.source.given = [[world.absence(world.person(), minutes=5)]]
    assert world.lane().poll() == {("published", ""): 1, ("overtaken", ""): 1}  # the first one stands there
    assert [(one.revision, one.minutes) for one in world.published] == [(1, 60), (2, 5)]


def test_each_of_several_crashes_is_counted(world) -> None:
    world.grant(world.person())
    world.source.given = [[world.absence(world.person())]]
    for _ in range(3):
        with pytest.raises(Crash):
            world.lane(after_publish=crash).poll()
        world.crash()
    assert world.lane().poll() == {("published", ""): 1, ("uncertain", ""): 1}
    assert len(world.published) == 4
    assert world.ledger.totals() == {("handled", ""): 1, ("published", ""): 1, ("uncertain", ""): 3}
    assert world.ledger.unconfirmed() == 0


def test_what_is_overtaken_is_counted_once_however_many_attempts_it_takes(world) -> None:
    world.grant(world.person())
    for minutes in (60, 5, 5):
        world.source.given = [[world.absence(world.person(), minutes=minutes)]]
        with pytest.raises(Crash):
            world.lane(after_publish=crash).poll()
        world.crash()
    world.lane().poll()
    assert world.ledger.totals() == {("handled", ""): 1, ("published", ""): 1, ("overtaken", ""): 1, ("uncertain", ""): 2}
    assert [one.revision for one in world.published] == [1, 2, 2, 2]


def test_what_the_source_no_longer_tells_after_a_crash_stays_unconfirmed(world) -> None:
    world.grant(world.person())
    world.source.given = [[world.absence(world.person(), "a1"), world.absence(world.person(), "a2")]]
    with pytest.raises(Crash):
        world.lane(after_publish=crash).poll()
    world.crash()
    world.source.given = [[world.absence(world.person(), "a2")]]
    assert world.lane().poll() == {("published", ""): 1, ("uncertain", ""): 1}
    assert world.ledger.unconfirmed() == 1
    assert len(world.published) == 3  # published, uncertain and unconfirmed account for them


def test_when_kafka_does_not_acknowledge_nothing_is_settled(world) -> None:
    world.grant(world.person())
    world.source.given = [[world.absence(world.person())]]
    world.publisher.failures.append(RetriableError("no broker", code="kafka"))
    lane = world.lane()
    with pytest.raises(RetriableError):
        lane.poll()
    assert world.ledger.cursor("events") is None
    assert world.ledger.totals() == {}
    assert lane.poll() == {("published", ""): 1, ("uncertain", ""): 1}  # as far as the ledger knows, it may have been on Kafka


def test_what_a_failing_source_gave_before_it_failed_is_safe(world) -> None:
    world.grant(world.person())
    world.source.given = [[world.absence(world.person())], [world.absence(world.person(), "a2")]]
    world.source.fail_before[1] = RetriableError("source down")
    lane = world.lane()
    with pytest.raises(RetriableError):
        lane.poll()
    assert world.ledger.cursor("events") == {"next": 1}
    assert lane.poll() == {("published", ""): 1}


def test_a_stale_directory_publishes_nothing_and_pulls_nothing(world) -> None:
    world.grant(world.person())
    world.source.given = [[world.absence(world.person()), world.incident()]]
    world.directory.stale = True
    with pytest.raises(StaleDirectoryError):
        world.lane().poll()
    assert world.publisher.records == []
    assert world.source.pulls == 0
    assert world.ledger.cursor("events") is None


def test_a_registry_that_is_down_stops_nothing_while_the_copy_is_fresh(world) -> None:
    world.grant(world.person())
    world.source.given = [[world.absence(world.person())]]
    world.directory.failures.extend(RetriableError("down", code="registry") for _ in range(2))
    assert world.lane().poll() == {("published", ""): 1}


def test_a_consent_that_came_during_the_pull_is_known_before_its_records_are_judged(world) -> None:
    class LateConsent(type(world.source)):
        def batches(self, cursor):
            for batch in super().batches(cursor):
                yield batch
                world.granting = True

    class Following(type(world.directory)):
        def refresh(self, heed):
            super().refresh(heed)
            if world.source.pulls:
                self.grant(world.person(), world.entry())

    source, directory = LateConsent(), Following()
    source.given = [[world.absence(world.person())]]
    world.source = source
    assert world.lane(source=source, directory=directory).poll() == {("published", ""): 1}


def test_a_withdrawn_reference_is_erased_refused_and_receipted(world) -> None:
    entry = world.grant(world.person())
    world.source.given = [[world.absence(world.person())]]
    lane = world.lane()
    lane.poll()
    world.directory.withdraw(world.person(), ERASURE)
    world.source.given.append([world.absence(world.person(), "a2")])
    assert lane.poll() == {("refused", "no_reference"): 1}
    assert world.published[1:] == [
        Erasure(
            kind=ErasureKind.RECEIPT,
            erasure_id=ERASURE,
            youth_ref=entry.youth_ref,
            component="connector-ss12000",
            occurred_at=world.clock.now(),
        )
    ]
    assert world.publisher.records[1].topic == ERASURES.name
    assert world.ledger.receipts() == []


def test_a_receipt_is_repeated_until_kafka_has_it_even_after_a_crash(world) -> None:
    world.grant(world.person())
    lane = world.lane()
    world.directory.withdraw(world.person(), ERASURE)
    world.publisher.failures.append(RetriableError("no broker", code="kafka"))
    with pytest.raises(RetriableError):
        lane.keep()
    world.crash()
    world.lane().keep()
    world.lane().keep()
    assert [record.topic for record in world.publisher.records] == [ERASURES.name]


def test_a_receipt_does_not_wait_for_the_registry(world) -> None:
    world.grant(world.person())
    world.directory.withdraw(world.person(), ERASURE)
    world.publisher.failures.append(RetriableError("no broker", code="kafka"))
    lane = world.lane()
    with pytest.raises(RetriableError):
        lane.keep()
    world.directory.failures.append(RetriableError("down", code="registry"))
    lane.keep()
    assert len(world.publisher.records) == 1


def test_an_instance_for_places_alone_needs_no_directory(world) -> None:
    world.source.given = [[world.incident(), world.absence(world.person())]]
    assert world.lane(directory=None).poll() == {("published", ""): 1, ("refused", "kind_not_allowed"): 1}


def test_a_source_that_rejects_leaves_the_cursor_where_it_was(world) -> None:
    world.source.given = [[world.unmapped()], [world.unmapped()]]
    world.source.fail_before[1] = RejectedError("an answer of another form", code="bad_answer")
    with pytest.raises(RejectedError):
        world.lane().poll()
    assert world.ledger.cursor("events") == {"next": 1}


def test_many_small_batches_are_settled_together_under_the_last_cursor(world) -> None:
    world.grant(world.person())
    world.source.given = [[world.absence(world.person(), f"a{number}")] for number in range(2203)]
    published = []
    world.lane(after_publish=lambda: published.append(len(world.publisher.records))).poll()
    assert published == [1000, 2000, 2203]
    assert world.ledger.cursor("events") == {"next": 2203}


def test_an_empty_batch_still_moves_the_cursor(world) -> None:
    world.source.given = [[]]
    assert world.lane().poll() == {}
    assert world.ledger.cursor("events") == {"next": 1}


def test_no_key_header_or_value_holds_the_person_or_the_source_id(world) -> None:
    world.grant(world.person())
    world.source.given = [[world.absence(world.person(), "teacher-note-17", at=world.clock.now() - timedelta(days=2))]]
    world.lane().poll()
    (record,) = world.publisher.records
    everything = repr(record).encode() + (record.value or b"")
    assert record.topic == SCHOOL_ABSENCES.name
    for secret in (world.person().replace("-", ""), world.person(), "teacher-note-17"):
        assert secret.encode() not in everything


def test_what_is_told_again_is_compared_but_its_refusals_are_not_counted_again(world) -> None:
    world.grant(world.person(0))
    told = [world.absence(world.person(0)), world.absence(world.person(1)), world.unmapped()]
    world.source.given = [told]
    lane = world.lane()
    lane.poll()

    class Overlapping(type(world.source)):
        def batches(self, cursor):
            yield Batch([*told, world.absence(world.person(0), "late")], cursor, retold=True)
            yield Batch([], {"next": 7})

    assert world.lane(source=Overlapping()).poll() == {("unchanged", ""): 1, ("published", ""): 1}
    assert world.ledger.totals() == {
        ("handled", ""): 2,
        ("published", ""): 2,
        ("unchanged", ""): 1,
        ("refused", "no_reference"): 1,
        ("unmapped", "uncoded"): 1,
    }


def test_refusals_wait_for_the_cursor_to_move_past_them_and_count_once_after_a_crash(world) -> None:
    class Windowed(type(world.source)):
        """One window in two batches: the cursor moves with the second."""

        def batches(self, cursor):
            if cursor:
                return
            yield Batch([world.unmapped() for _ in range(1200)], {})
            if self.fail_before:
                raise self.fail_before.pop(0)
            yield Batch([world.unmapped()], {"next": 1})

    source = Windowed()
    source.fail_before[0] = RetriableError("down")
    with pytest.raises(RetriableError):
        world.lane(source=source).poll()
    world.crash()
    assert world.ledger.totals() == {}
    assert world.lane(source=source).poll() == {("unmapped", "uncoded"): 1201}
    assert world.lane(source=source).poll() == {}
    assert world.ledger.totals() == {("unmapped", "uncoded"): 1201}


def test_retracting_what_was_never_said_is_no_refusal_and_no_event(world) -> None:
    world.grant(world.person(0))
    world.source.given = [
        [world.absence(world.person(0), retracted=True), world.absence(world.person(1), retracted=True)],
    ]
    assert world.lane().poll() == {("unchanged", ""): 2}
    assert world.publisher.records == []


def test_a_retraction_that_breaks_the_contract_is_counted_and_the_next_record_goes_on(world) -> None:
    world.grant(world.person())
    world.source.given = [
        [world.absence(world.person())],
        [world.absence(world.person(), minutes=-1, retracted=True), world.absence(world.person(), "a2")],
        [world.absence(world.person(), minutes=30)],
    ]
    lane = world.lane()
    assert lane.poll() == {("published", ""): 3, ("refused", "invalid_record"): 1}
    assert [(one.revision, one.minutes) for one in world.published] == [(1, 60), (1, 60), (2, 30)]


def test_facts_that_were_read_before_the_consent_was_known_are_published_when_it_is(world) -> None:
    world.grant(world.person(1), 1)
    facts = [world.absence(world.person(number), f"a{number}") for number in (1, 2, 3)]
    world.source.given = [facts[:1], facts[1:]]
    lane = world.lane()
    assert lane.poll() == {("published", ""): 1, ("refused", "no_reference"): 2}
    entry = world.grant(world.person(2), 2)
    assert lane.poll() == {("published", ""): 1}
    assert world.publisher.records[-1].key == entry.youth_ref.encode()
    assert lane.poll() == {}
    assert world.ledger.totals() == {("handled", ""): 3, ("published", ""): 2, ("refused", "no_reference"): 2}


def test_reading_again_survives_a_crash(world) -> None:
    world.source.given = [[world.absence(world.person(), f"a{number}")] for number in range(1500)]
    world.lane().poll()
    world.grant(world.person())
    with pytest.raises(Crash):
        world.lane(after_publish=crash).poll()
    world.crash()
    assert world.lane().poll() == {("uncertain", ""): 1000, ("published", ""): 1500}
    assert len({one.event_id for one in world.published}) == 1500
    assert world.lane().poll() == {}


def test_a_consent_that_comes_while_the_source_is_read_again_begins_it_anew(world) -> None:
    class Granting(type(world.source)):
        """Grants person 2 in the middle of the first reading again."""

        granting = False

        def batches(self, cursor):
            for batch in super().batches(cursor):
                yield batch
                if cursor is None and self.granting:
                    self.granting = False
                    world.grant(world.person(2), 2)

    source = Granting()
    source.given = [[world.absence(world.person(number % 3), f"a{number}") for number in range(1000)] for _ in range(2)]
    lane = world.lane(source=source)
    lane.poll()
    world.grant(world.person(1), 1)
    source.granting = True
    lane.poll()
    lane.poll()
    assert {one.youth_ref for one in world.published} == {world.entry(number).youth_ref for number in (1, 2)}
    assert len({one.event_id for one in world.published}) == len(world.published) == 666
    pulls = source.pulls
    assert lane.poll() == {}
    assert source.pulls == pulls + 1


def test_a_source_that_is_told_is_not_asked_for_what_it_was_told_before_a_consent(world) -> None:
    """It has nothing but what waits now, and only the lane's own cursor knows which of that is a repeat."""

    class Told(type(world.source)):
        asked_after: tuple[dict | None, ...] = ()

        def batches(self, cursor):
            self.asked_after += (cursor,)
            return super().batches(cursor)

        def listen(self, wake, stop):
            """Nobody pushes."""

        def settled(self, cursor):
            """Nobody waits for an answer."""

    source = Told()
    source.given = [[world.absence(world.person())]]
    lane = world.lane(source=source)
    lane.poll()
    world.grant(world.person())
    assert lane.poll() == {}
    assert source.asked_after == (None, {"next": 1})
    assert world.ledger.cursor("backfill") == {}
