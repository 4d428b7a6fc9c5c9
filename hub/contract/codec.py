"""Messages to bytes and back: Confluent wire format (0x00, schema id in four bytes, Avro), judged by the `avro` package.

A value of the newest version is read by a reader made for its schema (`quick`) where it is in order; `avro` reads all others.

What `decode` takes is doubtful by definition: any producer with network reach may have written it. Every refusal is a
ContractError whose `code` is one of REFUSALS and whose text and chain hold no byte of what was read.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import avro.errors
import avro.io
import avro.schema
from pydantic import ValidationError

from hub.contract.bounded import MAX_VALUE_BYTES, BoundedDecoder
from hub.contract.cloudevents import cloud_event_headers
from hub.contract.lock import SchemaLock, definition_sha256, load_lock, parse_schema, record_name
from hub.contract.models import Message
from hub.contract.quick import QuickReader, name_of, quick_reader, source_of
from hub.contract.topics import CATALOGUE, Topic
from hub.errors import ConfigError, ContractError
from hub.resources import schemas_folder

__all__ = ["REFUSALS", "Codec", "cloud_event_headers", "reader_sources"]

REFUSALS = (
    "no_value",
    "bad_magic",
    "unknown_schema_id",
    "schema_of_another_topic",
    "truncated",
    "trailing_bytes",
    "malformed",
    "invalid_message",
)
_PREFIX = struct.Struct(">bI")
# What avro raises for bytes that do not fit the schema. Overflow: a date or instant that no calendar has.
_UNREADABLE = (avro.errors.AvroException, ValueError, OverflowError, TypeError, LookupError)


@dataclass(frozen=True, slots=True)
class _Written:
    """How bytes of one schema id are read: which subjects they may stand on, and the writer's schema resolved to ours.

    `quick` is None where that schema is not the newest.
    """

    subjects: frozenset[str]
    writer: avro.schema.RecordSchema
    current: avro.schema.RecordSchema
    reader: avro.io.DatumReader
    quick: QuickReader | None


class _Writer(avro.io.DatumWriter):  # type: ignore[misc]
    """The library's writer without its search for the branch of a union: each of ours is null or one other type, which the
    model has validated. The search would walk all that is below once more, and takes a tuple for no array.
    """

    def write_union(self, writers_schema: avro.schema.UnionSchema, datum: object, encoder: avro.io.BinaryEncoder) -> None:
        encoder.write_long(0 if datum is None else 1)
        if datum is not None:
            self.write_data(writers_schema.schemas[1], datum, encoder)


@dataclass(frozen=True, slots=True)
class _Writing:
    prefix: bytes
    schema: avro.schema.RecordSchema
    writer: _Writer


class Codec:
    """Encodes with the newest locked version of a topic's schema; decodes every version ever locked for it.

    Holds parsed schemas only, no state between calls: one instance serves a whole process.
    """

    def __init__(self, written: dict[int, _Written], writing: dict[str, _Writing]) -> None:
        self._written = written
        self._writing = writing

    @staticmethod
    def load(folder: Path | None = None) -> Codec:
        """The codec of a folder of schemas (default: those shipped), parsed once per process.

        ConfigError when schemas and lock do not belong together: the installation is damaged, or a schema was changed
        without `hub schemas lock`.
        """
        return _load((folder or schemas_folder()).resolve())

    def schema_id(self, topic: Topic) -> int:
        """The id that `encode` writes in front of this topic's values."""
        return int(_PREFIX.unpack(self._writing[topic.subject].prefix)[1])

    def encode(self, topic: Topic, message: Message) -> bytes:
        """The record value for a message of this topic.

        The message is validated once more, since `model_copy` and `model_construct` skip it and this is the last gate
        before the bus. ContractError `invalid_message` when it does not pass: a fault of the caller, never to be retried.
        """
        if type(message) is not topic.message:
            text = f"{type(message).__name__} is not the message of {topic.name}"
            raise ContractError(text, code="invalid_message")
        valid = _validated(topic, message.model_dump(warnings=False))
        writing = self._writing[topic.subject]
        buffer = io.BytesIO()
        buffer.write(writing.prefix)
        try:
            # Not `write`: it would validate a second time, and by the schema, which knows less than the model.
            writing.writer.write_data(writing.schema, valid.model_dump(), avro.io.BinaryEncoder(buffer))
        except _UNREADABLE:
            raise ContractError(f"a message does not fit the schema of {topic.name}", code="invalid_message") from None
        return buffer.getvalue()

    def decode(self, topic: Topic, value: bytes | None) -> Message:
        """The message in a record's value; an instance of `topic.message`.

        ContractError with a code of REFUSALS when it is anything else: dead-letter it. Takes bounded time and memory
        whatever the bytes, and fails closed: an enum symbol we do not know is refused, never guessed.
        """
        if value is None:
            raise ContractError(f"a record of {topic.name} has no value", code="no_value")
        written = self._written_as(topic, value)
        if written.quick is not None and (message := written.quick(value)) is not None:
            return message
        decoder = BoundedDecoder(value, start=_PREFIX.size)
        try:
            raw = written.reader.read_data(written.writer, written.current, decoder)
        except ContractError:
            raise
        except _UNREADABLE:
            raise ContractError(f"a value of {topic.name} is not what its schema says", code="malformed") from None
        if decoder.remaining:
            raise ContractError(f"bytes follow the message in a value of {topic.name}", code="trailing_bytes")
        return _validated(topic, raw)

    def reader(self, topic: Topic) -> Callable[[bytes | None], Message]:
        """`decode` for this topic, to be asked for once where many values are read."""
        prefix, decode = self._writing[topic.subject].prefix, self.decode
        quick = self._written[self.schema_id(topic)].quick
        if quick is None:
            return partial(decode, topic)

        def read(value: bytes | None) -> Message:
            # What the quick reader takes has fewer bytes than a value may have.
            if value is not None and value.startswith(prefix) and (message := quick(value)) is not None:
                return message
            return decode(topic, value)

        return read

    def _written_as(self, topic: Topic, value: bytes) -> _Written:
        if not value:
            raise ContractError(f"a value of {topic.name} is empty", code="truncated")
        if value[0] != 0:
            raise ContractError(f"a value of {topic.name} does not begin with the magic byte", code="bad_magic")
        if len(value) < _PREFIX.size:
            raise ContractError(f"a value of {topic.name} ends within its schema id", code="truncated")
        if len(value) > MAX_VALUE_BYTES:
            raise ContractError(f"a value of {topic.name} is larger than {MAX_VALUE_BYTES} bytes", code="malformed")
        written = self._written.get(_PREFIX.unpack_from(value)[1])
        if written is None:
            raise ContractError(f"a value of {topic.name} has a schema id that is not locked", code="unknown_schema_id")
        if topic.subject not in written.subjects:
            raise ContractError(f"a value of {topic.name} has the schema of another topic", code="schema_of_another_topic")
        return written


def reader_sources(folder: Path | None = None) -> dict[str, str]:
    """The text of every reader that `Codec.load` makes of these schemas, by the name of the function that makes it."""
    where = folder or schemas_folder()
    texts = [source_of(_read(where / f"{record_name(topic)}.avsc")[0], topic.message)[0] for topic in CATALOGUE.values()]
    return {name_of(text): text for text in texts}


def _validated(topic: Topic, raw: Any) -> Message:
    try:
        return topic.message.model_validate(raw)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        # Names of fields and rules only. `from None`: the cause would carry the values.
        where = ", ".join(f"{'.'.join(str(step) for step in fault['loc'])}: {fault['type']}" for fault in faults[:5])
    raise ContractError(f"a message of {topic.name} breaks its model ({where})", code="invalid_message") from None


@cache
def _load(folder: Path) -> Codec:
    lock = load_lock(folder)
    current = {record: _read(folder / f"{record}.avsc") for record in {record_name(topic) for topic in CATALOGUE.values()}}
    written: dict[int, _Written] = {}
    writing: dict[str, _Writing] = {}
    subjects = lock.subjects_of_id()
    for topic in CATALOGUE.values():
        record = record_name(topic)
        _check_newest(topic, lock, current[record][1])
        reader = current[record][0]
        for version in lock.versions[topic.subject]:
            if version.id in written:
                continue
            writer = _read(folder / "released" / record / f"{version.version}.avsc")[0]
            quick = quick_reader(writer, topic.message) if version.definition == current[record][1] else None
            written[version.id] = _Written(subjects[version.id], writer, reader, avro.io.DatumReader(writer, reader), quick)
        newest = lock.versions[topic.subject][-1].id
        writing[topic.subject] = _Writing(_PREFIX.pack(0, newest), reader, _Writer(reader))
    return Codec(written, writing)


def _read(path: Path) -> tuple[avro.schema.RecordSchema, str]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {type(error).__name__}", code="bad_schema") from error
    return parse_schema(text, path.name), definition_sha256(text)


def _check_newest(topic: Topic, lock: SchemaLock, definition: str) -> None:
    if lock.versions[topic.subject][-1].definition != definition:
        text = f"{record_name(topic)}.avsc is not the newest version locked for {topic.subject}: run `hub schemas lock`"
        raise ConfigError(text, code="bad_lock")
