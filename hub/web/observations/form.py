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

__all__ = ["FormNumber", "KeptForm", "KeptForms", "ObservationForm", "new_number", "number_in"]

_CONCERNS: Final = {concern.value: concern for concern in RiskConcern}
_NUMBER_BYTES, _SHOWING_BYTES = 16, 4
_IN_DOUBT = "d"
_MOST_KEPT = 500
_KEPT_SECONDS = 600.0
_DOUBT_SECONDS = 24 * 3600.0  # longer than a sign-in lasts
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
class FormNumber:
    """What a form carries with it: the observation's number, which showing of the form this is, and whether it is in doubt.

    `in_doubt`: it was sent from an earlier showing, and nobody knows whether that arrived.
    """

    number: str
    showing: str = ""
    in_doubt: bool = False

    @classmethod
    def new(cls) -> FormNumber:
        """Of a form that nobody has seen."""
        return cls(secrets.token_hex(_NUMBER_BYTES), secrets.token_hex(_SHOWING_BYTES))

    @classmethod
    def of_field(cls, secret: str, signed: str) -> FormNumber | None:
        """As `new_number` has it, for the hidden field."""
        text = number_in(secret, signed)
        if text is None:
            return None
        number, showing, doubt = (*text.split("-"), "", "")[:3]
        return cls(number, showing, in_doubt=doubt == _IN_DOUBT)

    def shown_again(self, *, in_doubt: bool) -> FormNumber:
        """After it was sent, and not taken for certain. What was in doubt stays so until it is taken."""
        return FormNumber(self.number, secrets.token_hex(_SHOWING_BYTES), in_doubt=self.in_doubt or in_doubt)

    def signed(self, secret: str) -> str:
        """For the hidden field of the browser whose cookie holds `secret`."""
        return _signer(secret).sign("-".join((self.number, self.showing, _IN_DOUBT if self.in_doubt else ""))).decode()


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
    """A form that is shown again, without the person: what is wrong by code; `rule`: with what was typed."""

    form: ObservationForm
    number: FormNumber
    wrong: Mapping[str, str]
    rule: Rule | None = None
    notice: str = ""
    began: str = ""
    """The address of the page that it was sent from."""


class KeptForms:
    """In this process' memory, for ten minutes, until they are shown, once. `ticks` is a clock of seconds.

    A page that answers a POST would leave the whole form in the browser's history, to be sent again by whoever goes back to it.
    So every POST is answered with the address of a page, and what that page shows lies here. Each has an address of its own: two
    windows that began as one form are two, and neither is shown the other's number. Of a form that is in doubt the number is kept
    on, for a day or until it is taken: whoever sees that page again, empty, does not begin a second observation.
    """

    def __init__(self, ticks: Callable[[], float] = ticking.monotonic) -> None:
        self._ticks = ticks
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, KeptForm]] = {}
        self._doubts: dict[str, tuple[float, KeptForm]] = {}

    def put(self, said: str, kept: KeptForm) -> None:
        """Keep it for the page at `said`, without the person."""
        with self._lock:
            _put(self._kept, said, replace(kept, form=replace(kept.form, person="")), self._ticks())
            if kept.number.in_doubt:
                _put(self._doubts, said, KeptForm(ObservationForm(), kept.number, {}, began=kept.began), self._ticks())

    def take(self, said: str) -> KeptForm | None:
        """What was kept for that page; the next time there is nothing, or no more than a number that is in doubt."""
        with self._lock:
            _forget(self._kept, self._ticks() - _KEPT_SECONDS)
            _forget(self._doubts, self._ticks() - _DOUBT_SECONDS)
            found = self._kept.pop(said, None) or self._doubts.get(said)
            return found[1] if found else None

    def doubts_from(self, said: str) -> list[str]:
        """The addresses of forms in doubt that were sent from the page at `said`, for whoever goes back to that; latest last."""
        with self._lock:
            _forget(self._doubts, self._ticks() - _DOUBT_SECONDS)
            return [address for address, (_since, kept) in self._doubts.items() if kept.began == said]

    def taken(self, number: str) -> None:
        """The observation of that number was taken: whichever pages showed it begin another."""
        with self._lock:
            for forms in (self._kept, self._doubts):
                for said in [said for said, (_since, kept) in forms.items() if kept.number.number == number]:
                    del forms[said]


def _put(forms: dict[str, tuple[float, KeptForm]], said: str, kept: KeptForm, now: float) -> None:
    forms.pop(said, None)
    forms[said] = now, kept
    while len(forms) > _MOST_KEPT:
        del forms[next(iter(forms))]


def _forget(forms: dict[str, tuple[float, KeptForm]], before: float) -> None:
    for said, (since, _kept) in list(forms.items()):
        if since < before:
            del forms[said]
