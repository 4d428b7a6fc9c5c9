"""After physical removal: every place on disk is opened and searched for all that could betray the person who withdrew."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.backup.create import create_backup
from hub.contract.models import ConsentStatus
from hub.contract.topics import CATALOGUE, CONSENTS, RISK_EVENTS
from hub.core.state import from_bytes
from hub.erasure_bounds import bounds_of
from hub.installation import read_key
from hub.registry.parties import note_parties, read_parties
from hub.registry.vault import Vault, subject_hash
from hub.runtime.timers import unsealed
from hub.settings import Settings
from tests.integration.privacy.at_rest import kafka_records, open_everything
from tests.integration.privacy.controls import CONTROL, PLACES, WAYS, planted
from tests.integration.privacy.traces import Person, Trace, add_trace, encodings, index_traces, scan
from tests.unit.registry.support import make_identifier
from tests.unit.runtime.fakes import CODEC

from .hub_running import LEISURE, Running, make_consent_of, short_bounds

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(900)]
PERSON, OTHER = make_identifier(3), make_identifier(4)
NAME = "Torbjörg Withdrawn-Ålandersson"
ROWS = tuple(f"obs-7f3a91c{number}e55b" for number in range(4))
_LEDGER = "data/connect/observations/ledger.db"
_LOG = "data/logs/connect-observations.log"
_RETENTION_SECONDS = 60


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path / "home", short_bounds(_RETENTION_SECONDS))
    try:
        yield running
    finally:
        running.close()


def observe(running: Running) -> None:
    """Four observations of each, in one file, as the leisure services export them."""
    today = datetime.now(UTC)
    rows = ["id;person;concern;area;observed_at;observer"]
    for person, prefix in ((PERSON, ""), (OTHER, "other-")):
        for number, name in enumerate(ROWS):
            seen = (today - timedelta(days=number + 1)).strftime("%Y-%m-%d %H:%M")
            rows.append(f"{prefix}{name};{person[:8]}-{person[8:]};recruitment;Hageby;{seen};fältare")
    inbox = running.home / "inbox" / "observations"
    inbox.mkdir(parents=True, exist_ok=True)
    (inbox / "exported.partial").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (inbox / "exported.partial").rename(inbox / "observations.csv")


def secrets_of(settings: Settings, youth_ref: str) -> dict[str, bytes]:
    """What opens, or is, the person's: keys bare and sealed, and the hashes by which she is found."""
    vault = Vault(read_key(settings, "registry.key"))
    with closing(sqlite3.connect(settings.data / "registry" / "registry.db")) as database:
        select = "SELECT youth_id, identity, lookup, parties FROM youth WHERE youth_ref = ?"
        youth_id, identity, lookup, parties = database.execute(select, (youth_ref,)).fetchone()
        (sealed_link,) = database.execute("SELECT sealed FROM link_key WHERE youth_id = ?", (youth_id,)).fetchone()
    with closing(sqlite3.connect(settings.data / "keyring" / "keyring.db")) as keyring:
        tables = [name for (name,) in keyring.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        wrapped = next(
            cell
            for table in tables
            for row in keyring.execute(f'SELECT * FROM "{table}"')
            if youth_id in row
            for cell in row
            if isinstance(cell, bytes)
        )
    data_key = vault.data_key(youth_id, wrapped)
    assert vault.open(data_key, youth_id, "identity", identity).decode() == PERSON
    return {
        "data key": data_key,
        "wrapped data key": wrapped,
        "link key": vault.open(data_key, youth_id, f"link_key.{LEISURE}", sealed_link),
        "sealed link key": sealed_link,
        "sealed number": identity,
        "sealed names": parties,
        "lookup": lookup,
        "agency's hash": bytes.fromhex(subject_hash(read_key(settings, f"agency-{LEISURE}.hmac"), PERSON)),
    }


def index_of(secrets: dict[str, bytes]) -> dict[int, list[Trace]]:
    """The person's number, name and source ids in every spelling, the control's, and each secret in every encoding."""
    index = index_traces([CONTROL, Person("person", PERSON, NAME, ROWS)])
    for what, raw in secrets.items():
        for how, content in (("raw", raw), *encodings(raw)):
            add_trace(index, Trace("person", what, how, content))
    return index


def raw_finds(folder: Path, index: dict[int, list[Trace]]) -> set[str]:
    """What stands bare in any file as it lies there."""
    found: set[str] = set()
    for path in folder.rglob("*"):
        if path.is_file() and "inbox" not in path.parts:
            found |= {trace.what for trace in scan(path.read_bytes(), index) if trace.label == "person"}
    return found


def test_after_removal_no_place_on_disk_holds_anything_of_who_withdrew(
    hub: Running, tmp_path: Path, report: Callable[[str], None]
) -> None:
    hub.start(("registry",), ("worker",), ("deliver",), ("connect", "observations"))
    youth_ref = hub.registry.grant(make_consent_of(PERSON)).youth_ref
    assert youth_ref is not None
    note_parties(hub.registry, PERSON, read_parties({"name": NAME, "parties": []}), lambda _youth_id: None)
    hub.registry.grant(make_consent_of(OTHER))
    observe(hub)
    hub.until(lambda: len(hub.worklist.all_tasks()) == 2, "a task of each")
    assert any(youth_ref.encode() in path.read_bytes() for path in segments(hub.home, RISK_EVENTS.name))
    task = next(one for one in hub.worklist.all_tasks() if one.content and one.content.youth_ref == youth_ref)
    hub.until(lambda: hub.worklist.open_task(task.task_id, task.team).content, "the opened task's content")

    secrets = secrets_of(hub.settings, youth_ref)
    index = index_of(secrets)
    assert raw_finds(hub.home, index) >= {"wrapped data key", "sealed link key", "sealed number", "sealed names", "lookup"}
    backup, _manifest = create_backup(hub.settings, tmp_path / "backups", datetime.now(UTC))

    withdrawn = time.monotonic()
    hub.registry.withdraw(PERSON)
    hub.until(lambda: status(hub).complete, "everybody's answer")
    hub.worklist.acknowledge(task.task_id, task.team)
    hub.until(lambda: status(hub).removed_at is not None and status(hub).acknowledged, "removal and acknowledgement", 300)
    done = status(hub)
    tell(report, hub.settings, done, time.monotonic() - withdrawn)
    late = [place.name for place in done.places if place.done_at and place.done_at > place.due_at and place.name != "backups"]
    assert late == []
    hub.stop_processes()
    hub.close()

    search(hub, tmp_path, backup, index, report)
    changelog = hub.settings.changelog("youths")
    left = {topic: records_of(hub.home, topic, youth_ref) for topic in (*CATALOGUE, changelog)}
    assert {topic for topic, found in left.items() if found} == {CONSENTS.name, changelog}
    assert all(is_bare(topic, value) for topic, found in left.items() for value in found)


def is_bare(topic: str, value: bytes) -> bool:
    """Whether a record says that the reference is withdrawn, and nothing else."""
    if topic == CONSENTS.name:
        return CODEC.decode(CONSENTS, value).status is ConsentStatus.WITHDRAWN  # type: ignore[attr-defined]
    state = from_bytes(unsealed(value)[1])
    return state.withdrawn and not state.events and not state.episodes


def status(running: Running):
    (found,) = running.registry.erasure_status()
    return found


def tell(report: Callable[[str], None], settings: Settings, done, seconds: float) -> None:
    bounds = bounds_of(settings, settings.changelog("youths"))
    report(f"in effect after {done.effect_after.total_seconds():.2f} s; removed everywhere after {seconds:.0f} s")
    hours = max(bounds.values()).total_seconds() / 3600
    report(f"{len(done.places)} places; bound here {hours * 3600:.0f} s ({hours:.3f} h)")
    shipped = bounds_of(Settings(home=settings.home / "no-file"), "changelog")
    report(
        f"bound of the shipped settings: {max(shipped.values()).total_seconds() / 3600:,.0f} h, compacted {shipped['changelog'].total_seconds() / 3600:.1f} h"
    )


def segments(home: Path, topic: str) -> list[Path]:
    return [path for path in (home / "data" / "broker" / "kafka").glob(f"{topic}-*/*.log") if path.with_suffix(".index").exists()]


def records_of(home: Path, topic: str, youth_ref: str) -> list[bytes]:
    found = [(key, value) for path in segments(home, topic) for key, value, _headers in kafka_records(path)]
    return [value for key, value in found if key == youth_ref.encode() or youth_ref.encode() in value]


def search(running: Running, tmp_path: Path, backup: Path, index: dict[int, list[Trace]], report: Callable[[str], None]) -> None:
    """First a marked copy, in which the control must be found wherever it was planted; then what the hub has left."""
    places = [
        (kind, part.replace("data/connect/sdk/ledger.db", _LEDGER).replace("data/logs/connect-ss12000.log", _LOG))
        for kind, part in PLACES
    ]
    places.append(("row", "control in backup/databases/registry.db"))
    marked = copied(running.home, backup, tmp_path / "marked")
    with closing(sqlite3.connect(marked / "backup" / "databases" / "registry.db")) as database, database:
        database.execute("CREATE TABLE control (content BLOB)")
        database.executemany("INSERT INTO control VALUES (?)", [(b"<" + content + b">",) for content in WAYS.values()])
    with planted(marked / "home", _LEDGER, _LOG):
        seen = {
            (piece.kind, piece.place, trace.what, trace.how)
            for piece in open_everything(marked, tmp_path / "scratch")
            for trace in scan(piece.content, index)
            if trace.label == CONTROL.label
        }
    missed = [
        (kind, part, way)
        for kind, part in places
        for way in WAYS
        if not any(kind == one and part in where and way == (what, how) for one, where, what, how in seen)
    ]
    assert not missed, f"planted and not found: {missed}"

    clean = copied(running.home, backup, tmp_path / "clean")
    pieces = 0
    found = set()
    for piece in open_everything(clean, tmp_path / "scratch"):
        pieces += 1
        found |= {(piece.place, trace.what, trace.how) for trace in scan(piece.content, index)}
    # A backup made before holds what was sealed then; the data key that opens it lies in none, and is destroyed.
    sealed = {"sealed link key", "sealed number", "sealed names", "lookup"}
    left = sorted(
        (place, what, how)
        for place, what, how in found
        if not (place.startswith(("backup/", "databases in backup")) or "in backup/" in place) or what not in sealed
    )
    report(
        f"{pieces} pieces searched for {sum(map(len, index.values()))} traces; the control found in {len(places)} places × {len(WAYS)} writings"
    )
    assert left == []
    assert {what for _place, what, _how in found} >= {"sealed number"}  # the backup was read


def copied(home: Path, backup: Path, folder: Path) -> Path:
    shutil.copytree(home, folder / "home", ignore=shutil.ignore_patterns("inbox"))
    shutil.copytree(backup, folder / "backup")
    return folder
