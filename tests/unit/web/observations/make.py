"""Where observations go in tests of the pages, and who sends them."""

from __future__ import annotations

from hub.access.roles import Principal, Role
from hub.errors import HubError
from hub.web.observations.senders import Intake, Observation, Observing, Reception, Sender

FIELDWORKER = Principal("account-1", "Fältare", {Role.OBSERVER: frozenset()})


class ListIntake:
    """An intake that is a list. `failures` are raised by the next pushes; what they were asked to take is in `refused`."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, Observation]] = []
        self.refused: list[Observation] = []
        self.failures: list[HubError] = []

    def push(self, sender: Sender, observation: Observation) -> None:
        if self.failures:
            self.refused.append(observation)
            raise self.failures.pop(0)
        self.taken.append((sender.name, observation))


def make_sender(name: str, title: str, who: dict[Role, frozenset[str]]) -> Sender:
    return Sender(name, title, who, "http://127.0.0.1:1/intake/risk_event", lambda: "whsec_")


SENDERS = (
    make_sender("leisure", "Fritid", {Role.OBSERVER: frozenset()}),
    make_sender("outreach", "Förebyggarteamet", {Role.TEAM_MEMBER: frozenset({"outreach"})}),
)


def make_observing(intake: Intake, senders: tuple[Sender, ...] = SENDERS) -> Observing:
    reception = Reception("Mottagningen barn och unga", "011-15 00 00", "mottagningen@kommun.example")
    return Observing(senders, reception if senders else Reception(), lambda: intake)
