"""What the questions of a registration rest on: the office, the visitor's words, the time, and who would have to sign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hub.clock import STOCKHOLM, stockholm_date
from hub.contract.models import Cooperation, InfoKind
from hub.core.consent_rules import Signatory
from hub.errors import RejectedError
from hub.registry.granting import GrantRequest
from hub.web.consents.office import Office
from hub.web.consents.scope import FormScope
from hub.web.language import Words

if TYPE_CHECKING:
    from hub.registry.parties import Parties

__all__ = ["CUSTODY", "LEGAL_BASIS", "Asking", "Period", "build_parties", "build_request", "build_scope"]


CUSTODY: Final[Mapping[str, tuple[str, ...]]] = {
    "joint": ("guardian_1", "guardian_2"),
    "guardian_1": ("guardian_1",),
    "guardian_2": ("guardian_2",),
    "special_guardian": ("special_guardian",),
    "god_man": ("god_man",),
    "social_services": ("social_services",),
    "adult": ("youth",),
}
"""Who signs, by who has custody; the youth joins them from a certain age."""
LEGAL_BASIS: Final = "public_task"
"""What is registered on these pages rests on a task of public interest."""


@dataclass(frozen=True, slots=True)
class Asking:
    """One visitor at one instant."""

    office: Office
    words: Words
    now: datetime

    def required(self, answers: Mapping[str, Any]) -> tuple[str, ...]:
        """Who would have to sign. Raises RejectedError when the registry would refuse the whole."""
        return self.office.casework().required(build_request({**answers, "signatures": ()}))

    def longest_days(self) -> int:
        """How many days a consent may be for that is registered now."""
        return self.office.casework().longest_days(stockholm_date(self.now))

    def scope(self, answers: Mapping[str, Any]) -> FormScope:
        """What it would be to, until it would end: where a birthday comes first, before the last day that was given.

        As `build_scope` while the registry would refuse the whole.
        """
        scope = build_scope(answers)
        if not {"youth", "custody"} <= answers.keys():
            return scope
        try:
            ends_at = self.office.casework().ends_at(build_request({**answers, "signatures": ()}))
        except RejectedError:  # the page of the answers says why
            return scope
        return replace(scope, valid_to=ends_at)


class Period(NamedTuple):
    """A first and a last day in Sweden, and whether the form says that it also covers what happened since the first."""

    first: date
    last: date
    earlier: bool

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """Half-open instants."""
        end = self.last + timedelta(days=1)
        return datetime.combine(self.first, time(), STOCKHOLM), datetime.combine(end, time(), STOCKHOLM)


def build_scope(answers: Mapping[str, Any]) -> FormScope:
    """The scope of a draft whose scope and period are answered."""
    period: Period = answers["period"]
    kinds = tuple(InfoKind(kind) for kind in answers["kinds"])
    return FormScope(
        Cooperation(answers["cooperation"]), tuple(answers["sources"]), tuple(answers["recipients"]), kinds, *period.bounds,
        period.earlier, answers.get("area") or None, LEGAL_BASIS,
    )  # fmt: skip


def build_request(answers: Mapping[str, Any]) -> GrantRequest:
    """The registration that a draft amounts to: exactly the scope that its form says."""
    return GrantRequest(
        identifier=answers["youth"],
        required=tuple(Signatory(role) for role in CUSTODY[answers["custody"]]),
        signed=tuple(Signatory(role) for role in answers["signatures"]),
        **asdict(build_scope(answers)),
    )


def build_parties(answers: Mapping[str, Any]) -> Parties | None:
    """Who stands on the form; None when nobody was named."""
    from hub.registry.parties import read_parties  # noqa: PLC0415 - with it comes the registry, which is opened late

    names: Mapping[str, str] = answers.get("names", {})
    if not names.get("name"):
        return None
    parties = [
        {
            "role": name.removeprefix("name_"),
            "name": value,
            "contacts": [contact] if (contact := names.get(f"contact_{name.removeprefix('name_')}")) else [],
        }
        for name, value in names.items()
        if name.startswith("name_") and value
    ]
    return read_parties({"name": names["name"], "parties": parties})
