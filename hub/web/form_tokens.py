"""The token in each form: that a page of ours, shown in this very browser, is what sends it (CSRF).

Signed by itsdangerous with what the browser's cookie holds, so that a token is worth nothing beside another session's cookie and
ends with its own session (OWASP CSRF Prevention Cheat Sheet: signed token, bound to the session).
"""

from __future__ import annotations

import hashlib
from typing import Final

from itsdangerous import Signer
from markupsafe import Markup

__all__ = ["FIELD", "form_token", "is_genuine", "token_field"]

FIELD: Final = "form_token"
_SAID = "form"


def _signer(secret: str) -> Signer:
    return Signer(secret, salt="hub.form", key_derivation="hmac", digest_method=hashlib.sha256)


def form_token(secret: str) -> str:
    """The token for the browser whose cookie holds `secret`."""
    return _signer(secret).sign(_SAID).decode()


def is_genuine(secret: str, sent: str) -> bool:
    """Whether `sent` is the token of that browser; a browser without a cookie has none."""
    if not secret:
        return False
    return _signer(secret).validate(sent.encode("utf-8", "surrogatepass"))


def token_field(secret: str) -> Markup:
    """The hidden field that every form of ours begins with."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, form_token(secret))
