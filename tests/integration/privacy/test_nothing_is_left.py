"""After a real run of the whole hub: what lies on disk about people, the consenting and the others."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.clock import SystemClock
from hub.demo.facts import Town
from hub.demo.town import build_town
from hub.installation import read_key
from hub.registry.keyring import open_keyring
from hub.registry.vault import Vault
from hub.settings import load_settings
from hub.statutory.opening import open_store
from tests.demo_run import DemoRun
from tests.integration.privacy.at_rest import kafka_records, open_everything
from tests.integration.privacy.controls import CONTROL, PLACES, WAYS, planted
from tests.integration.privacy.traces import Person, Trace, index_traces, scan, town_people

# The foreign systems' own: the dataset that the simulators serve (outside the installation) and the inbox of CSV files.
_FOREIGN = ("inbox",)
_CONNECTORS = ("ss12000", "sdk", "polisen", "observations", "planned")
_NEVER_ON_THE_BUS = {"none", "protected", "waiting", "withdrawn", "suspended"}

Found = set[tuple[str, str, Trace]]


@dataclass(frozen=True, slots=True)
class Searched:
    """What the search found (kind, place, trace), how much it read, and whom it looked for."""

    found: Found
    pieces: Counter[str]
    volume: Counter[str]
    people: dict[int, Person]
    town: Town


def copy_of(run: DemoRun, folder: Path) -> Path:
    """All that the run left, the foreign systems' own apart."""
    for name, source in (("home", run.home), ("pages", run.pages), ("said", run.said), ("temporary", run.temporary)):
        shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns(*_FOREIGN) if name == "home" else None)
    return folder


def search(folder: Path, scratch: Path, index: dict[int, list[Trace]]) -> tuple[Found, Counter[str], Counter[str]]:
    found: Found = set()
    pieces: Counter[str] = Counter()
    volume: Counter[str] = Counter()
    for piece in open_everything(folder, scratch):
        pieces[piece.kind] += 1
        volume[piece.kind] += len(piece.content)
        found |= {(piece.kind, piece.place, trace) for trace in scan(piece.content, index)}
    return found, pieces, volume


@pytest.fixture(scope="module")
def searched(demo_run: DemoRun, tmp_path_factory: pytest.TempPathFactory) -> Searched:
    """The search is trusted only after it has found the control wherever it was planted."""
    base = tmp_path_factory.mktemp("privacy")
    town = build_town()
    people = town_people(town)
    index = index_traces([CONTROL, *people.values()])
    marked = copy_of(demo_run, base / "marked")
    with planted(marked / "home"):
        found, _pieces, _volume = search(marked, base / "scratch", index)
    seen = {(kind, place, (trace.what, trace.how)) for kind, place, trace in found if trace.label == CONTROL.label}
    missed = [(kind, part, way) for kind, part in PLACES for way in WAYS if not _among(seen, kind, part, way)]
    assert not missed, f"planted and not found: {missed}"
    began = time.monotonic()
    result = Searched(*search(copy_of(demo_run, base / "clean"), base / "scratch", index), people, town)
    assert time.monotonic() - began < 60
    return result


def _among(seen: set[tuple[str, str, tuple[str, str]]], kind: str, part: str, way: tuple[str, str]) -> bool:
    return any(kind == one and part in place and way == told for one, place, told in seen)


def shown(found: Found) -> list[str]:
    """Findings without what was found."""
    return sorted(f"{trace.what} of {trace.label} as {trace.how}: {kind} {place}" for kind, place, trace in found)[:40]


def test_the_search_reads_every_record_that_was_published(demo_run: DemoRun, searched: Searched) -> None:
    seen: Counter[str] = Counter()
    for segment in (demo_run.home / "data" / "broker" / "kafka").glob("*/*.log"):
        seen[segment.parent.name.rpartition("-")[0]] += sum(1 for _ in kafka_records(segment))
    published = {topic: number for topic, number in demo_run.outcome["published"].items() if number}
    assert {topic: seen[topic] for topic in published} == published
    assert seen["__consumer_offsets"] > 0
    assert seen["hub-correlation-youths-changelog"] > 0
    assert searched.pieces["record"] == 3 * seen.total()


def test_the_search_reads_logs_and_the_metrics_of_every_process(demo_run: DemoRun) -> None:
    processes = {"broker", "registry", "statutory", "worker", "deliver", "web"} | {f"connect-{name}" for name in _CONNECTORS}
    assert {log.stem for log in (demo_run.home / "data" / "logs").iterdir()} >= processes
    assert {page.stem for page in demo_run.pages.iterdir()} >= processes - {"broker"}


def test_youths_without_consent_leave_nothing_anywhere(
    demo_run: DemoRun, searched: Searched, report: Callable[[str], None]
) -> None:
    unseen = [youth for youth in searched.town.youths if youth.consent in _NEVER_ON_THE_BUS]
    assert sum(len(youth.absences) for youth in unseen) > 100
    assert sum(len(youth.notices) for youth in unseen) > 50
    assert sum(len(youth.observations) for youth in unseen) > 50
    assert demo_run.outcome["refused"]["no_reference"] > 500  # their records were read, and turned away
    labels = {searched.people[youth.number].label for youth in unseen}
    report(
        f"{len(unseen)} youths, {sum(len(searched.people[youth.number].identities) for youth in unseen)} ids of source systems, "
        f"{demo_run.outcome['refused']['no_reference']} records turned away; the control found in {len(PLACES)} places × {len(WAYS)} writings"
    )
    words = {"file": "files", "record": "keys, values and headers of records", "store": "entries of stores", "row": "rows"}
    parts = (f"{number} {words[kind]} ({searched.volume[kind]:,} bytes)" for kind, number in searched.pieces.items())
    report("searched " + ", ".join(parts))
    assert not shown({one for one in searched.found if one[2].label in labels})


def test_nobody_is_named_outside_what_is_sealed(searched: Searched, report: Callable[[str], None]) -> None:
    report(f"{len(searched.people)} youths, {len(searched.found)} traces found")
    assert not shown(searched.found)


def test_the_registry_has_the_consenting_under_seal_only(demo_run: DemoRun, tmp_path: Path, searched: Searched) -> None:
    home = copy_of(demo_run, tmp_path) / "home"
    vault = Vault(read_key(load_settings(demo_run.home), "registry.key"))
    opened = set()
    keyring = open_keyring(load_settings(home).keyring_database)
    keys = keyring.get(keyring.ages())
    keyring.close()
    with closing(sqlite3.connect(home / "data" / "registry" / "registry.db")) as database:
        for youth_id, identity in database.execute("SELECT youth_id, identity FROM youth WHERE identity IS NOT NULL"):
            opened.add(vault.open(vault.data_key(youth_id, keys[youth_id]), youth_id, "identity", identity).decode())
    consenting = {youth.person_id for youth in searched.town.youths if youth.consent in {"sspf", "sspf_sig", "late"}}
    assert consenting <= opened
    unknown = {youth.person_id for youth in searched.town.youths if youth.consent in {"none", "protected"}}
    assert not unknown & opened


def test_the_statutory_store_has_every_notice_under_seal_only(demo_run: DemoRun, tmp_path: Path, searched: Searched) -> None:
    home = copy_of(demo_run, tmp_path) / "home"
    store = open_store(load_settings(home), SystemClock())
    stored, damaged = store.list()
    assert not damaged
    content = b"".join(store.read(one.entry)[1] for one in stored)
    noticed = [youth for youth in searched.town.youths if youth.notices]
    assert len(stored) == sum(len(youth.notices) for youth in noticed) + 1
    assert all(f"{youth.person_id[:8]}-{youth.person_id[8:]}".encode() in content for youth in noticed)
    assert not {one for one in searched.found if "statutory" in one[1]}
