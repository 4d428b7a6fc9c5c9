"""The settings of signing in, `[login]`, and of what the law asks to have been decided, `[legal]`."""

from __future__ import annotations

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from hub.sections import Section

__all__ = ["CommandUser", "LegalSettings", "LoginSettings", "OidcSettings"]

_Hours = Annotated[float, Field(gt=0, le=168)]


class OidcSettings(Section):
    """An OpenID Connect provider; `issuer` empty: none. The client's secret lies in keys/oidc-client-secret.

    `roles` and `teams` say which role, and which team of teams.yaml, a value of the claim stands for; a value that is not named
    gives nothing. A role's value may name its teams (`team-head:outreach`); one that goes by team and names none is for the
    teams that `teams_claim` names. Who would have several such roles and several such teams is not let in: nobody has said
    which is for which. A claim's name may be a path with dots. `acr_values`: the ways of signing in that are strong enough;
    empty: whatever the provider asks of people. `person_claim`: what the provider calls a person, the same that other accounts
    of hers get (`hub account person`), so that nobody is both of four eyes. `recheck_minutes`: how long at most a role
    that was taken away at the provider still acts here; a session is vouched for anew after half of it, unseen where the provider
    knows its visitor still.
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
    person_claim: Annotated[str, Field(min_length=1)] = "sub"
    recheck_minutes: Annotated[float, Field(gt=0, le=480)] = 30.0

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


class CommandUser(Section):
    """A user of the machine, `[login.command_users.1001]` (by number): which person, and what she may do on the command line.

    `roles` may name their teams (`team-head:outreach`); `teams` are for a role that names none.
    """

    person: str = ""
    roles: tuple[str, ...] = ("auditor",)
    teams: tuple[str, ...] = ()


class LoginSettings(Section):
    """Signing in. A session ends `session_hours` after sign-in, and `idle_minutes` after its last use.

    `approve_within_hours` and `use_within_hours`: how long a request for a second person waits, and an approval holds.
    `local_in_production` lets production without a provider sign in with accounts and codes of its own. Beside a provider
    only `emergency_accounts` (user names) are let in, for the day when the provider is down; the audit log tells each use.
    """

    database_url: str = ""
    session_hours: Annotated[float, Field(gt=0, le=24)] = 8.0
    idle_minutes: Annotated[float, Field(gt=0, le=720)] = 30.0
    local_in_production: bool = False
    emergency_accounts: tuple[str, ...] = ()
    command_users: dict[str, CommandUser] = Field(default_factory=dict)
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
