"""What the consent pages are built from, beside what every page is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from hub.audit.log import AuditLog
from hub.core.rule_set import Rule
from hub.gazetteer import Places
from hub.installation import Agency, Team
from hub.web.consents.looking import Looking

if TYPE_CHECKING:
    from hub.registry.casework import Casework
    from hub.web.rules.shown import RulesShown

__all__ = ["Office", "opened_once"]

Opened = TypeVar("Opened")


def opened_once(build: Callable[[], Opened]) -> Callable[[], Opened]:
    """`build` at the first call, whichever thread makes it, and what it built ever after."""
    lock = threading.Lock()
    built: list[Opened] = []

    def opened() -> Opened:
        with lock:
            if not built:
                built.append(build())
            return built[0]

    return opened


@dataclass(frozen=True, slots=True)
class Office:
    """`casework` opens the registry when the first page needs it, and gives the same one ever after: a web process that shows
    no consent page never loads it. `audit` is read for extracts and the access review. `unit` stands on paper.
    `held` looks at what the worker holds of a
    youth. `retention_days`: how long records stay on the topics that delete by age, until their file is gone.
    """

    casework: Callable[[], Casework]
    audit: AuditLog
    teams: Mapping[str, Team]
    agencies: Mapping[str, Agency]
    places: Places
    rules_shown: RulesShown
    held: Looking
    unit: str
    municipality: str
    retention_days: int

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Those in force about persons."""
        return self.rules_shown.people

    @property
    def rules_version(self) -> str:
        """Of the rules in force."""
        return self.rules_shown.version

    @property
    def kept(self) -> timedelta:
        """How long a record may stay on a topic."""
        return timedelta(days=self.retention_days)
