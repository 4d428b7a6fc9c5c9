"""What codes are called on the consent pages, in the visitor's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from hub.web.language import Words, mark

__all__ = ["COMPONENTS", "COOPERATIONS", "KINDS", "LEGAL_BASES", "PLACES", "SIGNATORIES", "STATES", "listing", "told"]

STATES: Final[Mapping[str, str]] = {
    "waiting": mark("Awaiting signature"),
    "disputed": mark("One has said no"),
    "in_force": mark("In force"),
    "suspended": mark("Suspended"),
    "blocked": mark("Blocked"),
    "expired": mark("Expired"),
    "lapsed": mark("Lapsed at 18"),
    "withdrawn": mark("Withdrawn"),
}
SIGNATORIES: Final[Mapping[str, str]] = {
    "guardian_1": mark("Guardian 1"),
    "guardian_2": mark("Guardian 2"),
    "special_guardian": mark("Specially appointed guardian"),
    "god_man": mark("God man (deputy guardian)"),
    "social_services": mark("Social services (LVU)"),
    "youth": mark("The youth"),
}
KINDS: Final[Mapping[str, str]] = {
    "school_absence": mark("School absence"),
    "police_notice": mark("Police notices"),
    "risk_event": mark("Observations by leisure staff and field workers"),
}
COOPERATIONS: Final[Mapping[str, str]] = {
    "sspf": mark("Cooperation between school, social services, police and leisure around early support (SSPF)"),
    "sig": mark("Social intervention group (SIG): support to leave crime"),
}
COMPONENTS: Final[Mapping[str, str]] = {"worker": mark("The counting"), "delivery": mark("The list of proposals")}
PLACES: Final[Mapping[str, str]] = {
    "registry-store": mark("The registry's database"),
    "delivery-store": mark("The database of proposals"),
    "worker-store": mark("The counting's store"),
    "keyring-store": mark("The keyring"),
    "former-data": mark("Data put aside by a restore"),
    "registry-database-log": mark("PostgreSQL's log"),
    "keyring-database-log": mark("PostgreSQL's log of the keyring"),
    "delivery-database-log": mark("PostgreSQL's log of the proposals"),
    "backups": mark("Backups"),
}
LEGAL_BASES: Final[Mapping[str, str]] = {
    "public_task": mark("Task of public interest (GDPR art. 6.1 e, 9.2 b)"),
    "consent": mark("Consent (GDPR art. 6.1 a, 9.2 a)"),
    "legal_obligation": mark("Legal obligation (GDPR art. 6.1 c)"),
}


def told(titles: Mapping[str, str], code: str, words: Words) -> str:
    """A code's title; the code itself when it has none."""
    return words.text(titles[code]) if code in titles else code


def listing(parts: Iterable[str], words: Words) -> str:
    """`a, b och c`."""
    found = list(parts)
    if len(found) < 2:
        return "".join(found)
    return words.text("{first} and {last}", first=", ".join(found[:-1]), last=found[-1])
