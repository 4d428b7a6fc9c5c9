"""Appending: in one order however many do it, on the medium before anything is shown, and never changed by anybody."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from hub.audit.entries import Outcome, canonical_content
from hub.audit.log import FIRST_CHAIN, AuditLog, chain_hash
from hub.audit.merkle import leaf_hash
from hub.audit.opening import open_audit
from hub.clock import STOCKHOLM, ManualClock
from hub.errors import ConfigError, RejectedError, RetriableError
from hub.settings import Settings
from tests.unit.audit.make import CLERK, make_entry, make_task, make_youth
from tests.unit.audit.tampering import run

_CHILD = """
import sys
from pathlib import Path
from hub.audit.opening import open_audit
from hub.clock import SystemClock
from hub.settings import load_settings
from tests.unit.audit.make import make_entry
log = open_audit(load_settings(Path(sys.argv[1])), SystemClock())
sys.stdin.readline()
for number in range(int(sys.argv[2])):
    print(log.append(make_entry(number)))
log.close()
"""


class SwedishClock:
    """Tells instants as clocks on Swedish walls do."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now().astimezone(STOCKHOLM)


def rows(log: AuditLog) -> list:
    with log.engine.connect() as connection:
        return list(connection.execute(text("SELECT * FROM audit_entry ORDER BY position")))


def check_chain(log: AuditLog) -> None:
    chain = FIRST_CHAIN
    for position, row in enumerate(rows(log), start=1):
        values = list(row)
        chain = chain_hash(chain, row.leaf)
        assert (row.position, row.chain) == (position, chain)
        assert values[-2:] == [row.leaf, chain]


def test_an_entry_says_who_when_what_of_whom_why_and_by_which_rule(log: AuditLog) -> None:
    assert log.append(make_entry(purpose="own_task", rule="team_and_consent")) == 1
    (row,) = rows(log)
    assert (row.at, row.account, row.unit, row.role) == (
        "2025-05-19T05:30:00.000000+00:00",
        "account-7f3a",
        "outreach",
        "team_member",
    )
    assert (row.action, row.purpose, row.outcome, row.rule) == ("task_opened", "own_task", "permit", "team_and_consent")
    assert [row.subject, row.item] == log.pseudonyms([make_youth(), make_task()])


def test_a_row_is_what_its_hash_was_made_of(log: AuditLog) -> None:
    log.append(make_entry(purpose="own_task"))
    (row,) = rows(log)
    assert leaf_hash(canonical_content(*list(row)[1:-2])).hex() == row.leaf


def test_no_reference_stands_in_the_file(log: AuditLog, settings: Settings) -> None:
    log.append(make_entry())
    held = b"".join(path.read_bytes() for path in (settings.data / "audit").iterdir())
    assert log.pseudonyms([make_task()])[0].encode() in held
    assert make_task().reference.encode() not in held
    assert make_youth().reference.encode() not in held


def test_several_go_in_together_or_not_at_all(log: AuditLog) -> None:
    assert log.append_many([make_entry(1), make_entry(2)]) == 2
    assert log.append(make_entry(3)) == 3
    check_chain(log)
    with pytest.raises(ValueError, match="nothing"):
        log.append_many([])


def test_processes_and_threads_that_append_at_once_make_one_chain(log: AuditLog, settings: Settings) -> None:
    words = [sys.executable, "-c", _CHILD, str(settings.home), "30"]
    children = [subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    with ThreadPoolExecutor(3) as pool:
        mine = list(pool.map(lambda number: log.append(make_entry(number)), range(30)))
    theirs = [int(line) for child in children for line in child.communicate(timeout=60)[0].split()]
    assert sorted(mine + theirs) == list(range(1, 91))
    check_chain(log)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET account = 'somebody-else' WHERE position = 2",
        "DELETE FROM audit_entry WHERE position = 3",
        "DELETE FROM audit_entry",
        "INSERT INTO audit_entry SELECT 7, at, account, unit, role, action, subject, item, purpose, outcome, rule, leaf, chain FROM audit_entry WHERE position = 1",
        "INSERT OR REPLACE INTO audit_entry SELECT 1, at, account, unit, role, action, subject, item, purpose, outcome, rule, leaf, chain FROM audit_entry WHERE position = 2",
    ],
)
def test_the_database_itself_refuses_every_change(log: AuditLog, statement: str) -> None:
    log.append_many([make_entry(number) for number in range(3)])
    before = rows(log)
    with pytest.raises(IntegrityError), log.engine.begin() as connection:
        connection.execute(text(statement))
    assert rows(log) == before


def test_nothing_is_answered_when_nothing_can_be_written(log: AuditLog) -> None:
    answered = []
    with log.engine.begin() as connection:
        connection.execute(text("DROP TABLE audit_entry"))
    with pytest.raises(RetriableError) as caught:
        log.append(make_entry())
    assert caught.value.code == "audit"
    with pytest.raises(RetriableError), log.recorded(make_entry()):
        read = "what a task says"
    answered.extend([read] if caught.value is None else [])
    assert answered == []


def test_nothing_is_appended_to_a_link_that_is_none(log: AuditLog) -> None:
    log.append(make_entry())
    run(log.engine, "UPDATE audit_entry SET chain = 'nothing'")
    with pytest.raises(RetriableError):
        log.append(make_entry())
    assert len(rows(log)) == 1


def test_what_is_read_under_the_log_is_written_before_the_block_is_left(log: AuditLog) -> None:
    with log.recorded(make_entry(subject=None)) as draft:
        assert rows(log) == []
        draft.about(subject=make_youth(9))
        draft.permitted("consent_in_force")
    (row,) = rows(log)
    assert (row.subject, row.rule, row.outcome) == (log.pseudonyms([make_youth(9)])[0], "consent_in_force", Outcome.PERMIT)


def test_a_refusal_is_written_with_its_rule_and_goes_on(log: AuditLog) -> None:
    with pytest.raises(RejectedError), log.recorded(make_entry()):
        raise RejectedError("not for you", code="not_their_team")
    (row,) = rows(log)
    assert (row.outcome, row.rule, row.account) == ("deny", "not_their_team", CLERK.account)


def test_a_reader_may_be_denied_the_content_only(log: AuditLog) -> None:
    with log.recorded(make_entry()) as draft:
        draft.denied("consent_gone")
    assert [(row.outcome, row.rule) for row in rows(log)] == [("deny", "consent_gone")]


def test_what_fails_for_another_reason_was_not_read(log: AuditLog) -> None:
    with pytest.raises(RetriableError), log.recorded(make_entry()):
        raise RetriableError("the inbox does not answer", code="database")
    assert rows(log) == []


def test_every_entry_has_its_own_instant(log: AuditLog, clock: ManualClock) -> None:
    log.append(make_entry())
    clock.advance(timedelta(seconds=1))
    log.append(make_entry())
    assert [row.at[17:19] for row in rows(log)] == ["00", "01"]


def test_an_instant_is_written_in_utc_whatever_zone_the_clock_thinks_in(settings: Settings, clock: ManualClock) -> None:
    log = open_audit(settings, SwedishClock(clock))
    log.append(make_entry())
    clock.set(datetime(2025, 10, 26, 0, 30, tzinfo=UTC))  # the first of the two half past two of that night
    log.append(make_entry())
    clock.advance(timedelta(hours=1))
    log.append(make_entry())
    assert [row.at for row in rows(log)] == [
        "2025-05-19T05:30:00.000000+00:00", "2025-10-26T00:30:00.000000+00:00", "2025-10-26T01:30:00.000000+00:00",
    ]  # fmt: skip
    log.close()


def test_without_its_key_the_log_does_not_open(settings: Settings, clock: ManualClock) -> None:
    (settings.keys / "audit-subject.key").unlink()
    with pytest.raises(ConfigError, match="hub init"):
        open_audit(settings, clock)


def test_file_and_folder_are_their_owners_alone(log: AuditLog, settings: Settings) -> None:
    log.append(make_entry())
    folder: Path = settings.data / "audit"
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())
