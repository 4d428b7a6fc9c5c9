"""The contract as an AsyncAPI 3.0 document, made from the topic catalogue, the Avro schemas and the lock of ids."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from hub.contract import topics
from hub.contract.cloudevents import cloud_event_type
from hub.contract.lock import SchemaLock, load_lock, record_name
from hub.contract.topics import CATALOGUE, KeyKind, Topic
from hub.errors import ConfigError

__all__ = ["ASYNCAPI_FILE", "asyncapi_document", "render_asyncapi"]

ASYNCAPI_FILE = "asyncapi.yaml"
# The newest Avro version that the public parser knows; it lets later ones pass unseen. Our schemas use nothing newer.
_AVRO = "application/vnd.apache.avro;version=1.9.0"
_BINDING = "0.5.0"
_BANNER = "# Made by `hub schemas asyncapi`; a test compares it. Edit the schemas or the catalogue instead.\n"
_DESCRIPTION = (
    "Topics, keys, headers and messages of the hub. Values are Confluent wire format: a zero byte, the schema id in four bytes "
    "(big endian, from registry.lock.json), then Avro. Headers are CloudEvents 1.0, Kafka binary mode. Schemas stay "
    "FULL_TRANSITIVE compatible within a topic's major version. No field, key or header holds a name, number, address or free "
    "text about a person."
)

_WRITERS = {
    topics.CONSENTS: "the consent registry",
    topics.SCHOOL_ABSENCES: "the connectors of schools",
    topics.POLICE_NOTICES: "the connector of the municipality's message system",
    topics.RISK_EVENTS: "the connectors of coded observations",
    topics.PLACE_EVENTS: "the connectors of place events",
    topics.TASKS_OUTREACH: "the worker, for every team but SIG",
    topics.TASKS_SIG: "the worker, for SIG",
    topics.PRESENCE_TASKS: "the place agent",
    topics.TASK_EVENTS: "delivery",
    topics.RULES: "the registry, one marker in every partition",
    topics.ERASURES: "the registry (requests), and worker, delivery and connectors (receipts)",
    topics.COOPERATIONS: "delivery; without a value, which ends what was told of a reference, by the registry too",
}
_YOUTH_REF = {"type": "string", "pattern": "^y[0-9a-f]{32}$", "description": "The youth's random reference."}
_AREA = {
    "type": "string",
    "pattern": "^[a-z0-9]+(-[a-z0-9]+){0,7}$",
    "maxLength": 64,
    "description": "Area code; never six digits in a row, hyphens left out.",
}
_KEYS: dict[KeyKind, dict[str, Any]] = {
    KeyKind.YOUTH_REF: _YOUTH_REF,
    KeyKind.AREA: _AREA,
    KeyKind.YOUTH_REF_OR_AREA: {"anyOf": [_YOUTH_REF, _AREA]},
    KeyKind.RULES_VERSION: {
        "type": "string",
        "pattern": "^[A-Za-z0-9._-]{1,64}$",
        "description": "Version of the rule set; never six digits in a row, nor ten in all.",
    },
    KeyKind.ANY_OR_NONE: {
        "anyOf": [_YOUTH_REF, _AREA],
        "description": "The refused record's key when it has our form, else none.",
    },
}


def _headers(topic: Topic) -> dict[str, Any]:
    text = {"type": "string"}
    return {
        "type": "object",
        "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time", "content-type", "traceparent"],
        "properties": {
            "ce_specversion": {"const": "1.0"},
            "ce_id": {**text, "description": "Unique within the source; a repeat of a record repeats it."},
            "ce_source": {**text, "format": "uri-reference", "description": "Path of codes: municipality, kind, instance."},
            "ce_type": {"const": cloud_event_type(topic)},
            "ce_time": {**text, "format": "date-time", "description": "When it happened, UTC, milliseconds."},
            "content-type": {"const": "application/avro"},
            "traceparent": {**text, "pattern": "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"},
        },
    }


def _message(folder: Path, topic: Topic) -> dict[str, Any]:
    record = record_name(topic)
    try:
        schema = json.loads((folder / f"{record}.avsc").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read {record}.avsc: {type(error).__name__}", code="bad_schema") from error
    return {
        "name": record,
        "title": record,
        "summary": schema["doc"],
        "contentType": "application/avro",
        "headers": _headers(topic),
        "payload": {"schemaFormat": _AVRO, "schema": schema},
    }


def _channel(topic: Topic, lock: SchemaLock) -> dict[str, Any]:
    record = record_name(topic)
    return {
        "address": topic.name,
        "messages": {record: {"$ref": f"#/components/messages/{record}"}},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "topicConfiguration": {"cleanup.policy": [topic.cleanup.value]},
                "bindingVersion": _BINDING,
            }
        },
        "x-key": _KEYS[topic.key],
        "x-co-partitioned": topic.co_partitioned,
        "x-schema-ids": {str(version.version): version.id for version in lock.versions[topic.subject]},
    }


def _operation(topic: Topic) -> dict[str, Any]:
    origin = next((primary for primary in _WRITERS if topic.name == f"{primary.name}.dlq"), None)
    writer = f"whoever refused a record of {origin.name}" if origin else _WRITERS[topic]
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "summary": f"Written by {writer}.",
        "bindings": {"kafka": {"bindingVersion": _BINDING}},
    }


def asyncapi_document(folder: Path) -> dict[str, Any]:
    """The document for the schemas of a folder; ConfigError when a schema or the lock cannot be read."""
    lock = load_lock(folder)
    catalogue = list(CATALOGUE.values())
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Hub for early, consented support to youths",
            "version": "1.0.0",
            "description": _DESCRIPTION,
            "license": {"name": "EUPL-1.2"},
        },
        "defaultContentType": "application/avro",
        "servers": {
            "municipality": {
                "host": "{bootstrap}",
                "protocol": "kafka",
                "description": "The installation's own brokers.",
                "variables": {"bootstrap": {"default": "127.0.0.1:9092", "description": "kafka.bootstrap_servers in hub.toml."}},
            }
        },
        "channels": {topic.name: _channel(topic, lock) for topic in catalogue},
        "operations": {f"write.{topic.name}": _operation(topic) for topic in catalogue},
        "components": {"messages": {record_name(topic): _message(folder, topic) for topic in catalogue}},
    }
    # Through JSON: what several topics share is written out each time, instead of as YAML anchors.
    result: dict[str, Any] = json.loads(json.dumps(document))
    return result


def render_asyncapi(folder: Path) -> str:
    """The text of `asyncapi.yaml` for the schemas of a folder; the same text for the same folder."""
    return _BANNER + yaml.safe_dump(asyncapi_document(folder), sort_keys=False, allow_unicode=True, width=120)
