"""For whom people send observations, and to which connector: read from the settings, and checked before anything starts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from hub.access.rights import read_words
from hub.access.roles import BOUND, TABLE, Action, Principal, Rights
from hub.contract.models import RiskConcern
from hub.errors import ConfigError
from hub.installation import read_secret
from hub.sections import ConnectorSettings, ObservationSender
from hub.settings import Settings

__all__ = ["Intake", "Observation", "Observing", "Reception", "Sender", "read_senders"]

_KIND = "risk_event"


@dataclass(frozen=True, slots=True)
class Sender:
    """One agency, for which those of `who` send: a role that goes by team, for its teams here.

    `url` is where its connector instance listens; `secret` reads what a push is signed with, anew each time.
    """

    name: str
    title: str
    who: Rights
    url: str
    secret: Callable[[], str] = field(repr=False)

    def is_for(self, principal: Principal) -> bool:
        """Whether the principal sends for this agency."""
        mine = principal.roles
        return any(role in mine and (role not in BOUND or bool(teams & mine[role])) for role, teams in self.who.items())


@dataclass(frozen=True, slots=True)
class Observation:
    """What is sent. `number` is the form's own, under which sending again is one observation; `person` is canonical.

    `showing`: which showing of the form it was sent from. What one showing sends twice is sent once; what a later one says stands
    last, also when an earlier one had said the same and something else was said between.
    """

    number: str
    person: str = field(repr=False)
    concern: RiskConcern
    area: str
    observed_at: datetime
    showing: str = field(default="", compare=False)


class Intake(Protocol):
    """Where observations go: `hub.web.observations.sending.HttpIntake`."""

    def push(self, sender: Sender, observation: Observation) -> None:
        """Return when it is safe, or kept out as consent wants it; nobody learns which.

        Raises RetriableError when it is not sent and will not be, InDoubtError when it may have been or may be yet: the same
        observation is sent again, under the same number. Raises RejectedError `refused` when a field breaks a rule, ConfigError
        when the settings of the two sides do not fit; it is not sent then either.
        """
        ...


@dataclass(frozen=True, slots=True)
class Reception:
    """Where a report of concern is made, by phone first. Without `phone` nothing is configured."""

    name: str = ""
    phone: str = ""
    email: str = ""

    @property
    def dialled(self) -> str:
        """The number as a link dials it."""
        return "".join(sign for sign in self.phone if sign in "+0123456789")


@dataclass(frozen=True, slots=True)
class Observing:
    """What the form needs; `intake` is opened when somebody first sends."""

    senders: tuple[Sender, ...]
    reception: Reception
    intake: Callable[[], Intake]


def read_senders(settings: Settings, teams: Collection[str]) -> tuple[Sender, ...]:
    """`[web.observations.senders]`; `teams` are the codes of teams.yaml.

    Raises ConfigError that names the setting: `unknown_intake`, `unknown_partner`, `no_right`, those of `hub.access.rights`, and
    what a missing secret raises.
    """
    return tuple(_sender(settings, name, asked, teams) for name, asked in settings.web.observations.senders.items())


def _sender(settings: Settings, name: str, asked: ObservationSender, teams: Collection[str]) -> Sender:
    where = f"web.observations.senders.{name}"
    listening = _listening(settings.connectors.get(asked.intake), asked, where)
    if asked.partner not in listening.get("partners", ()):
        there = f"[connectors.{asked.intake}.source.intake]"
        text = f"{where}.partner: add {asked.partner!r} to partners of {there}, or name one of them"
        raise ConfigError(text, code="unknown_partner")
    who = read_words(asked.who, (), teams, f"{where}.who", every_team=True)
    without = sorted(who.keys() - TABLE[Action.OBSERVATION_REPORT].everywhere)
    if without:
        known = ", ".join(sorted(TABLE[Action.OBSERVATION_REPORT].everywhere))
        raise ConfigError(f"{where}.who: {without[0]} may not send observations; {known} may", code="no_right")
    secret = partial(read_secret, settings, f"connector-{asked.intake}-partner-{asked.partner}")
    secret()  # the text of its error says which file to write
    return Sender(name, asked.title, who, f"http://127.0.0.1:{listening.get('listen_port')}/intake/{_KIND}", secret)


def _listening(connector: ConnectorSettings | None, asked: ObservationSender, where: str) -> Mapping[str, Any]:
    """The settings of a connector instance that listens. Whether they are whole the connector itself says when it starts."""
    found = connector.source.get("intake") if connector is not None and connector.enabled else None
    if not isinstance(found, dict):
        there = f"[connectors.{asked.intake}"
        text = f"{where}.intake: {there}] must be enabled and listen, with {there}.source.intake]"
        raise ConfigError(text, code="unknown_intake")
    return found
