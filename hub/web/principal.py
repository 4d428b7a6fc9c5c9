"""How it is known who looks at a page: a code that works once, then a signed cookie. Every route takes a Principal.

This is the single-machine form; the codes come from `hub web-login`, which only somebody with the installation's keys can run.
Times here are the machine's own (seconds), never the scenario's clock: a shifted clock must not lengthen a session.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import time
from pathlib import Path
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer

from hub.access.roles import Principal, Role
from hub.errors import RejectedError

__all__ = ["CODE_SECONDS", "COOKIE", "SESSION_SECONDS", "Sessions", "issue_code"]

COOKIE = "hub_session"
CODE_SECONDS = 600
SESSION_SECONDS = 8 * 3600
_CODE, _SESSION = "sign-in-code", "session"


def _serializer(key: bytes, purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(key, salt=purpose, signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256})


def _pack(principal: Principal) -> dict[str, object]:
    return {
        "account": principal.account, "name": principal.name, "roles": sorted(principal.roles), "teams": sorted(principal.teams),
        "nonce": secrets.token_hex(16),
    }  # fmt: skip


def _principal(content: dict[str, Any]) -> Principal:
    roles = frozenset(Role(role) for role in content["roles"])
    return Principal(content["account"], content["name"], roles, frozenset(content["teams"]))


def issue_code(key: bytes, principal: Principal) -> str:
    """A sign-in code for `principal`: works once, within ten minutes."""
    return _serializer(key, _CODE).dumps(_pack(principal))


class Sessions:
    """Turns codes into cookies and cookies into principals.

    What has been used up (a code, a session that was signed out) lies as an empty file per random number in `spent`, so that
    neither a restart nor a second process lets it be used again. Files go when nothing of that age could be valid.
    """

    def __init__(self, key: bytes, spent: Path) -> None:
        self._codes = _serializer(key, _CODE)
        self._cookies = _serializer(key, _SESSION)
        self._spent = spent
        spent.mkdir(parents=True, exist_ok=True, mode=0o700)

    def sign_in(self, code: str) -> str:
        """The cookie for a valid, unused code. Raises RejectedError `bad_code`; the page then says how to get a new one."""
        try:
            content = self._codes.loads(code, max_age=CODE_SECONDS)
        except BadData as error:
            raise RejectedError("the sign-in code is not valid any more", code="bad_code") from error
        if "roles" not in content or not self._spend(content["nonce"]):
            raise RejectedError("the sign-in code has been used", code="bad_code")
        return self._cookies.dumps(_pack(_principal(content)))

    def principal(self, cookie: str | None) -> Principal | None:
        """Who the cookie stands for; None when there is none, it is forged, signed out, or older than eight hours."""
        content = self._session(cookie)
        return None if content is None else _principal(content)

    def sign_out(self, cookie: str | None) -> None:
        """End the session that the cookie stands for, wherever else a copy of it may be."""
        content = self._session(cookie)
        if content is not None:
            self._spend(content["nonce"])

    def _session(self, cookie: str | None) -> dict[str, Any] | None:
        if not cookie:
            return None
        try:
            content: dict[str, Any] = self._cookies.loads(cookie, max_age=SESSION_SECONDS)
        except BadData:
            return None
        if "roles" not in content:  # of a version before there were roles: sign in again
            return None
        return None if (self._spent / content["nonce"]).exists() else content

    def _spend(self, nonce: str) -> bool:
        """Whether this was the first time; creating the file decides, so of two at once only one is."""
        oldest = time.time() - SESSION_SECONDS
        for path in self._spent.iterdir():
            with contextlib.suppress(FileNotFoundError):  # another process swept it first
                if path.stat().st_mtime < oldest:
                    path.unlink()
        try:
            (self._spent / nonce).touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            return False
        return True
