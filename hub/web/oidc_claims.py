"""What a provider's claims say, by the names that the settings give them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hub.access.roles import Role
from hub.errors import ConfigError

__all__ = ["role_named", "values_of"]


def role_named(name: str) -> Role:
    """A role of the settings. Raises ConfigError `unknown_role`, which names those that there are."""
    try:
        return Role(name)
    except ValueError:
        known = ", ".join(role.value for role in Role)
        raise ConfigError(f"login.oidc.roles: no role {name}; there are: {known}", code="unknown_role") from None


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
