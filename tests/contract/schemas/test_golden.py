"""The bytes of one message of each topic, kept: whoever changes them breaks every reader of what lies on the topics."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from hub.contract.topics import CATALOGUE

_FOLDER = Path(__file__).parent / "golden"
GOLDEN = json.loads((_FOLDER / "values.json").read_text(encoding="utf-8"))
OLDER = json.loads((_FOLDER / "older.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_message_encodes_to_its_golden_bytes(codec, examples, name) -> None:
    assert codec.encode(CATALOGUE[name], examples[name]).hex() == GOLDEN[name]


@pytest.mark.parametrize("name", CATALOGUE)
def test_golden_bytes_decode_to_their_message(codec, examples, name) -> None:
    assert codec.decode(CATALOGUE[name], bytes.fromhex(GOLDEN[name])) == examples[name]


@pytest.mark.parametrize(("name", "number"), [(name, number) for name, kept in OLDER.items() for number in range(len(kept))])
def test_bytes_of_an_earlier_version_are_still_read(codec, examples, name, number) -> None:
    kept = OLDER[name][number]
    expected = CATALOGUE[name].message.model_validate(examples[name].model_dump() | kept["differs"])
    assert codec.decode(CATALOGUE[name], bytes.fromhex(kept["value"])) == expected


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_id_in_front_is_one_that_the_topic_was_locked_with(schemas, name) -> None:
    magic, schema_id = struct.unpack(">bI", bytes.fromhex(GOLDEN[name])[:5])
    lock = json.loads((schemas / "registry.lock.json").read_text(encoding="utf-8"))
    assert magic == 0
    assert schema_id in {row["id"] for row in lock["subjects"][CATALOGUE[name].subject]["versions"].values()}


def test_golden_bytes_exist_for_exactly_the_topics_of_the_catalogue() -> None:
    assert GOLDEN.keys() == CATALOGUE.keys()
