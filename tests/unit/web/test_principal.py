"""Codes work once, cookies for a working day, and nothing forged works at all."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from itsdangerous import URLSafeTimedSerializer

from hub.errors import RejectedError
from hub.web import principal as module
from hub.web.principal import SESSION_SECONDS, Sessions, issue_code
from tests.unit.web.town import member

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
WHO = member("Fältare", "outreach", "sspf")


@pytest.fixture
def sessions(tmp_path: Path) -> Sessions:
    return Sessions(KEY, tmp_path / "spent")


def test_a_code_becomes_a_cookie_and_the_cookie_the_principal(sessions: Sessions) -> None:
    assert sessions.principal(sessions.sign_in(issue_code(KEY, WHO))) == WHO


def test_a_code_works_once(sessions: Sessions) -> None:
    code = issue_code(KEY, WHO)
    sessions.sign_in(code)
    with pytest.raises(RejectedError, match="has been used"):
        sessions.sign_in(code)


def test_a_used_code_stays_used_after_a_restart(sessions: Sessions, tmp_path: Path) -> None:
    code = issue_code(KEY, WHO)
    sessions.sign_in(code)
    with pytest.raises(RejectedError):
        Sessions(KEY, tmp_path / "spent").sign_in(code)


def test_each_code_is_another() -> None:
    assert issue_code(KEY, WHO) != issue_code(KEY, WHO)


@pytest.mark.parametrize("code", ["", "x", "a.b.c", "å", "\x00", "." * 500])
def test_what_is_no_code_is_refused_without_being_repeated(sessions: Sessions, code: str) -> None:
    with pytest.raises(RejectedError) as refusal:
        sessions.sign_in(code)
    assert refusal.value.code == "bad_code"
    assert str(refusal.value) == "the sign-in code is not valid any more"


def test_another_installations_code_and_cookie_are_refused(sessions: Sessions, tmp_path: Path) -> None:
    with pytest.raises(RejectedError):
        sessions.sign_in(issue_code(OTHER_KEY, WHO))
    foreign = Sessions(OTHER_KEY, tmp_path / "elsewhere").sign_in(issue_code(OTHER_KEY, WHO))
    assert sessions.principal(foreign) is None


def test_a_code_is_no_cookie_and_a_cookie_no_code(sessions: Sessions) -> None:
    code = issue_code(KEY, WHO)
    assert sessions.principal(code) is None
    with pytest.raises(RejectedError):
        sessions.sign_in(sessions.sign_in(code))


def test_a_changed_cookie_is_nobody(sessions: Sessions) -> None:
    cookie = sessions.sign_in(issue_code(KEY, WHO))
    for place in (0, len(cookie) // 2, len(cookie) - 2):
        changed = cookie[:place] + ("A" if cookie[place] != "A" else "B") + cookie[place + 1 :]
        assert sessions.principal(changed) is None


@pytest.mark.parametrize("cookie", [None, "", "nonsense"])
def test_no_cookie_is_nobody(sessions: Sessions, cookie: str | None) -> None:
    assert sessions.principal(cookie) is None


def aged(purpose: str, seconds: float) -> str:
    """What would have been issued so long ago: signed by the same key, with its own time."""
    signer = module._serializer(KEY, purpose).make_signer(purpose)
    then = int(time.time() - seconds)
    kind = type(signer)
    old = type("OldSigner", (kind,), {"get_timestamp": lambda _self: then})
    serializer = URLSafeTimedSerializer(
        KEY, salt=purpose, signer=old, signer_kwargs={"key_derivation": "hmac", "digest_method": signer.digest_method}
    )
    return serializer.dumps(module._pack(WHO))


def test_a_code_is_valid_for_ten_minutes(sessions: Sessions) -> None:
    sessions.sign_in(aged("sign-in-code", 590))
    with pytest.raises(RejectedError, match="not valid any more"):
        sessions.sign_in(aged("sign-in-code", 605))


def test_a_session_is_valid_for_eight_hours(sessions: Sessions) -> None:
    assert sessions.principal(aged("session", SESSION_SECONDS - 10)) == WHO
    assert sessions.principal(aged("session", SESSION_SECONDS + 5)) is None


def test_signing_out_ends_the_session_wherever_its_cookie_was_copied_to(sessions: Sessions) -> None:
    cookie = sessions.sign_in(issue_code(KEY, WHO))
    other = sessions.sign_in(issue_code(KEY, WHO))
    sessions.sign_out(cookie)
    sessions.sign_out(cookie)
    sessions.sign_out(None)
    assert sessions.principal(cookie) is None
    assert sessions.principal(other) == WHO


def test_what_was_used_up_is_forgotten_when_it_could_not_be_valid_any_more(sessions: Sessions, tmp_path: Path) -> None:
    sessions.sign_in(issue_code(KEY, WHO))
    (first,) = (tmp_path / "spent").iterdir()
    long_ago = time.time() - SESSION_SECONDS - 60
    os.utime(first, (long_ago, long_ago))
    sessions.sign_in(issue_code(KEY, WHO))
    (left,) = (tmp_path / "spent").iterdir()
    assert left != first
    assert left.read_bytes() == b""
