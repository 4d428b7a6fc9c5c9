"""`hub audit verify` on each kind of database, tampered with by raw SQL: it says what was done, where, and what to do next."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.audit.log import AuditLog
from hub.audit.opening import open_audit
from hub.cli import app
from hub.clock import ManualClock
from hub.settings import load_settings
from tests.command_line import CliRunner
from tests.prepared import initialised
from tests.unit.audit.conftest import NOW
from tests.unit.audit.kept import migrate_url
from tests.unit.audit.make import make_entry
from tests.unit.audit.tampering import hash_anew, run, swap


@pytest.fixture
def home(tmp_path: Path, databases: Callable[..., str]) -> Path:
    initialised(tmp_path / "home")
    file = tmp_path / "home" / "hub.toml"
    given = f'[audit]\ndatabase_url = "{databases("audit", migrate_url)}"'
    file.write_text(file.read_text(encoding="utf-8").replace('[audit]\ndatabase_url = ""', given), encoding="utf-8")
    assert given in file.read_text(encoding="utf-8")
    return tmp_path / "home"


@pytest.fixture
def log(home: Path) -> Iterator[AuditLog]:
    log = open_audit(load_settings(home), ManualClock(NOW))
    log.append_many([make_entry(number) for number in range(5)])
    yield log
    log.close()


def call(home: Path, *words: str):
    return CliRunner().invoke(app, ["audit", *words, "--home", str(home)])


def _fork(log: AuditLog) -> None:
    run(log.engine, "UPDATE audit_entry SET account = 'somebody-else' WHERE position = 2", "DELETE FROM audit_checkpoint")
    hash_anew(log.engine)


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        (lambda log: run(log.engine, "UPDATE audit_entry SET account = 'somebody-else' WHERE position = 3"), ("edit", 3)),
        (lambda log: run(log.engine, "DELETE FROM audit_entry WHERE position = 2"), ("deletion", 2)),
        (lambda log: swap(log.engine, 2, 4), ("reordering", 2)),
        (
            lambda log: run(log.engine, "DELETE FROM audit_entry WHERE position > 4", "DELETE FROM audit_checkpoint"),
            ("truncation", 5),
        ),
        (_fork, ("fork", 1)),
    ],
    ids=["edit", "deletion", "reordering", "truncation", "fork"],
)
def test_each_of_the_five_tamperings_is_caught_by_the_command(
    home: Path, log: AuditLog, report, tamper, found: tuple[str, int]
) -> None:
    kept = home.parent / "kept.note"
    assert call(home, "checkpoint", "--out", str(kept)).exit_code == 0
    assert call(home, "verify", "--against", str(kept)).exit_code == 0
    tamper(log)
    result = call(home, "verify", "--against", str(kept))
    assert result.exit_code == 1
    assert f"{found[0].upper()}: " in result.stdout
    assert "Next:" in result.stdout
    report(f"{log.engine.dialect.name}: {next(line for line in result.stdout.splitlines() if line.startswith(found[0].upper()))}")
    document = json.loads(call(home, "verify", "--against", str(kept), "--json").stdout)
    assert [(one["fault"], one["first"]) for one in document["findings"]] == [found]
