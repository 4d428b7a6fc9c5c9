"""After physical removal: every file of PostgreSQL itself is searched: pages, indexes, statistics and its write-ahead log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from hub.commands.erasure_texts import lines
from hub.database_log import DatabaseLog
from hub.registry.former import FormerData
from hub.registry.parties import note_parties, read_parties
from hub.registry.removal import Survey
from hub.registry.removal_stores import PERSONAL, OwnStores
from hub.registry.vault import subject_hash
from tests.integration.privacy.controls import CONTROL, WAYS
from tests.integration.privacy.traces import Person, Trace, add_trace, encodings, index_traces, scan
from tests.postgres import Cluster, running_cluster
from tests.unit.registry.conftest import migrate_keyring, migrate_registry
from tests.unit.registry.support import POLICE, SCHOOL, Installation, make_grant, make_identifier
from tests.unit.registry.test_erasures import answer
from tests.unit.registry.test_removal import BACKUPS, BOUNDS, COMPONENTS, DELIVERY_STORE, LOG, WORKER_STORE, all_gone

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300)]
PERSON, NAME = make_identifier(7), "Torbjörg Withdrawn-Ålandersson"
_PAGE, _LONG_HEADER, _SHORT_HEADER = 8192, 40, 24
_FILL = b"0" * 2048
_SHORTENED = timedelta(minutes=2)


@pytest.fixture
def server() -> Iterator[Cluster]:
    """Its own: the session's holds what other tests have written."""
    with running_cluster("min_wal_size=32MB", "max_wal_size=64MB") as cluster:
        yield cluster


@pytest.fixture
def home(server: Cluster, tmp_path: Path) -> Iterator[Installation]:
    with server.database(migrate_registry) as registry, server.database(migrate_keyring) as keyring:
        installation = Installation(tmp_path, url=registry, keyring_url=keyring)
        yield installation
        installation.close()


def index_of(home: Installation) -> dict[int, list[Trace]]:
    """The person's number and name in every spelling, the control's, and each secret of hers in every encoding."""
    with home.engine.connect() as connection:
        row = connection.execute(text("SELECT youth_id, identity, lookup, parties FROM youth WHERE parties IS NOT NULL")).one()
        links = dict(
            connection.execute(text("SELECT agency, sealed FROM link_key WHERE youth_id = :id"), {"id": row.youth_id}).all()
        )
    (wrapped,) = home.keyring.get([row.youth_id]).values()
    data_key = home.tools.vault.data_key(row.youth_id, wrapped)
    secrets = {
        "data key": data_key,
        "wrapped data key": wrapped,
        "link key": home.tools.vault.open(data_key, row.youth_id, f"link_key.{SCHOOL}", bytes(links[SCHOOL])),
        "sealed link key": bytes(links[SCHOOL]),
        "sealed number": bytes(row.identity),
        "sealed names": bytes(row.parties),
        "lookup": bytes(row.lookup),
        "agency's hash": bytes.fromhex(subject_hash(home.agencies[SCHOOL].hmac_key, PERSON)),
    }
    index = index_traces([CONTROL, Person("person", PERSON, NAME, ())])
    for what, raw in secrets.items():
        for how, content in (("raw", raw), *encodings(raw)):
            add_trace(index, Trace("person", what, how, content))
    return index


def found_in(cluster: Cluster, index: dict[int, list[Trace]]) -> dict[str, set[Trace]]:
    """All that stands in any file of the server, by the folder that the file lies in; a page that many files share is read once."""
    cluster.run("CHECKPOINT")
    found: dict[str, set[Trace]] = {}
    known: set[bytes] = set()
    data = cluster.folder / "data"
    for path in sorted(one for one in data.rglob("*") if one.is_file()):
        content = path.read_bytes()
        pages = [content[start : start + _PAGE] for start in range(0, len(content), _PAGE)]
        if path.parent.name == "pg_wal":  # a record goes on behind the next page's header
            content = b"".join(page[_SHORT_HEADER if number else _LONG_HEADER :] for number, page in enumerate(pages))
        else:
            content = b"".join(page for page in pages if page not in known)
            known.update(pages)
        traces = scan(content.replace(_FILL, b""), index)
        if traces:
            found.setdefault(path.relative_to(data).parts[0], set()).update(traces)
    return found


def of(found: dict[str, set[Trace]], folder: str, label: str) -> set[tuple[str, str]]:
    return {(trace.what, trace.how) for trace in found.get(folder, ()) if trace.label == label}


def test_after_removal_no_page_and_no_log_of_postgresql_holds_anything_of_who_withdrew(
    home: Installation, server: Cluster, report: Callable[[str], None]
) -> None:
    home.registry.grant(make_grant(PERSON))
    home.registry.grant(make_grant(make_identifier(8)))
    note_parties(home.registry, PERSON, read_parties({"name": NAME, "parties": []}), lambda _youth_id: None)
    home.relay.run_once()
    for agency in (SCHOOL, POLICE):
        home.told(agency)
    with home.engine.begin() as connection:
        connection.execute(text("CREATE TABLE control (content BYTEA)"))
        connection.execute(
            text("INSERT INTO control VALUES (:content)"), [{"content": b"<" + way + b">"} for way in WAYS.values()]
        )
    with home.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in PERSONAL:
            connection.execute(text(f"ANALYZE {table}"))  # as the server does by itself: it samples what the tables hold
    index = index_of(home)
    before = found_in(server, index)
    for folder in ("base", "pg_wal"):
        assert of(before, folder, CONTROL.label) >= set(WAYS)
        assert {what for what, _how in of(before, folder, "person")} >= {
            "wrapped data key", "sealed link key", "sealed number", "sealed names", "lookup",
        }  # fmt: skip

    home.registry.withdraw(PERSON)
    home.relay.run_once()
    (request,) = home.sent("hub.erasures.v1")
    for component in (*COMPONENTS, DELIVERY_STORE, WORKER_STORE):
        answer(home, request, component)
    log = DatabaseLog(home.engine.url.render_as_string(hide_password=False))
    stores = OwnStores(
        home.registry, home.engine, home.keyring, home.clock,
        former=FormerData(home.file.parent, timedelta(days=7)), logs={LOG: log},
    )  # fmt: skip
    bounds = {**dict.fromkeys(BOUNDS, _SHORTENED), LOG: _SHORTENED, BACKUPS: timedelta()}
    survey = Survey(home.registry, stores, all_gone(), bounds, home.clock, effect=timedelta(seconds=60))
    survey.look()
    assert of(found_in(server, index), "pg_wal", "person")  # and so the place is open
    looks = 1
    while home.registry.erasure_status()[0].removed_at is None:
        home.clock.advance(timedelta(seconds=4))
        server.run("CHECKPOINT")  # the server does it by itself, every five minutes
        survey.look()
        looks += 1
        assert looks < 40
    (status,) = home.registry.erasure_status()
    assert all(place.done_at and place.done_at <= place.due_at for place in status.places)

    with home.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO control VALUES (:content)"), [{"content": b"<" + way + b">"} for way in WAYS.values()]
        )
    after = found_in(server, index)
    for folder in ("base", "pg_wal"):
        assert of(after, folder, CONTROL.label) >= set(WAYS)
    assert {folder: left for folder in after if (left := of(after, folder, "person"))} == {}
    report(f"{sum(map(len, index.values()))} traces; nothing in PostgreSQL's pages, statistics and log after {looks} looks")
    for line in lines(status, places=True):
        report(line)
