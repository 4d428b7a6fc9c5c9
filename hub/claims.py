"""Whether who says that it speaks may say that: no connector is trusted, because whatever writes to Kafka can write anything.

The gate in a connector's process keeps to what its agency may tell; this looks at it again, where the gate is out of the
speaker's reach: in the worker, and in delivery for what it shows of places. What a record claims is held against what the
installation declares:

`unknown_agency`               agencies.yaml has no such agency
`kind_not_of_agency`           the agency may not carry this kind, whatever a consent that names several agencies covers
`connector_of_another_agency`  hub.toml has the connector under another agency
`unknown_area`                 of a person an area that areas.yaml has not: it could be her home (its retraction passes)

Whether the *claim itself* is true, a record cannot show: a process that may write to a topic can name another agency that may
carry the same kind. deploy/runbooks/connectors.md says what bounds that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from hub.contract.models import InfoKind, PersonEvent, PlaceEvent, PoliceNotice, RiskEvent, SchoolAbsence
from hub.installation import load_agencies, load_places
from hub.settings import Settings, load_settings

__all__ = ["Claims", "Declared", "declared_in", "read_claims"]

_KIND: dict[type[PersonEvent | PlaceEvent], InfoKind] = {
    SchoolAbsence: InfoKind.SCHOOL_ABSENCE,
    PoliceNotice: InfoKind.POLICE_NOTICE,
    RiskEvent: InfoKind.RISK_EVENT,
}

_PLACED: Final = frozenset({PoliceNotice, RiskEvent})
"""What is about a person and may name an area; by exact type, which is asked of every event."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What the installation says: the kinds of each agency, the agency of each connector it knows of, and its areas."""

    kinds: Mapping[str, frozenset[InfoKind]]
    connectors: Mapping[str, str]
    areas: frozenset[str] = frozenset()

    def refusal(self, event: PersonEvent | PlaceEvent) -> str:
        """Why the event's claim cannot be; empty when it can."""
        kinds = self.kinds.get(event.agency)
        if kinds is None:
            return "unknown_agency"
        kind = _KIND.get(type(event))  # None: it is of a place
        if kind is not None and kind not in kinds:
            return "kind_not_of_agency"
        if self.connectors.get(event.connector, event.agency) != event.agency:
            return "connector_of_another_agency"
        if type(event) not in _PLACED or event.retracted:
            return ""
        area = cast("PoliceNotice | RiskEvent", event).area
        return "" if area is None or area in self.areas else "unknown_area"


class Claims:
    """Judges by what `read` gave, and reads anew before it refuses when `stamp` says that the files have changed: an agency
    that was added while the worker runs loses nothing.
    """

    def __init__(self, read: Callable[[], Declared], stamp: Callable[[], object]) -> None:
        self._read = read
        self._stamp = stamp
        self._stamped = stamp()
        self._declared = read()

    def refusal(self, event: PersonEvent | PlaceEvent) -> str:
        """As `Declared.refusal`. Raises ConfigError when the files cannot be read: stop, and pass over nothing."""
        reason = self._declared.refusal(event)
        if reason and (stamp := self._stamp()) != self._stamped:
            self._stamped, self._declared = stamp, self._read()
            reason = self._declared.refusal(event)
        return reason


def declared_in(settings: Settings) -> Declared:
    """What agencies.yaml, areas.yaml and hub.toml declare now. Raises ConfigError naming file and field."""
    kinds = {name: frozenset(agency.kinds) for name, agency in load_agencies(settings.home).items()}
    connectors = {name: connector.agency for name, connector in settings.connectors.items()}
    return Declared(kinds, connectors, frozenset(load_places(settings.home).areas))


def read_claims(settings: Settings) -> Claims:
    """The installation's claims, followed while its files change."""
    files = [settings.home / name for name in ("agencies.yaml", "areas.yaml", "hub.toml")]
    return Claims(lambda: declared_in(load_settings(settings.home)), lambda: _changed_at(files))


def _changed_at(files: Iterable[Path]) -> object:
    return tuple((file.stat().st_mtime_ns, file.stat().st_size) if file.exists() else None for file in files)
