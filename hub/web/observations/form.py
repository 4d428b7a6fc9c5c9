"""The observation form: its number, what its fields say, what is wrong with them, and what of it is shown again."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time as ticking
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Final

from itsdangerous import BadSignature, Signer
from starlette.requests import Request

from hub.clock import STOCKHOLM, reachable
from hub.contract.identifiers import Rule
from hub.contract.models import RiskConcern
from hub.web.forms import field as sent

__all__ = ["KeptForm", "KeptForms", "ObservationForm", "new_number", "number_in"]

_CONCERNS: Final = {concern.value: concern for concern in RiskConcern}
_NUMBER_BYTES = 16
_MOST_KEPT = 500
_KEPT_SECONDS = 600.0
_FIRST_YEAR = 2000  # an older time is a slip of the pen


def _signer(secret: str) -> Signer:
    return Signer(secret, salt="hub.observation", key_derivation="hmac", digest_method=hashlib.sha256)


def new_number(secret: str) -> str:
    """A number that nobody had before, signed for the browser whose cookie holds `secret`."""
    return _signer(secret).sign(secrets.token_hex(_NUMBER_BYTES)).decode()


def number_in(secret: str, signed: str) -> str | None:
    """The number, if it was signed for that browser in this session."""
    try:
        return _signer(secret).unsign(signed.encode("utf-8", "surrogatepass")).decode()
    except BadSignature:
        return None


@dataclass(frozen=True, slots=True)
class ObservationForm:
    """What stands in the form's fields, as text. `person` is somebody's number: never printed, and on no page again."""

    sender: str = ""
    concern: str = ""
    area: str = ""
    day: str = ""
    clock: str = ""
    person: str = field(default="", repr=False)

    @classmethod
    def of_request(cls, request: Request) -> ObservationForm:
        """As it was sent."""
        return cls(
            sender=sent(request, "sender"),
            concern=sent(request, "concern"),
            area=sent(request, "area"),
            day=sent(request, "day").strip(),
            clock=sent(request, "clock").strip(),
            person=sent(request, "person").strip(),
        )

    def wrong(self, senders: Collection[str], areas: Collection[str], now: datetime) -> dict[str, str]:
        """What is wrong with each coded field, by a code, in the order of the page: all of it at once."""
        wrong, at = {}, self.observed_at
        if self.sender not in senders:
            wrong["sender"] = "no_sender"
        if self.concern not in _CONCERNS:
            wrong["concern"] = "no_concern"
        if self.area and self.area not in areas:
            wrong["area"] = "no_area"
        if at is None or at.year < _FIRST_YEAR:
            wrong["day"] = "no_time"
        elif at > now:
            wrong["day"] = "future_time"
        return wrong

    @property
    def kind(self) -> RiskConcern:
        """The concern of a form in which nothing is wrong."""
        return _CONCERNS[self.concern]

    @property
    def observed_at(self) -> datetime | None:
        """Swedish time."""
        try:
            return reachable(datetime.combine(date.fromisoformat(self.day), time.fromisoformat(self.clock), tzinfo=STOCKHOLM))
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class KeptForm:
    """A form that was not sent, without the person: its signed number, what is wrong by code; `rule`: with what was typed."""

    form: ObservationForm
    number: str
    wrong: Mapping[str, str]
    rule: Rule | None = None
    notice: str = ""


class KeptForms:
    """In this process' memory, for ten minutes, until they are shown, once. `ticks` is a clock of seconds.

    A page that answers a POST would leave the whole form in the browser's history, to be sent again by whoever goes back to it.
    So every POST is answered with the address of a page, and what that page shows lies here.
    """

    def __init__(self, ticks: Callable[[], float] = ticking.monotonic) -> None:
        self._ticks = ticks
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, KeptForm]] = {}

    def put(self, said: str, kept: KeptForm) -> None:
        """Keep it for the page at `said`, without the person."""
        with self._lock:
            self._forget()
            self._kept.pop(said, None)
            self._kept[said] = self._ticks(), replace(kept, form=replace(kept.form, person=""))
            while len(self._kept) > _MOST_KEPT:
                del self._kept[next(iter(self._kept))]

    def take(self, said: str) -> KeptForm | None:
        """What was kept for that page; the next time there is nothing."""
        with self._lock:
            self._forget()
            return self._kept.pop(said, (0.0, None))[1]

    def _forget(self) -> None:
        for said, (since, _kept) in list(self._kept.items()):
            if self._ticks() - since > _KEPT_SECONDS:
                del self._kept[said]
