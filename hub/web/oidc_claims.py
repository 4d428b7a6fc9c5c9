"""What a provider's claims say, by the names that the settings give them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from hub.access.rights import bound, merged, read_word
from hub.access.roles import Rights
from hub.errors import ConfigError, RejectedError
from hub.login_settings import OidcSettings

__all__ = ["RoleClaims", "check_teams", "values_of"]


class RoleClaims:
    """The roles that claims give, each for its own teams. Raises ConfigError when a role of the settings is none."""

    def __init__(self, settings: OidcSettings) -> None:
        self._settings = settings
        self._roles = _roles_of(settings)

    def rights(self, claims: Mapping[str, Any]) -> Rights:
        """What the settings make of the two claims. A role whose word names its teams is for these, whatever else is claimed.

        Raises RejectedError: `no_role`; `unclear_roles` where several roles without a team of their own meet several teams.
        """
        settings = self._settings
        values = values_of(claims, settings.roles_claim)
        named = merged(self._roles[value] for value in values if value in self._roles)
        if not named:
            raise RejectedError("the account has no role here", code="no_role")
        teams = {settings.teams[value] for value in values_of(claims, settings.teams_claim) if value in settings.teams}
        found = bound(named, teams)
        if found is None:
            raise RejectedError("the account's roles and teams do not say which is for which", code="unclear_roles")
        return found


def _roles_of(settings: OidcSettings) -> dict[str, Rights]:
    where = "login.oidc.roles"
    return {value: merged(read_word(word, where) for word in words.split()) for value, words in settings.roles.items()}


def check_teams(settings: OidcSettings, known: Collection[str]) -> None:
    """Raises ConfigError `unknown_team` where the settings name a team that teams.yaml has not: nobody would ever get there."""
    named = frozenset[str]().union(*merged(_roles_of(settings).values()).values())
    unknown = sorted({*named, *settings.teams.values()} - set(known))
    if unknown:
        text = f"[login.oidc.roles] and [login.oidc.teams]: no team {', '.join(unknown)}; teams.yaml has: {', '.join(known)}"
        raise ConfigError(text, code="unknown_team")


def values_of(claims: Mapping[str, Any], path: str) -> Iterable[str]:
    """The values of a claim; a path with dots leads into it (`realm_access.roles`)."""
    found: Any = claims.get(path)
    if found is None:
        found = claims
        for step in path.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return (found,)
    return [value for value in found if isinstance(value, str)] if isinstance(found, list) else ()
