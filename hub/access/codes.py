"""Sign-in codes: issued by whoever holds the installation's keys (`hub web-login`), good once, within ten minutes.

Times here are the machine's own, never the scenario's clock: a shifted clock must not lengthen anything.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import Engine, delete, insert
from sqlalchemy.exc import IntegrityError

from hub.access.rights import merged, read_word, words_of
from hub.access.roles import Principal
from hub.access.tables import SpentRow
from hub.database import answering
from hub.errors import ConfigError, RejectedError

__all__ = ["CODE_SECONDS", "Codes", "issue_code", "spend"]

CODE_SECONDS = 600


def _serializer(key: bytes) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        key, salt="sign-in-code", signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256}
    )


def _pack(principal: Principal) -> dict[str, object]:
    return {
        "account": principal.account, "name": principal.name, "rights": words_of(principal.roles),
        "person": principal.person, "nonce": secrets.token_hex(16),
    }  # fmt: skip


def issue_code(key: bytes, principal: Principal) -> str:
    """A sign-in code for `principal`: works once, within ten minutes."""
    return _serializer(key).dumps(_pack(principal))


def spend(engine: Engine, nonce: str, until: datetime) -> bool:
    """Whether `nonce` is used for the first time; of two at once, in whatever process, only one is told so.

    It is remembered till `until`, when what it belongs to is too old by itself.
    """
    with answering(), engine.begin() as connection:
        connection.execute(delete(SpentRow).where(SpentRow.until < datetime.now(UTC)))
        try:
            connection.execute(insert(SpentRow).values(nonce=nonce, until=until))
        except IntegrityError:
            return False
    return True


class Codes:
    """Turns codes into principals."""

    def __init__(self, key: bytes, engine: Engine) -> None:
        self._serializer = _serializer(key)
        self._engine = engine

    def redeem(self, code: str) -> Principal:
        """Whom a valid, unused code stands for. Raises RejectedError `bad_code`; the page then says how to get a new one."""
        try:
            content: dict[str, Any] = self._serializer.loads(code, max_age=CODE_SECONDS)
            rights = merged(read_word(word, "code") for word in content["rights"])
            principal = Principal(content["account"], content["name"], rights, content["person"])
        except (BadData, KeyError, ConfigError) as error:  # the latter two of another version of the hub
            raise RejectedError("the sign-in code is not valid any more", code="bad_code") from error
        if not spend(self._engine, content["nonce"], datetime.now(UTC) + timedelta(seconds=2 * CODE_SECONDS)):
            raise RejectedError("the sign-in code has been used", code="used_code")
        return principal
