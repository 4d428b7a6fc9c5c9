"""Who looks at a page, and how that is known: a code that works once, then a signed cookie. Every route takes a Principal.

This is the single-machine form; the codes come from `hub web-login`, which only somebody with the installation's keys can run.
Times here are the machine's own (seconds), never the scenario's clock: a shifted clock must not lengthen a session.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from itsdangerous import BadData, URLSafeTimedSerializer

from hub.errors import RejectedError

__all__ = ["COOKIE", "Principal", "Sessions", "issue_code"]

COOKIE = "hub_session"
CODE_SECONDS = 600
SESSION_SECONDS = 8 * 3600
_CODE, _SESSION = "sign-in-code", "session"


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody signed in: a display name (a function, not a person's number) and the teams whose tasks they may see."""

    name: str
    teams: frozenset[str]


def _pack(principal: Principal) -> dict[str, object]:
    return {"name": principal.name, "teams": sorted(principal.teams), "nonce": secrets.token_hex(8)}


def issue_code(key: bytes, principal: Principal) -> str:
    """A sign-in code for `principal`: works once, within ten minutes."""
    return URLSafeTimedSerializer(key, salt=_CODE).dumps(_pack(principal))


class Sessions:
    """Turns codes into cookies and cookies into principals. A used code is remembered for as long as it could be valid."""

    def __init__(self, key: bytes) -> None:
        self._codes = URLSafeTimedSerializer(key, salt=_CODE)
        self._cookies = URLSafeTimedSerializer(key, salt=_SESSION)
        self._used: set[str] = set()

    def sign_in(self, code: str) -> str:
        """The cookie for a valid, unused code. Raises RejectedError `bad_code`; the page then says how to get a new one."""
        try:
            content = self._codes.loads(code, max_age=CODE_SECONDS)
        except BadData as error:
            raise RejectedError("the sign-in code is not valid any more", code="bad_code") from error
        if content["nonce"] in self._used:
            raise RejectedError("the sign-in code has been used", code="bad_code")
        self._used.add(content["nonce"])
        return self._cookies.dumps(_pack(Principal(content["name"], frozenset(content["teams"]))))

    def principal(self, cookie: str | None) -> Principal | None:
        """Who the cookie stands for; None when there is none, it is forged, or older than eight hours."""
        if not cookie:
            return None
        try:
            content = self._cookies.loads(cookie, max_age=SESSION_SECONDS)
        except BadData:
            return None
        return Principal(content["name"], frozenset(content["teams"]))
