"""What the gate decided, in figures an operator may see: persons of the last whole day, so rounded that none is found in them.

Outcomes of the gate are counts, suppressed below 5. A plain count would not do: whoever feeds a source one crafted record about
somebody and reads a total before and after learns whether she has a reference; rounding alone falls to ten such records.
Therefore (1) persons are counted, not records, each once a day and outcome whatever is told of her; (2) a figure is set once
a Stockholm day, for the day that is over; (3) below 5 it is 0; (4) above, it is rounded at random to a multiple of 5, the dice
thrown once for the day. One person moves a figure by one at most, which the rounding covers. Who was counted is in memory
only, as a keyed hash, until the day is over; a restart forgets it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import date, datetime

from hub.clock import stockholm_date
from hub.connect.gate import Verdict
from hub.contract.identifiers import canonical_identifier
from hub.exposition import SMALLEST_TOLD
from hub.metrics import CONNECTOR_PERSONS

__all__ = ["GATE_OUTCOMES", "GateFigures", "rounded"]

GATE_OUTCOMES = ("passed", "no_reference", "kind_not_consented", "outside_span")


def rounded(persons: int, dice: Callable[[int], int] = secrets.randbelow) -> int:
    """0 below 5, else a multiple of 5 next to the number, on average the number itself. `dice(n)` gives 0 to n-1."""
    return 0 if persons < SMALLEST_TOLD else (persons + dice(SMALLEST_TOLD)) // SMALLEST_TOLD * SMALLEST_TOLD


class GateFigures:
    """One connector's; for one thread."""

    def __init__(self, connector: str, now: datetime) -> None:
        self._connector = connector
        self._key = secrets.token_bytes(32)
        self._day: date = stockholm_date(now)
        self._seen: dict[str, set[bytes]] = {outcome: set() for outcome in GATE_OUTCOMES}
        self._digests: dict[str, bytes] = {}  # by spelling, of this day
        self._tell(dict.fromkeys(GATE_OUTCOMES, 0))

    def note(self, person_id: str, verdict: Verdict, now: datetime) -> None:
        """A record of this person was judged; `person_id` is one that `canonical_identifier` reads."""
        self.turn(now)
        digest = self._digests.get(person_id)
        if digest is None:
            canonical = canonical_identifier(person_id, today=self._day)
            digest = self._digests[person_id] = hmac.new(self._key, canonical.encode(), hashlib.sha256).digest()
        outcome = getattr(verdict, "reason", "passed")
        if outcome in self._seen:
            self._seen[outcome].add(digest)

    def turn(self, now: datetime) -> None:
        """When the day is over, tell its figures and begin the next."""
        today = stockholm_date(now)
        if today == self._day:
            return
        self._tell({outcome: rounded(len(persons)) for outcome, persons in self._seen.items()})
        self._day, self._key, self._digests = today, secrets.token_bytes(32), {}
        self._seen = {outcome: set() for outcome in GATE_OUTCOMES}

    def _tell(self, figures: dict[str, int]) -> None:
        for outcome, number in figures.items():
            CONNECTOR_PERSONS.labels(connector=self._connector, outcome=outcome).set(number)
