"""Links that an association acts by, without an account: signed, each for one offer and one purpose.

A link holds the offer's number under HMAC-SHA256 (itsdangerous). When it ends, and whether it was used, stands with the offer: a
link is good once, and nobody can lengthen it.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Final

from itsdangerous import BadData, URLSafeSerializer

from hub.errors import RejectedError

__all__ = ["LinkPurpose", "Links"]

_LONGEST: Final = 256


class LinkPurpose(StrEnum):
    """What a link lets its holder do."""

    ANSWER = "answer"
    REPORT = "report"


class Links:
    """`key` has 32 bytes: the installation's own."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, purpose: LinkPurpose, offer_id: str) -> str:
        """The token of a link. The same offer always gives the same."""
        token = self._signer(purpose).dumps(offer_id)
        return token if isinstance(token, str) else token.decode()

    def read(self, purpose: LinkPurpose, token: str) -> str:
        """The offer that it is for. Raises RejectedError `bad_link` for anything that was not made here."""
        try:
            return str(self._signer(purpose).loads(token[:_LONGEST]))
        except BadData as error:
            raise RejectedError("no link of ours", code="bad_link") from error

    def _signer(self, purpose: LinkPurpose) -> URLSafeSerializer:
        settings = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
        return URLSafeSerializer(self._key, salt=f"presence-{purpose}", signer_kwargs=settings)
