"""The settings of signing in, `[login]`, and of what the law asks to have been decided, `[legal]`."""

from __future__ import annotations

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from hub.sections import Section

__all__ = ["LegalSettings", "LoginSettings", "OidcSettings"]

_Hours = Annotated[float, Field(gt=0, le=168)]


class OidcSettings(Section):
    """An OpenID Connect provider; `issuer` empty: none. The client's secret lies in keys/oidc-client-secret.

    `roles` and `teams` say which role, and which team of teams.yaml, a value of the claim stands for; a value that is not named
    gives nothing. A claim's name may be a path with dots. `acr_values`: the ways of signing in that are strong enough; empty:
    whatever the provider asks of people.
    """

    issuer: str = ""
    client_id: str = ""
    scopes: tuple[str, ...] = ("openid", "profile")
    name_claim: str = "name"
    roles_claim: str = "roles"
    teams_claim: str = "teams"
    roles: dict[str, str] = Field(default_factory=dict)
    teams: dict[str, str] = Field(default_factory=dict)
    acr_values: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _whole_or_not_at_all(self) -> Self:
        if self.issuer and not self.client_id:
            raise ValueError("client_id is needed with issuer")
        if self.issuer and not self.roles:
            raise ValueError("roles is needed with issuer: without it nobody has a role")
        host = urlsplit(self.issuer).hostname or ""
        if self.issuer and not self.issuer.startswith("https://") and host not in {"localhost", "127.0.0.1", "::1"}:
            raise ValueError("issuer must begin with https://")
        return self


class LoginSettings(Section):
    """Signing in. A session ends `session_hours` after sign-in, and `idle_minutes` after its last use.

    `approve_within_hours` and `use_within_hours`: how long a request for a second person waits, and an approval holds.
    `local_in_production` lets production sign in with accounts and codes of its own, besides or instead of OpenID Connect.
    """

    database_url: str = ""
    session_hours: Annotated[float, Field(gt=0, le=24)] = 8.0
    idle_minutes: Annotated[float, Field(gt=0, le=720)] = 30.0
    local_in_production: bool = False
    oidc: OidcSettings = OidcSettings()
    approve_within_hours: _Hours = 72.0
    use_within_hours: _Hours = 4.0


class LegalSettings(Section):
    """What must have been decided before personal data is correlated in production: the decisions' reference numbers.

    `retention_decision`: the board's decision on retention (gallringsbeslut), under which consent form, withdrawal, receipt and
    audit stay sealed. `dpo_decision`: the data protection officer's written decision before correlation is switched on
    (SoLPuL 2001:454).
    """

    retention_decision: Annotated[str, Field(max_length=200)] = ""
    dpo_decision: Annotated[str, Field(max_length=200)] = ""
