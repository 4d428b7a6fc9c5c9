"""Without Kafka: the job against its oracle, and the bytes that all engines share."""

from __future__ import annotations

import io

import avro.io
import avro.schema
import pytest

from tests.bench.correlate.decode import SCHEMA, decoder
from tests.bench.correlate.job import FRAME, Event, State, apply, consents, dump, load, new_state, referral_key
from tests.bench.correlate.load import encode, values
from tests.bench.correlate.load import load as told
from tests.bench.correlate.oracle import expected, judge
from tests.bench.correlate.rounds import Measured, table

_EVENTS, _YOUTHS = 6_000, 120


def _worked_off() -> tuple[list[bytes], dict[bytes, State]]:
    decode, given = decoder("quick"), consents(_YOUTHS)
    states: dict[bytes, State] = {}
    referrals = []
    for key, value in values(_EVENTS, _YOUTHS):
        event = decode(value)
        state = states.get(key) or new_state()
        due = None if event is None else apply(state, event, given)
        if due is not None:
            states[key] = state
        if due:
            referrals.append(referral_key(key, event.event_id))
    return referrals, states


def _wanted():
    return expected(told(_EVENTS, _YOUTHS), _YOUTHS)


def test_the_job_brings_about_what_the_oracle_says() -> None:
    referrals, states = _worked_off()
    verdict = judge(_wanted(), referrals, ((key, dump(state)) for key, state in states.items()))
    assert verdict.right
    assert verdict.referrals > 100
    assert verdict.states == _YOUTHS - 1, "one youth has not consented to what her events need"


def test_the_oracle_sees_a_lost_referral_a_made_up_one_and_a_state_that_is_behind() -> None:
    referrals, states = _worked_off()
    changelog = {key: dump(state) for key, state in states.items()}
    behind = next(iter(changelog))
    states[behind].count -= 1
    changelog[behind] = dump(states[behind])
    verdict = judge(_wanted(), [*referrals[1:], b"\x00" * 16, referrals[-1]], changelog.items())
    assert (verdict.missing, verdict.unexpected, verdict.repeated, verdict.wrong) == (1, 1, 1, 1)
    assert not verdict.right


def test_the_last_record_of_a_changelog_counts_and_what_is_no_youths_is_passed_over() -> None:
    referrals, states = _worked_off()
    full = [(key, dump(state)) for key, state in states.items()]
    before = [(key, dump(new_state())) for key, _ in full]
    own = [(b"\x00meta", b"of a partition")]
    assert judge(_wanted(), referrals, [*before, *own, *full]).right
    assert not judge(_wanted(), referrals, [*full, (full[0][0], None)]).right
    assert judge(_wanted(), referrals, [(key + b"|more", b"12345678" + value) for key, value in full], offset=8).right


def test_a_state_is_read_as_it_was_written() -> None:
    _, states = _worked_off()
    assert all(dump(load(dump(state))) == dump(state) for state in states.values())
    assert dump(load(dump(new_state()))) == dump(new_state())


def test_the_avro_library_reads_what_the_load_writes() -> None:
    one = next(each for each in told(_EVENTS, _YOUTHS) if not each.cut)
    reader = avro.io.DatumReader(avro.schema.parse(SCHEMA.read_text(encoding="utf-8")))
    found = reader.read(avro.io.BinaryDecoder(io.BytesIO(encode(one).removeprefix(FRAME))))
    read = decoder("quick")(encode(one))
    assert isinstance(read, Event)
    assert (found["event_id"], found["youth_key"], found["payload_ref"]) == (one.event_id, one.youth, one.payload_ref)
    assert all(found[name] == getattr(read, name) for name in ("event_id", "youth_key", "occurred_at", "recorded_at", "severity"))
    assert tuple(found["consent_scope"]) == read.consent_scope == one.scopes


def test_the_load_holds_what_must_be_dropped() -> None:
    records = list(told(_EVENTS, _YOUTHS))
    assert any(one.cut for one in records)
    assert any(one.severity > 10 for one in records)
    assert len({one.event_id for one in records}) < len(records)
    assert [value for _, value in values(_EVENTS, _YOUTHS)] == [value for _, value in values(_EVENTS, _YOUTHS)]


def test_a_table_names_each_engine_its_share_of_the_first_and_who_was_left_out() -> None:
    measured = {
        "hub": Measured.of("the hub", [{"speed": 10.0, "only": 1}, {"speed": 30.0, "only": 2}]),
        "loop": Measured.of("a loop", [{"speed": 40.0}]),
        "java": Measured("Java", {}, left_out="needs a JDK"),
    }
    lines = table(measured, "speed").splitlines()
    assert lines[0] == "| engine | speed | only | × hub |"
    assert lines[2] == "| the hub | 20 (10–30) | 1.50 (1–2) | 1.00 |"
    assert lines[3] == "| a loop | 40 (40–40) | – | 2.00 |"
    assert lines[4] == "left out: Java: needs a JDK"


def test_an_unknown_engine_is_refused_before_anything_starts(capsys: pytest.CaptureFixture[str]) -> None:
    from tests.bench.correlate.__main__ import main

    with pytest.raises(SystemExit):
        main(["--engines", "hub,horse"])
    assert "no such engine: horse" in capsys.readouterr().err
