"""A batch of raw records becomes effects: decoded, judged, folded, counted."""

from __future__ import annotations

import pytest

from hub.contract.topics import CATALOGUE, CONSENTS, RULES, SCHOOL_ABSENCES, dead_letter_topic
from hub.errors import FatalError
from hub.runtime.effects import Effects, Record, Wake
from hub.runtime.pipeline import Pipeline
from hub.runtime.runs import Run, run_of
from tests.unit.core.make import NOW, ago, make_absence, make_consent, make_withdrawn
from tests.unit.runtime.fakes import (
    CODEC,
    FIRST,
    RULEBOOK,
    YOUTH_KEY,
    MemoryState,
    SumProgram,
    make_clock,
    make_marker,
    make_record,
)

ABSENCES = SCHOOL_ABSENCES.name


def run(records: list[Record | Wake], state: MemoryState | None = None) -> Effects:
    return fold(Pipeline(SumProgram(), state or MemoryState(), CODEC, make_clock(), RULEBOOK), records)


def fold(pipeline: Pipeline, records: list[Record | Wake]) -> Effects:
    """Records of one topic that follow each other come in one run, as a poll brings them."""
    parts: list[Run | Wake] = []
    for one in records:
        if isinstance(one, Wake):
            parts.append(one)
        elif parts and isinstance(parts[-1], Run) and parts[-1].topic == one.topic:
            parts[-1] = Run(one.topic, one.partition, [*parts[-1].rows, *run_of(one).rows], 0)
        else:
            parts.append(run_of(one))
    return pipeline.process_batch(0, parts)


def absence(offset: int, minutes: int = 60, **given: object) -> Record:
    return make_record(SCHOOL_ABSENCES, offset, make_absence(offset, ago(1), minutes), **given)  # type: ignore[arg-type]


def consented(**positions: int) -> MemoryState:
    state = MemoryState(positions)
    state.values[YOUTH_KEY] = b"0"
    return state


def test_records_of_one_youth_fold_through_the_batch() -> None:
    effects = run([absence(0), absence(1), absence(2)], consented())
    assert effects.state_changes[YOUTH_KEY].value == b"180"
    assert len(effects.tasks) == 1
    assert effects.ledger == {(ABSENCES, "processed", ""): 3}
    assert effects.positions == {ABSENCES: 3}


def test_a_consent_in_the_batch_covers_the_events_behind_it() -> None:
    effects = run([make_record(CONSENTS, 0, make_consent()), absence(0)])
    assert effects.state_changes[YOUTH_KEY].value == b"60"
    assert not effects.awaits_consent


def test_a_refused_event_asks_for_newer_consents_and_leaves_no_state() -> None:
    effects = run([absence(0)])
    assert effects.awaits_consent
    assert not effects.state_changes
    assert effects.ledger == {(ABSENCES, "refused", "no_consent"): 1}


def test_a_withdrawn_reference_is_erased_and_its_later_events_are_refused() -> None:
    effects = run([make_record(CONSENTS, 0, make_withdrawn()), absence(0)], consented())
    assert effects.state_changes[YOUTH_KEY].value is None
    assert effects.ledger[ABSENCES, "refused", "no_consent"] == 1


def test_records_below_the_position_are_passed_over_uncounted() -> None:
    state = consented()
    state.positions = {ABSENCES: 2}
    effects = run([absence(0), absence(1), absence(2)], state)
    assert effects.state_changes[YOUTH_KEY].value == b"60"
    assert sum(effects.ledger.values()) == 1


def test_offsets_that_hold_nothing_any_more_are_counted_as_gone() -> None:
    effects = run([absence(3), absence(5)], consented())
    assert effects.ledger == {(ABSENCES, "gone", ""): 4, (ABSENCES, "processed", ""): 2}
    assert effects.positions == {ABSENCES: 6}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"message": None, "value": None, "key": YOUTH_KEY}, "no_value"),
        ({"message": None, "value": b"", "key": YOUTH_KEY}, "truncated"),
        ({"message": None, "value": b"\x01rest", "key": YOUTH_KEY}, "bad_magic"),
        ({"message": None, "value": b"\x00\x00\x00\xff\xff", "key": YOUTH_KEY}, "unknown_schema_id"),
        ({"message": None, "value": CODEC.encode(CONSENTS, make_consent()), "key": YOUTH_KEY}, "schema_of_another_topic"),
        ({"message": make_absence(1, NOW), "key": b"19990101980x"}, "bad_key"),
        ({"message": make_absence(1, NOW), "key": None}, "bad_key"),
        ({"message": make_absence(1, NOW), "key": YOUTH_KEY[:-1] + b"2"}, "key_mismatch"),
    ],
)
def test_what_breaks_the_contract_is_dead_lettered_and_the_next_is_processed(given: dict[str, object], code: str) -> None:
    bad = make_record(SCHOOL_ABSENCES, 0, **given)  # type: ignore[arg-type]
    effects = run([bad, absence(1)], consented())
    assert effects.ledger == {(ABSENCES, "dead_lettered", code): 1, (ABSENCES, "processed", ""): 1}
    [letter] = effects.dead_letters
    assert letter.record.topic == f"{ABSENCES}.dlq"
    said = CODEC.decode(dead_letter_topic(SCHOOL_ABSENCES), letter.record.value)
    assert (said.origin_topic, said.origin_offset, said.error_class) == (ABSENCES, 0, code)  # type: ignore[attr-defined]


def test_a_key_that_is_not_ours_is_copied_nowhere() -> None:
    secret = b"199901019802"
    effects = run([make_record(SCHOOL_ABSENCES, 0, make_absence(1, NOW), key=secret)])
    [letter] = effects.dead_letters
    assert letter.record.key is None
    assert secret not in (letter.record.value or b"")
    assert all(secret not in value for _, value in letter.record.headers)


@pytest.mark.parametrize("name", SumProgram.topics)
def test_every_topic_read_has_a_dead_letter_topic(name: str) -> None:
    effects = run([Record(name, 0, 0, b"\xff", b"")])
    assert effects.dead_letters[0].record.topic in CATALOGUE


def test_a_rule_marker_acts_from_the_next_record_on() -> None:
    program = SumProgram()
    pipeline = Pipeline(program, consented(), CODEC, make_clock(), RULEBOOK)
    effects = fold(pipeline, [absence(0), make_record(RULES, 0, make_marker("second")), absence(1)])
    assert program.seen == ["first", "second"]
    assert effects.activated is not None
    assert effects.activated.version == "second"
    assert effects.ledger[RULES.name, "processed", ""] == 1


def test_a_batch_thrown_away_activates_nothing() -> None:
    program = SumProgram()
    pipeline = Pipeline(program, consented(), CODEC, make_clock(), RULEBOOK)
    fold(pipeline, [make_record(RULES, 0, make_marker("second"))])
    fold(pipeline, [absence(0)])
    assert program.seen == ["first"]


def test_a_marker_of_the_rules_in_force_wakes_nobody() -> None:
    effects = run([make_record(RULES, 0, make_marker())])
    assert effects.activated is None
    assert effects.ledger == {(RULES.name, "processed", ""): 1}


def test_a_refused_marker_is_dead_lettered_with_its_reason_and_the_former_rules_stay() -> None:
    program = SumProgram()
    pipeline = Pipeline(program, consented(), CODEC, make_clock(), RULEBOOK)
    marker = make_marker("second").model_copy(update={"sha256": "0" * 64})
    effects = fold(pipeline, [make_record(RULES, 0, marker), absence(0)])
    assert program.seen == ["first"]
    assert effects.activated is None
    assert effects.ledger[RULES.name, "dead_lettered", "rules_digest_mismatch"] == 1
    [letter] = effects.dead_letters
    said = CODEC.decode(dead_letter_topic(RULES), letter.record.value)
    assert (said.stage, said.error_class) == ("activate", "rules_digest_mismatch")  # type: ignore[attr-defined]


def test_nothing_is_judged_before_rules_are_in_force() -> None:
    state = consented()
    state.rules = None
    with pytest.raises(FatalError) as caught:
        run([absence(0)], state)
    assert caught.value.code == "no_rules"
    effects = run([make_record(RULES, 0, make_marker()), absence(0)], state)
    assert effects.activated == FIRST


def test_a_wake_is_counted_nowhere_and_always_sets_its_clock_anew() -> None:
    effects = run([Wake(YOUTH_KEY)], consented())
    assert effects.state_changes[YOUTH_KEY].value == b"1"
    assert not effects.ledger


def test_a_wake_for_a_state_that_is_gone_does_nothing() -> None:
    assert run([Wake(YOUTH_KEY)]) == Effects()


def test_a_batch_thrown_away_leaves_no_trace_in_the_pipeline() -> None:
    state = consented()
    pipeline = Pipeline(SumProgram(), state, CODEC, make_clock(), RULEBOOK)
    fold(pipeline, [absence(0)])
    assert fold(pipeline, [absence(0), absence(1)]).state_changes[YOUTH_KEY].value == b"120"


def test_records_of_another_partition_are_a_fault() -> None:
    with pytest.raises(ValueError, match="one partition"):
        run([Record(ABSENCES, 1, 0, YOUTH_KEY, b"")])


def test_a_fault_of_the_program_is_not_swallowed() -> None:
    class Broken(SumProgram):
        def step(self, *_: object) -> None:  # type: ignore[override]
            raise FatalError("cannot go on")

    with pytest.raises(FatalError):
        fold(Pipeline(Broken(), consented(), CODEC, make_clock(), RULEBOOK), [absence(0)])


class Loads(SumProgram):
    """Counts how often a state was made from its bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded = 0

    def load(self, key: str, value: bytes | None) -> object | None:
        self.loaded += value is not None
        return super().load(key, value)


def test_a_state_that_was_stored_is_not_decoded_again_for_the_next_batch() -> None:
    program, state = Loads(), consented()
    pipeline = Pipeline(program, state, CODEC, make_clock(), RULEBOOK, remembers=1000)
    for offset in range(3):
        effects = fold(pipeline, [absence(offset)])
        pipeline.settle(effects)
        state.values[YOUTH_KEY] = effects.state_changes[YOUTH_KEY].value or b""
        state.positions = effects.positions
    assert (program.loaded, state.values[YOUTH_KEY]) == (1, b"180")


def test_what_was_not_stored_is_not_taken_for_the_state() -> None:
    pipeline = Pipeline(SumProgram(), consented(), CODEC, make_clock(), RULEBOOK, remembers=1000)
    fold(pipeline, [absence(0)])  # thrown away
    assert fold(pipeline, [absence(0)]).state_changes[YOUTH_KEY].value == b"60"


def test_of_a_state_that_was_erased_nothing_is_remembered() -> None:
    pipeline = Pipeline(SumProgram(), state := consented(), CODEC, make_clock(), RULEBOOK, remembers=1000)
    pipeline.settle(fold(pipeline, [absence(0)]))
    pipeline.settle(fold(pipeline, [make_record(CONSENTS, 0, make_withdrawn())]))
    del state.values[YOUTH_KEY]
    assert fold(pipeline, [absence(1)]).ledger[ABSENCES, "refused", "no_consent"] == 1


def test_a_run_that_was_folded_before_moves_nothing() -> None:
    state = consented()
    state.positions = {ABSENCES: 2}
    assert run([absence(0), absence(1)], state) == Effects()


def test_holes_are_counted_behind_the_position_only() -> None:
    state = consented(**{ABSENCES: 2})
    effects = run([absence(0), absence(3), absence(6)], state)
    assert effects.ledger == {(ABSENCES, "gone", ""): 3, (ABSENCES, "processed", ""): 2}
    assert effects.positions == {ABSENCES: 7}
