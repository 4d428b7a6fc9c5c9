from __future__ import annotations

import subprocess
import sys
import time
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.contract import topics
from hub.contract.bounded import MAX_VALUE_BYTES
from hub.contract.codec import REFUSALS, Codec
from hub.contract.models import AbsenceKind, ConsentRecord, RiskEvent, SchoolAbsence
from hub.contract.topics import CATALOGUE, CONSENTS, SCHOOL_ABSENCES, TASKS_OUTREACH
from hub.errors import ConfigError, ContractError

from .hostile import CANARY, CONSENT, EVENT, MILLIS, REF, REFUSED, REFUSED_CONSENTS, SCOPE, absence, framed, number, text

AT = datetime(2025, 5, 12, 8, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def codec() -> Codec:
    return Codec.load()


def make_absence(**changes) -> SchoolAbsence:
    fields = {
        "youth_ref": REF,
        "event_id": EVENT,
        "revision": 1,
        "retracted": False,
        "agency": "school",
        "connector": "ss12000",
        "occurred_at": AT,
        "recorded_at": AT,
        "kind": AbsenceKind.UNEXCUSED,
        "minutes": 60,
        "offered_minutes": None,
    }
    return SchoolAbsence(**{**fields, **changes})


def refusal_of(codec: Codec, topic, value: bytes | None) -> ContractError:
    with pytest.raises(ContractError) as refusal:
        codec.decode(topic, value)
    return refusal.value


def test_a_message_comes_back_equal(codec) -> None:
    message = make_absence(offered_minutes=80)
    assert codec.decode(SCHOOL_ABSENCES, codec.encode(SCHOOL_ABSENCES, message)) == message


def test_bytes_are_those_of_the_avro_specification(codec) -> None:
    assert codec.encode(SCHOOL_ABSENCES, make_absence()) == framed(codec, SCHOOL_ABSENCES, absence())


def test_a_value_begins_with_the_confluent_frame(codec) -> None:
    value = codec.encode(SCHOOL_ABSENCES, make_absence())
    assert value[0] == 0
    assert int.from_bytes(value[1:5], "big") == codec.schema_id(SCHOOL_ABSENCES)


def test_a_list_in_several_blocks_and_with_block_sizes_is_read(codec) -> None:
    sized = number(-1) + number(len(SCOPE)) + SCOPE
    value = framed(codec, CONSENTS, CONSENT + number(1) + SCOPE + sized + number(0) + MILLIS)
    message = codec.decode(CONSENTS, value)
    assert isinstance(message, ConsentRecord)
    assert len(message.scopes) == 2


def test_the_codec_of_a_folder_is_loaded_once(codec) -> None:
    assert Codec.load() is codec


def test_a_folder_without_a_lock_is_a_config_error(tmp_path) -> None:
    with pytest.raises(ConfigError):
        Codec.load(tmp_path)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_absence_is_refused(codec, name) -> None:
    code, make = REFUSED[name]
    assert refusal_of(codec, SCHOOL_ABSENCES, make(codec)).code == code


@pytest.mark.parametrize("name", REFUSED_CONSENTS)
def test_a_hostile_list_is_refused_quickly_and_in_little_memory(codec, name) -> None:
    codes, body = REFUSED_CONSENTS[name]
    value = framed(codec, CONSENTS, body)
    assert len(value) <= MAX_VALUE_BYTES
    tracemalloc.start()
    try:
        refusal = refusal_of(codec, CONSENTS, value)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    begun = time.process_time()
    refusal_of(codec, CONSENTS, value)
    assert refusal.code in codes
    assert peak < 16 * 1024 * 1024
    assert time.process_time() - begun < 1.0, "the bound is far above what it takes, some 50 ms"


def test_every_refusal_is_named_in_the_list() -> None:
    seen = {code for code, _ in REFUSED.values()} | {code for codes, _ in REFUSED_CONSENTS.values() for code in codes}
    assert seen | {"schema_of_another_topic"} == set(REFUSALS)


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_valid_value_of_another_topic_is_recognised(codec, name) -> None:
    topic = CATALOGUE[name]
    other = codec.encode(SCHOOL_ABSENCES, make_absence()) if topic is not SCHOOL_ABSENCES else framed(codec, CONSENTS, CONSENT)
    assert refusal_of(codec, topic, other).code == "schema_of_another_topic"


def test_a_task_for_sig_is_not_taken_from_the_outreach_topic(codec) -> None:
    assert refusal_of(codec, TASKS_OUTREACH, framed(codec, topics.TASKS_SIG, b"")).code == "schema_of_another_topic"


def test_a_dead_letter_is_read_from_any_dead_letter_topic(codec) -> None:
    assert codec.schema_id(CATALOGUE["hub.consents.v1.dlq"]) == codec.schema_id(CATALOGUE["hub.rules.v1.dlq"])


@pytest.mark.parametrize(
    "make", [lambda c: absence(youth_ref=text(CANARY)), lambda c: absence(agency=text(CANARY.encode() + b"\xff"))]
)
def test_a_refusal_holds_nothing_of_what_was_read(codec, make) -> None:
    refusal = refusal_of(codec, SCHOOL_ABSENCES, framed(codec, SCHOOL_ABSENCES, make(codec)))
    assert refusal.__cause__ is None
    assert refusal.__suppress_context__
    assert CANARY not in str(refusal)


def test_a_refusal_by_the_model_names_the_field(codec) -> None:
    refusal = refusal_of(codec, SCHOOL_ABSENCES, framed(codec, SCHOOL_ABSENCES, absence(minutes=number(1441))))
    assert "minutes: less_than_equal" in str(refusal)


def test_the_message_of_another_topic_is_not_encoded(codec) -> None:
    with pytest.raises(ContractError) as refusal:
        codec.encode(CONSENTS, make_absence())
    assert refusal.value.code == "invalid_message"


@pytest.mark.parametrize("changes", [{"youth_ref": CANARY}, {"minutes": 5000}, {"minutes": CANARY}, {"occurred_at": None}])
def test_a_message_changed_past_its_validation_is_not_encoded(codec, changes) -> None:
    with pytest.raises(ContractError) as refusal:
        codec.encode(SCHOOL_ABSENCES, make_absence().model_copy(update=changes))
    assert refusal.value.code == "invalid_message"
    assert CANARY not in str(refusal.value)


def test_refusals_do_not_depend_on_assertions() -> None:
    """`python -O` removes assert statements, the library's too."""
    program = (
        "from tests.unit.contract import test_codec as t\n"
        "codec = t.Codec.load()\n"
        "for code, make in t.REFUSED.values():\n"
        "    try:\n"
        "        codec.decode(t.SCHOOL_ABSENCES, make(codec))\n"
        "    except t.ContractError as refusal:\n"
        "        if refusal.code == code:\n"
        "            continue\n"
        "    raise SystemExit(f'not refused as {code}')\n"
    )
    clone = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-O", "-c", program], cwd=clone, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


def test_an_event_of_the_right_schema_but_another_kind_is_no_absence(codec) -> None:
    risk = RiskEvent(
        **{**make_absence().model_dump(exclude={"kind", "minutes", "offered_minutes"}), "concern": "runaway", "area": None}
    )
    value = codec.encode(topics.RISK_EVENTS, risk)
    forged = framed(codec, SCHOOL_ABSENCES, value[5:])
    assert refusal_of(codec, SCHOOL_ABSENCES, forged).code in REFUSALS
