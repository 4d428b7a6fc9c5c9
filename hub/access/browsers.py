"""Browsers in which an account has signed in before, known again by a signed cookie.

What it holds opens nothing: it gives its holder attempts of her own, so that nobody who guesses elsewhere makes her wait.
Source: OWASP, Slow Down Online Guessing Attacks with Device Cookies.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from itsdangerous import BadData, URLSafeTimedSerializer

__all__ = ["KNOWN_DAYS", "KnownBrowsers"]

KNOWN_DAYS: Final = 180  # since the account last signed in there
_SALT: Final = b"known-browser\x00"


class KnownBrowsers:
    """Makes the cookie's content and knows it again. It names no account: it is genuine beside the one it was made for only."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def token(self, account: str) -> str:
        """For the browser in which the account has just signed in."""
        return str(self._signed(account).dumps(secrets.token_hex(16)))

    def number(self, account: str, token: str) -> str | None:
        """Which of the account's browsers it is; None when it is none of them, or was too long ago."""
        try:
            found: str = self._signed(account).loads(token, max_age=KNOWN_DAYS * 86400)
        except BadData:
            return None
        return found

    def _signed(self, account: str) -> URLSafeTimedSerializer:
        salt = _SALT + account.encode("utf-8", "surrogatepass")
        return URLSafeTimedSerializer(self._key, salt=salt, signer_kwargs={"digest_method": hashlib.sha256})
