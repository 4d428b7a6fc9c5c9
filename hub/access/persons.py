"""Which human being an account is. One may have several: at the identity provider, of this installation, on the machine.

Four eyes compare persons, so that nobody is both of them. A person is named by what the provider calls her (the claim
`login.oidc.person_claim`); the same value is given to her other accounts (`hub account person`, `[login.command_users]`). Kept is
a keyed hash, which says that two are one and nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

from hub.access.roles import Principal

__all__ = ["is_same_person", "person_key"]

_HEX = 40


def person_key(key: bytes, value: str) -> str:
    """What stands for the person whom the provider calls `value`, however it is spelt; empty for an empty value.

    `key` is the installation's `keys/worklist.key`.
    """
    folded = unicodedata.normalize("NFKC", value).strip().casefold()
    if not folded:
        return ""
    return hmac.new(key, f"person\x00{folded}".encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:_HEX]


def is_same_person(principal: Principal, account: str, person: str) -> bool:
    """Whether `principal` is the holder of an account, or of another account of the same person."""
    return principal.account == account or (bool(person) and principal.person == person)
