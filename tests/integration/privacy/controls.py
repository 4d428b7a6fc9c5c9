"""Plants a person that does not exist in a copy of an installation, in every place and encoding, for the search to find."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import rocksdict
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import NewTopic

from hub.broker.configuration import BrokerConfig
from hub.broker.launcher import EmbeddedBroker
from tests.integration.privacy.traces import Person

__all__ = ["CONTROL", "PLACES", "WAYS", "planted"]

# Its base64 holds + and / at every alignment, so that both alphabets are told apart.
CONTROL = Person("control", "200601019802", "Åke åå?åå?-Kontrollsson", ("5b1c7a0e-9d43-4c55-8a27-3f7e21c0d9aa",))
_TOPIC = "privacy-control"
_STORE = "data/worker/0/youths-0"
_LEDGER = "data/connect/sdk/ledger.db"
_REGISTRY = "data/registry/registry.db"
_LOG = "data/logs/connect-ss12000.log"


def _ways() -> dict[tuple[str, str], bytes]:
    """The control's name, number and id, in each way that a search must read; neighbours of base64 make it no whole."""
    ways: dict[tuple[str, str], bytes] = {}
    for what, text in (("name", CONTROL.name), ("number", CONTROL.number), ("source id", CONTROL.identities[0])):
        raw = text.encode()
        written = {"UTF-8": raw, "UTF-16LE": text.encode("utf-16-le"), "UTF-16BE": text.encode("utf-16-be")}
        for shift in range(3):
            written[f"base64+{shift}"] = base64.b64encode(b"xyz"[:shift] + raw + b"some more")
            written[f"base64url+{shift}"] = base64.urlsafe_b64encode(b"xyz"[:shift] + raw + b"some more")
        written |= {"hex": raw.hex().encode(), "HEX": raw.hex().upper().encode()}
        for how, content in written.items():
            if content not in ways.values():  # where two encodings agree, as for digits, one name is enough
                ways[what, how] = content
    return ways


WAYS = _ways()
# (kind, part of the place): where the search must find all of it.
PLACES = (
    ("record", f"key in home/data/broker/kafka/{_TOPIC}-0"),
    ("record", f"value in home/data/broker/kafka/{_TOPIC}-0"),
    ("record", f"headers in home/data/broker/kafka/{_TOPIC}-0"),
    ("store", f"home/{_STORE}"),
    ("row", f"control in home/{_LEDGER}"),
    ("file", f"home/{_REGISTRY}-wal"),
    ("file", f"home/{_LOG}"),
)


@contextmanager
def planted(home: Path, ledger_file: str = _LEDGER, log_file: str = _LOG) -> Iterator[None]:
    """Plant the control in `home`, a copy. While the block lasts, the registry's write-ahead log has not been folded in."""
    _in_kafka(home)
    _in_rocksdb(home)
    with (home / log_file).open("ab") as log:
        log.writelines(b'{"event": "' + content + b'"}\n' for content in WAYS.values())
    with sqlite3.connect(home / ledger_file) as ledger:
        _fill(ledger, 6_000)  # longer than a page
    ledger.close()
    registry = sqlite3.connect(home / _REGISTRY)
    registry.execute("PRAGMA journal_mode = WAL")
    registry.execute("PRAGMA wal_autocheckpoint = 0")
    with registry:
        _fill(registry, 0)
    try:
        yield
    finally:
        registry.close()


def _fill(database: sqlite3.Connection, padding: int) -> None:
    database.execute("CREATE TABLE control (content BLOB)")
    rows = [(bytes(padding) + b"<" + content + b">",) for content in WAYS.values()]
    database.executemany("INSERT INTO control VALUES (?)", rows)


def _in_rocksdb(home: Path) -> None:
    """Once to stay, and once written over in a later session: of that an older block may be what is left."""
    options = rocksdict.Options(raw_mode=True)
    options.set_disable_auto_compactions(True)  # the older block shall stay
    for filled in (True, False):
        database = rocksdict.Rdict(str(home / _STORE), options)
        for way, content in WAYS.items():
            database.put(" ".join(("control", *way)).encode(), b"<" + content + b">" if filled else b"gone")
            if filled:
                database.put(" ".join(("staying", *way)).encode(), b"<" + content + b">")
        database.flush()
        database.close()


def _in_kafka(home: Path) -> None:
    """Compressed by the client, through the installation's own broker started once more."""
    with EmbeddedBroker(BrokerConfig(folder=home / "data" / "broker", heap_megabytes=256)) as broker:
        admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
        admin.create_topics([NewTopic(name=_TOPIC, num_partitions=1, replication_factor=1)])
        admin.close()
        producer = KafkaProducer(bootstrap_servers=broker.bootstrap_servers, compression_type="gzip", acks="all", linger_ms=50)
        sent = [producer.send(_TOPIC, content, content, headers=[("control", content)]) for content in WAYS.values()]
        for future in sent:
            future.get(timeout=30)
        producer.close()
