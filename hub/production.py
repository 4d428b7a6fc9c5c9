"""What a production installation must have before it starts, besides what any installation needs."""

from __future__ import annotations

import unicodedata
from urllib.parse import urlsplit

from hub.login_settings import LegalSettings, LoginSettings

__all__ = ["production_lacks"]

_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0")  # Hangul fillers: letters to Unicode, and nothing is to be seen


def production_lacks(legal: LegalSettings, login: LoginSettings, web_url: str) -> list[str]:
    """What is missing, each with the setting that says it and what it is; empty when production may start."""
    lacks = []
    if not _says_something(legal.retention_decision):
        lacks.append(
            "legal.retention_decision: the reference number of the board's decision on retention (gallringsbeslut), under which "
            "consent forms, withdrawals, receipts and audit stay sealed; it holds a letter or a digit"
        )
    if not _says_something(legal.dpo_decision):
        lacks.append(
            "legal.dpo_decision: the reference number of the data protection officer's written decision (dataskyddsombudets "
            "beslut) that correlation may be switched on; it holds a letter or a digit"
        )
    if not login.oidc.issuer and not login.local_in_production:
        lacks.append(
            "login.oidc.issuer: the municipality's identity provider (or login.local_in_production = true, which lets people "
            "sign in with a password kept here)"
        )
    if login.oidc.issuer and login.local_in_production:
        lacks.append(
            "login.emergency_accounts instead of login.local_in_production: beside a provider only the accounts that it "
            "names (hub account) let anybody in, for the day when the provider is down"
        )
    if urlsplit(web_url).scheme != "https":
        lacks.append("web.url that begins with https://: where people reach the pages, behind a proxy that ends TLS")
    return lacks


def _says_something(text: str) -> bool:
    """Whether there is a letter or a digit in it, and not only dashes, or spaces of whatever width."""
    return any(letter.isalnum() for letter in unicodedata.normalize("NFKC", text) if letter not in _BLANK_LETTERS)
