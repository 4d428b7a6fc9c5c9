"""What the gate decided, in figures an operator may see: persons of the last whole day, so blurred that none is found in them.

Outcomes of the gate are counts, suppressed below 5. A plain count would not do: whoever feeds a source one crafted record about
somebody and reads a total before and after learns whether she has a reference; rounding alone falls to ten such records, and a
fixed threshold to four persons who are known to have none.
Therefore (1) persons are counted, not records, each once a day and outcome whatever is told of her; (2) a figure is set once
a Stockholm day, for the day that is over; (3) a whole number drawn at random is added, once for the day, connector and outcome,
before anything else is done; (4) what is below 5 then is told as 0, the rest in multiples of 5. So whatever is told may stand for
any number of persons, and by one person more each figure is at most 5/4 as likely, or 4/5: a day's figure is no evidence. The
price: it is wrong by four or five in the mean, and one of nobody is told as 5 or more every fifth or sixth time.

What this does not hide: figures and days add up. Whoever tells of the same person day after day, and knows of all others whom the
source tells of, multiplies that bound by itself for each day and each of the figures that she may stand in (four with crafted
records, two with common ones). That takes a source's right, and leaves its traces there.
Who was counted is in memory only, as a keyed hash, until the day is over; a restart forgets it, so that nothing is drawn twice.
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

__all__ = ["GATE_OUTCOMES", "GateFigures", "blurred"]

GATE_OUTCOMES = ("passed", "no_reference", "kind_not_consented", "outside_span")
_SIDES = 5  # one person more makes no figure more than 5/4 as likely


def blurred(persons: int, dice: Callable[[int], int] = secrets.randbelow) -> int:
    """About so many, in multiples of 5; 0: few or none. `dice(n)` gives 0 to n-1.

    The two-sided geometric mechanism (Ghosh, Roughgarden and Sundararajan 2009): a number k away is 4/5 to the power of k as
    likely as none, and what is done to the sum afterwards (suppressing, rounding) cannot make one person plainer.
    """
    noisy = persons + _throws(dice) - _throws(dice)
    return 0 if noisy < SMALLEST_TOLD else (noisy + SMALLEST_TOLD // 2) // SMALLEST_TOLD * SMALLEST_TOLD


def _throws(dice: Callable[[int], int]) -> int:
    """How often a die of five sides falls otherwise before it first falls on its nought."""
    thrown = 0
    while dice(_SIDES):
        thrown += 1
    return thrown


class GateFigures:
    """One connector's; for one thread. `blur` makes of a day's persons the figure that is told."""

    def __init__(self, connector: str, now: datetime, *, blur: Callable[[int], int] = blurred) -> None:
        self._blur = blur
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
        self._tell({outcome: self._blur(len(persons)) for outcome, persons in self._seen.items()})
        self._day, self._key, self._digests = today, secrets.token_bytes(32), {}
        self._seen = {outcome: set() for outcome in GATE_OUTCOMES}

    def _tell(self, figures: dict[str, int]) -> None:
        for outcome, number in figures.items():
            CONNECTOR_PERSONS.labels(connector=self._connector, outcome=outcome).set(number)
