"""What roles, ways in, and matters for two persons are called on the pages. The words are messages of the catalogue."""

from __future__ import annotations

from types import MappingProxyType

from hub.access.matters import Matter, RequestState
from hub.access.roles import Role
from hub.web.language import mark

__all__ = ["MATTERS", "PURPOSES", "ROLE_TITLES", "SEARCH_TITLE", "STATES", "WAYS"]

ROLE_TITLES = MappingProxyType(
    {
        Role.CONSENT_OFFICER: mark("consent officer"),
        Role.TEAM_MEMBER: mark("team member"),
        Role.TEAM_HEAD: mark("team head"),
        Role.OBSERVER: mark("observer"),
        Role.STATUTORY_OFFICER: mark("statutory officer"),
        Role.PROTECTED_CASES_OFFICER: mark("protected-cases officer"),
        Role.OPERATOR: mark("operator"),
        Role.SOURCE_OFFICER: mark("source officer"),
        Role.AUDITOR: mark("auditor"),
        Role.OPS: mark("operations"),
    }
)
WAYS = MappingProxyType({"code": mark("with a code"), "local": mark("with a password"), "oidc": mark("with the work account")})
MATTERS = MappingProxyType(
    {
        Matter.SEALED: mark("Open a sealed document"),
        Matter.IDENTITY: mark("Show who somebody is, outside a task"),
    }
)
SEARCH_TITLE = mark("Search the sealed vault for one person's documents")
# Codes of the audit log; one that is not named here is shown as it is.
PURPOSES = MappingProxyType(
    {
        "consent": mark("to complete or correct a consent's form"),
        "extract": mark("to answer a request for a register extract"),
        "correction": mark("to correct a number, a merge or a split"),
        "authority": mark("a request from an authority"),
        "supervision": mark("supervision"),
        "damages": mark("a claim for damages"),
        "appeal": mark("an appeal"),
    }
)
STATES = MappingProxyType(
    {
        RequestState.WAITING: mark("waits for a second person"),
        RequestState.APPROVED: mark("approved, to be used once"),
        RequestState.REFUSED: mark("refused"),
        RequestState.USED: mark("used"),
        RequestState.LAPSED: mark("lapsed"),
    }
)
