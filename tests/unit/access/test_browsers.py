"""A browser is known again beside the account that signed in there, by what this installation signed, for half a year."""

from __future__ import annotations

import hashlib
import time

import pytest
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from hub.access.browsers import KNOWN_DAYS, KnownBrowsers

KEY = b"k" * 32


def signed(account: str, *, days: int, key: bytes = KEY) -> str:
    """A cookie as whoever has the key would have made it so many days ago."""

    class Then(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(time.time()) - days * 86400

    salt = b"known-browser\x00" + account.encode()
    return str(URLSafeTimedSerializer(key, salt=salt, signer=Then, signer_kwargs={"digest_method": hashlib.sha256}).dumps("n"))


def test_a_browser_is_known_for_half_a_year() -> None:
    browsers = KnownBrowsers(KEY)
    assert [browsers.number("anna", signed("anna", days=days)) for days in (0, KNOWN_DAYS - 1)] == ["n", "n"]
    assert browsers.number("anna", signed("anna", days=KNOWN_DAYS + 1)) is None


@pytest.mark.parametrize(
    "token",
    [
        KnownBrowsers(KEY).token("anna"), KnownBrowsers(KEY).token(""), KnownBrowsers(b"x" * 32).token("berit"),
        signed("berit", days=0) + "x", signed("berit", days=0).split(".", 1)[1], "", "nonsense", "å", ".", "..", "\x00",
    ],
    ids=range(11),
)  # fmt: skip
def test_what_was_made_for_another_account_or_by_another_key_is_no_browser_of_hers(token: str) -> None:
    assert KnownBrowsers(KEY).number("berit", token) is None


def test_two_browsers_are_two_and_a_cookie_names_nobody() -> None:
    browsers = KnownBrowsers(KEY)
    one, two = browsers.token("anna"), browsers.token("anna")
    assert None is not browsers.number("anna", one) != browsers.number("anna", two) is not None
    assert "anna" not in one
