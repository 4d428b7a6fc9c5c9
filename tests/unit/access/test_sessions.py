"""Sessions begin anew at each sign-in, and end in every way that there is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from hub.access.opening import open_sessions
from hub.access.roles import Role
from hub.access.sessions import Sessions
from hub.access.tables import SessionRow
from hub.clock import ManualClock
from hub.settings import Settings
from tests.unit.access.make import make_principal

WHO = make_principal("local-1", Role.TEAM_MEMBER, teams=("outreach",))
OTHER = make_principal("local-2", Role.AUDITOR)


@pytest.fixture
def sessions(settings: Settings, engine: Engine, clock: ManualClock) -> Sessions:
    return open_sessions(settings, engine, clock)


def test_a_session_stands_for_whom_it_was_begun(sessions: Sessions) -> None:
    token = sessions.begin(WHO, "local")
    assert sessions.principal(token) == WHO
    assert sessions.way(token) == "local"


@pytest.mark.parametrize("token", [None, "", "nonsense", "a" * 5000, "å", "\x00"])
def test_what_is_no_session_is_nobody(sessions: Sessions, token: str | None) -> None:
    sessions.begin(WHO, "local")
    assert sessions.principal(token) is None
    assert sessions.way(token) is None


def test_a_token_has_256_bits_from_a_generator_for_secrets_and_is_kept_as_a_hash_only(sessions: Sessions, engine: Engine) -> None:
    tokens = {sessions.begin(WHO, "local") for _ in range(20)}
    assert len(tokens) == 20
    assert all(len(token) == 43 for token in tokens)
    with engine.connect() as connection:
        kept = " ".join(str(value) for row in connection.execute(select(*SessionRow.__table__.columns)) for value in row)
    assert not [token for token in tokens if token in kept]


def test_signing_in_again_ends_the_session_that_one_had(sessions: Sessions) -> None:
    first = sessions.begin(WHO, "local")
    second = sessions.begin(WHO, "local", instead_of=first)
    assert sessions.principal(first) is None
    assert sessions.principal(second) == WHO


def test_a_session_ends_eight_hours_after_sign_in_however_much_it_is_used(sessions: Sessions, clock: ManualClock) -> None:
    token = sessions.begin(WHO, "local")
    for _ in range(24):
        clock.advance(timedelta(minutes=20) - timedelta(seconds=1))
        assert sessions.principal(token) == WHO
    clock.advance(timedelta(seconds=24))
    assert sessions.principal(token) is None


def test_a_session_ends_half_an_hour_after_its_last_use(sessions: Sessions, clock: ManualClock) -> None:
    token = sessions.begin(WHO, "local")
    clock.advance(timedelta(minutes=29))
    assert sessions.principal(token) == WHO
    clock.advance(timedelta(minutes=29))
    assert sessions.principal(token) == WHO
    clock.advance(timedelta(minutes=30))
    assert sessions.principal(token) is None


def test_a_page_that_renews_itself_keeps_no_session_alive(sessions: Sessions, clock: ManualClock) -> None:
    token = sessions.begin(WHO, "local")
    for _ in range(29):
        clock.advance(timedelta(minutes=1))
        assert sessions.principal(token, noted=False) == WHO
    clock.advance(timedelta(minutes=1))
    assert sessions.principal(token, noted=False) is None


def test_signing_out_ends_the_session_wherever_its_cookie_was_copied_to(sessions: Sessions) -> None:
    token, other = sessions.begin(WHO, "local"), sessions.begin(WHO, "local")
    sessions.end(token)
    sessions.end(token)
    sessions.end(None)
    assert sessions.principal(token) is None
    assert sessions.principal(other) == WHO


def test_ones_own_sessions_are_listed_without_what_would_let_anybody_in(sessions: Sessions, clock: ManualClock) -> None:
    old = sessions.begin(WHO, "local", "Firefox, Windows")
    clock.advance(timedelta(minutes=5))
    new = sessions.begin(WHO, "oidc", "Chrome, Android")
    sessions.begin(OTHER, "local")
    listed = sessions.of(WHO.account, new)
    assert [(one.browser, one.way, one.current) for one in listed] == [
        ("Chrome, Android", "oidc", True), ("Firefox, Windows", "local", False),
    ]  # fmt: skip
    for one in listed:
        assert sessions.principal(one.number) is None
    assert sessions.end_one(WHO.account, listed[1].number)
    assert sessions.principal(old) is None
    assert sessions.principal(new) == WHO


def test_nobody_ends_a_session_of_another_account(sessions: Sessions) -> None:
    token = sessions.begin(OTHER, "local")
    (theirs,) = sessions.of(OTHER.account)
    for number in (theirs.number, "", "%", "\x00" * 16, theirs.number[:8]):
        assert not sessions.end_one(WHO.account, number)
    assert not sessions.end_one(OTHER.account, "")
    assert not sessions.end_one(OTHER.account, theirs.number[:8])
    assert sessions.principal(token) == OTHER


def test_all_but_this_all_of_one_and_all_of_everybody(sessions: Sessions) -> None:
    this = sessions.begin(WHO, "local")
    that = sessions.begin(WHO, "local")
    foreign = sessions.begin(OTHER, "local")
    assert sessions.end_all(WHO.account, but=this) == 1
    assert [sessions.principal(token) for token in (this, that, foreign)] == [WHO, None, OTHER]
    assert sessions.end_all(WHO.account) == 1
    assert sessions.end_all(None) == 1
    assert sessions.principal(foreign) is None


def test_what_has_ended_is_swept_and_a_restart_ends_nothing(
    settings: Settings, engine: Engine, sessions: Sessions, clock: ManualClock
) -> None:
    sessions.begin(WHO, "local")
    clock.advance(timedelta(hours=1))
    token = sessions.begin(WHO, "local")
    with engine.connect() as connection:
        assert len(connection.execute(select(SessionRow.session_id)).all()) == 1
    assert open_sessions(settings, engine, clock).principal(token) == WHO
