"""A restore and what was good once, or had an end: nothing of it is good again because the backup is older than its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub.access.four_eyes import FourEyes
from hub.access.grounds import Ground
from hub.access.matters import Matter, RequestState
from hub.access.opening import build_access_engine, open_four_eyes, open_sessions
from hub.audit.opening import open_audit
from hub.backup.create import create_backup
from hub.backup.restore import make_plan, restore
from hub.clock import ManualClock
from hub.contract.codec import Codec
from hub.errors import RejectedError
from hub.registry.opening import open_registry
from hub.settings import Settings, load_settings
from tests.prepared import initialised
from tests.unit.access.make import AUDITOR, SECOND
from tests.unit.registry.support import START

DOCUMENT = "document-0001"


@contextmanager
def four_eyes(settings: Settings, clock: ManualClock) -> Iterator[FourEyes]:
    engine, log = build_access_engine(settings), open_audit(settings, clock)
    try:
        yield open_four_eyes(settings, engine, log, clock)
    finally:
        engine.dispose()
        log.close()


def asked(eyes: FourEyes) -> str:
    return eyes.ask(AUDITOR, Matter.SEALED, DOCUMENT, "supervision", ground=Ground("GDPR art. 58", "KS 2025/117")).request_id


@pytest.mark.parametrize("since", ["used", "refused", "nothing"])
def test_an_approval_and_a_request_of_before_the_backup_are_asked_for_again_whatever_became_of_them(
    tmp_path: Path, since: str
) -> None:
    initialised(tmp_path / "home")
    settings, clock = load_settings(tmp_path / "home"), ManualClock(START)
    open_registry(settings, clock, Codec.load()).close()
    with four_eyes(settings, clock) as eyes:
        approved, waiting = asked(eyes), asked(eyes)
        eyes.approve(SECOND, approved)
        backup, _ = create_backup(settings, tmp_path / "backups", clock.now())
        if since == "used":
            eyes.use(AUDITOR, approved, Matter.SEALED, DOCUMENT)
        elif since == "refused":
            eyes.refuse(SECOND, waiting)
    restore(make_plan(settings, backup, None, ()), clock, Codec.load())
    with four_eyes(settings, clock) as eyes:
        assert {one.state for one in eyes.own(AUDITOR)} == {RequestState.LAPSED}
        with pytest.raises(RejectedError) as refused:
            eyes.use(AUDITOR, approved, Matter.SEALED, DOCUMENT)
        assert refused.value.code == "lapsed"
        with pytest.raises(RejectedError) as refused:
            eyes.approve(SECOND, waiting)
        assert refused.value.code == "lapsed"
        anew = asked(eyes)
        eyes.approve(SECOND, anew)
        assert eyes.use(AUDITOR, anew, Matter.SEALED, DOCUMENT).state is RequestState.USED


def test_a_session_that_was_open_when_the_backup_was_made_is_ended(tmp_path: Path) -> None:
    initialised(tmp_path / "home")
    settings, clock = load_settings(tmp_path / "home"), ManualClock(START)
    open_registry(settings, clock, Codec.load()).close()
    engine = build_access_engine(settings)
    sessions = open_sessions(settings, engine, clock)
    token = sessions.begin(AUDITOR, "local")
    assert sessions.principal(token) is not None
    engine.dispose()
    backup, _ = create_backup(settings, tmp_path / "backups", clock.now())
    restore(make_plan(settings, backup, None, ()), clock, Codec.load())
    engine = build_access_engine(settings)
    assert open_sessions(settings, engine, clock).principal(token) is None
    engine.dispose()
