from __future__ import annotations

import json
import shutil

import pytest

from hub.contract.codec import Codec
from hub.contract.compatibility import incompatibilities
from hub.contract.lock import LOCK_FILE, canonical_sha256, definition_sha256, load_lock, parse_schema, record_name
from hub.contract.locking import check_schemas, lock_schemas, released_texts
from hub.contract.topics import CATALOGUE, SCHOOL_ABSENCES
from hub.errors import ConfigError

RECORDS = sorted({record_name(topic) for topic in CATALOGUE.values()})


@pytest.fixture
def copy(schemas, tmp_path):
    return shutil.copytree(schemas, tmp_path / "schemas")


def change(folder, record, edit) -> None:
    path = folder / f"{record}.avsc"
    schema = json.loads(path.read_text(encoding="utf-8"))
    edit(schema)
    path.write_text(json.dumps(schema), encoding="utf-8")


def field(schema, name):
    return next(entry for entry in schema["fields"] if entry["name"] == name)


def add_optional_field(schema) -> None:
    schema["fields"].append({"name": "term", "type": ["null", "string"], "default": None, "doc": "Code of the term."})


INCOMPATIBLE = {
    "a field without a default is added": lambda s: s["fields"].append({"name": "term", "type": "string", "doc": "t"}),
    "a field without a default is taken away": lambda s: s["fields"].remove(field(s, "minutes")),
    "a number becomes a string": lambda s: field(s, "minutes").update(type="string"),
    "an int becomes a long, which an older reader cannot take": lambda s: field(s, "minutes").update(type="long"),
    "an optional field becomes required": lambda s: (
        field(s, "offered_minutes").update(type="int"),
        field(s, "offered_minutes").pop("default"),
    ),
    "the record is renamed": lambda s: s.update(name="Absence"),
    "an instant becomes a plain number": lambda s: field(s, "occurred_at").update(type="long"),
    "milliseconds become microseconds": lambda s: field(s, "occurred_at").update(
        type={"type": "long", "logicalType": "timestamp-micros"}
    ),
    "a field is renamed": lambda s: field(s, "minutes").update(name="length"),
}
COMPATIBLE = {
    "an optional field is added": add_optional_field,
    "an optional field is taken away": lambda s: s["fields"].remove(field(s, "offered_minutes")),
    "an enum gets a symbol": lambda s: field(s, "kind")["type"]["symbols"].append("partly_excused"),
    "a doc is reworded": lambda s: s.update(doc="Absence."),
}


def test_schemas_released_copies_and_lock_agree(schemas) -> None:
    assert check_schemas(schemas) == []


@pytest.mark.parametrize("record", RECORDS)
def test_every_version_reads_every_other(schemas, record) -> None:
    texts = [*released_texts(schemas, record).values(), (schemas / f"{record}.avsc").read_text(encoding="utf-8")]
    assert len(texts) > 1
    parsed = [parse_schema(text, record) for text in texts]
    assert [fault for one in parsed for other in parsed for fault in incompatibilities(one, other)] == []


@pytest.mark.parametrize("name", INCOMPATIBLE)
def test_an_incompatible_change_is_refused_and_writes_nothing(copy, name) -> None:
    change(copy, "SchoolAbsence", INCOMPATIBLE[name])
    before = (copy / LOCK_FILE).read_bytes()
    with pytest.raises(ConfigError, match="not compatible"):
        lock_schemas(copy)
    assert any("against released" in fault for fault in check_schemas(copy))
    assert (copy / LOCK_FILE).read_bytes() == before
    assert sorted(released_texts(copy, "SchoolAbsence")) == [1]


@pytest.mark.parametrize("name", COMPATIBLE)
def test_a_compatible_change_is_not_refused(copy, name) -> None:
    change(copy, "SchoolAbsence", COMPATIBLE[name])
    assert not any("against released" in fault for fault in check_schemas(copy))
    lock_schemas(copy)
    assert check_schemas(copy) == []


def test_compatibility_is_with_all_versions_not_only_the_last(copy) -> None:
    change(copy, "SchoolAbsence", add_optional_field)
    lock_schemas(copy)
    # Version 2 is made unreadable for version 3 only in a way that version 1 also is: the first release still counts.
    change(copy, "SchoolAbsence", lambda s: field(s, "term").update(type=["null", "int"]))
    with pytest.raises(ConfigError, match=r"released/SchoolAbsence/2\.avsc"):
        lock_schemas(copy)


def test_a_new_version_gets_an_id_that_was_never_used(copy) -> None:
    before = load_lock(copy)
    change(copy, "ReferralTask", add_optional_field)
    added = lock_schemas(copy)
    after = load_lock(copy)
    assert len(added) == 3, "one file, two subjects"
    for subject, versions in before.versions.items():
        assert after.versions[subject][: len(versions)] == versions, "what was locked stays"
    fresh = after.subjects_of_id().keys() - before.subjects_of_id().keys()
    assert sorted(fresh) == [before.next_id, before.next_id + 1]
    assert after.next_id == before.next_id + 2


def test_locking_twice_changes_nothing(copy) -> None:
    assert lock_schemas(copy) == []
    assert (copy / LOCK_FILE).read_bytes() == (copy.parent / "schemas" / LOCK_FILE).read_bytes()


def test_bytes_of_an_earlier_version_are_still_read(copy, examples) -> None:
    old = Codec.load(copy).encode(SCHOOL_ABSENCES, examples[SCHOOL_ABSENCES.name])
    newer = shutil.copytree(copy, copy.parent / "newer")
    change(newer, "SchoolAbsence", COMPATIBLE["an enum gets a symbol"])
    lock_schemas(newer)
    assert Codec.load(newer).decode(SCHOOL_ABSENCES, old) == examples[SCHOOL_ABSENCES.name]
    assert Codec.load(newer).schema_id(SCHOOL_ABSENCES) != Codec.load(copy).schema_id(SCHOOL_ABSENCES)


def test_a_changed_release_is_noticed(copy) -> None:
    path = copy / "released" / "RiskEvent" / "1.avsc"
    path.write_text(path.read_text(encoding="utf-8").replace('"timestamp-millis"', '"timestamp-micros"', 1), encoding="utf-8")
    assert any("a released schema never changes" in fault for fault in check_schemas(copy))


def test_a_missing_release_is_noticed(copy) -> None:
    (copy / "released" / "RiskEvent" / "1.avsc").unlink()
    assert any("is missing" in fault for fault in check_schemas(copy))


def test_a_codec_refuses_a_schema_that_is_not_locked(copy) -> None:
    change(copy, "RiskEvent", add_optional_field)
    with pytest.raises(ConfigError, match="hub schemas lock"):
        Codec.load(copy)


def test_digests_in_the_lock_are_those_of_the_released_files(schemas) -> None:
    lock = load_lock(schemas)
    for topic in CATALOGUE.values():
        for version in lock.versions[topic.subject]:
            text = released_texts(schemas, record_name(topic))[version.version]
            assert canonical_sha256(parse_schema(text, topic.subject)) == version.canonical
            assert definition_sha256(text) == version.definition


def test_no_id_belongs_to_two_subjects_but_for_dead_letters(schemas) -> None:
    lock = load_lock(schemas)
    for schema_id, subjects in lock.subjects_of_id().items():
        assert 0 < schema_id < lock.next_id
        assert len(subjects) == 1 or all(subject.endswith(".dlq-value") for subject in subjects)


def test_a_lock_without_a_topic_is_refused(copy) -> None:
    raw = json.loads((copy / LOCK_FILE).read_text(encoding="utf-8"))
    del raw["subjects"][SCHOOL_ABSENCES.subject]
    (copy / LOCK_FILE).write_text(json.dumps(raw), encoding="utf-8")
    with pytest.raises(ConfigError, match="hub schemas lock"):
        load_lock(copy)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"next_id": 1}', '{"next_id": 1, "subjects": {"a": {"record": "A"}}}'])
def test_a_damaged_lock_is_refused(tmp_path, text) -> None:
    (tmp_path / LOCK_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError):
        load_lock(tmp_path)
