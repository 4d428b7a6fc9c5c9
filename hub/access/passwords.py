"""Passwords: how long, how not, and as what they are kept.

At least twelve characters, at most 256, of any kind and never altered; no rule of composition, no expiry (ASVS 5.0 V6.2). What
can be guessed is refused: zxcvbn holds 30,000 leaked passwords, names and words, knows keyboards and dates, and is told our own
words besides. Kept as Argon2id (19 MiB, two passes: OWASP's lowest recommendation, because the machine is small).
"""

from __future__ import annotations

import re
import threading
from typing import Final

from hub.errors import RejectedError

__all__ = ["OUR_WORDS", "SHORTEST", "check_new", "hash_password", "is_right"]

SHORTEST: Final = 12
_LONGEST: Final = 256
_GUESSES: Final = 10**8  # an online guesser is stopped long before; this is for a stolen database
_NUMBER: Final = re.compile(r"(\d{2})?\d{6}[-+ ]?\d{4}")
_CONSIDERED: Final = 72  # zxcvbn's own limit; what is longer is no worse
# Words that are near at hand here, besides the account's own name and the installation's teams.
OUR_WORDS: Final = (
    "hub", "kommun", "kommunen", "samtycke", "samtycken", "förebyggarteamet", "forebyggarteamet", "sspf", "sig", "outreach",
    "socialtjänst", "socialtjanst", "orosanmälan", "orosanmalan", "norrköping", "norrkoping", "sundsvall", "lösenord", "losenord",
    "hemlig", "hemligt", "sommar", "vinter", "inloggning",
)  # fmt: skip
_ONE_AT_A_TIME: Final = threading.BoundedSemaphore(2)  # 19 MiB each: a flood of guesses must not fill the memory


def check_new(password: str, words: tuple[str, ...] = ()) -> None:
    """Raise RejectedError `short_password`, `long_password` or `common_password`; its text never repeats what was tried."""
    if len(password) < SHORTEST:
        raise RejectedError(f"the password must have at least {SHORTEST} characters", code="short_password")
    if len(password) > _LONGEST:
        raise RejectedError(f"the password must have at most {_LONGEST} characters", code="long_password")
    if _NUMBER.fullmatch(password):
        raise RejectedError("the password must not be what could be somebody's number", code="common_password")
    from zxcvbn import zxcvbn  # noqa: PLC0415 - a megabyte of word lists, for the rare moment when a password is chosen

    ours = [*OUR_WORDS, *(part for word in words for part in {word, *word.replace("@", " ").replace(".", " ").split()})]
    if zxcvbn(password[:_CONSIDERED], user_inputs=ours, max_length=_CONSIDERED)["guesses"] < _GUESSES:
        text = "the password is too easily guessed: take four or five words that do not belong together"
        raise RejectedError(text, code="common_password")


def hash_password(password: str) -> str:
    """What to keep of it."""
    from argon2 import PasswordHasher, Type  # noqa: PLC0415 - not for a process in which nobody signs in

    with _ONE_AT_A_TIME:
        return PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1, type=Type.ID).hash(_bytes(password))


def is_right(kept: str | None, password: str) -> bool:
    """Whether it is the password that was kept; takes as long when there is no account (`kept` None)."""
    from argon2 import PasswordHasher  # noqa: PLC0415 - as above
    from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415 - as above

    with _ONE_AT_A_TIME:
        try:
            PasswordHasher().verify(kept or _NOBODYS, _bytes(password[:_LONGEST]))
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None and len(password) <= _LONGEST


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


# Of a random password that nobody kept, by the same parameters as every other.
_NOBODYS: Final = "$argon2id$v=19$m=19456,t=2,p=1$YHgm3+yDrGFDxo/HrJPNug$TEGDIL4XtNqa39rwfID7jEYkNN3gWF6uTC0/7uF85Yc"
