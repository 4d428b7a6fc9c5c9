"""Four eyes: what one person alone may not do. One asks, another with the right approves, the first does it once, in time.

    waiting ──approve──▶ approved ──use──▶ used
       │                     │
       ├──refuse──▶ refused  └──time──▶ lapsed
       └──time──▶ lapsed

Used for re-identification outside a task and for the sealed vault (DOMAIN: the consent form, the withdrawal and the audit stay
sealed: auditor, four eyes). Two accounts are two persons here: giving out accounts is where that is made true.

Guarantee: of any number of attempts to use one approval at most one succeeds; every step and every refusal is in the audit log
before it has an effect; when the log cannot be written nothing happens (RetriableError `audit`).
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update

from hub.access.matters import TERMS, Matter, Request, RequestState
from hub.access.roles import Action, Principal, may
from hub.access.tables import RequestRow
from hub.access.trail import Trail, actor_of
from hub.audit.actions import Action as Logged
from hub.audit.entries import Actor, Entry, Outcome, Subject, SubjectKind
from hub.clock import Clock
from hub.database import answering
from hub.errors import RejectedError

__all__ = ["FourEyes"]

_NUMBER = re.compile(r"[0-9a-f]{32}")
_KEPT = timedelta(days=30)  # after its end, so that whoever asked can see what became of it


@dataclass(frozen=True, slots=True)
class _Deed:
    """What somebody does or tries, as the audit log is told."""

    principal: Principal
    action: Action
    logged: Logged
    item: Subject
    purpose: str
    team: str

    def entry(self, refusal: str = "") -> Entry:
        """The entry of it; with `refusal` (a code) that of its refusal."""
        return Entry(
            actor_of(self.principal, self.action, self.team or None),
            self.logged,
            subject=self.item if self.item.kind is SubjectKind.REFERENCE else None,
            item=None if self.item.kind is SubjectKind.REFERENCE else self.item,
            purpose=self.purpose,
            outcome=Outcome.DENY if refusal else Outcome.PERMIT,
            rule=refusal or "four-eyes",
        )


def _deed(principal: Principal, request: Request, action: Action, logged: Logged) -> _Deed:
    subject = Subject(TERMS[request.matter].kind, request.item)
    return _Deed(principal, action, logged, subject, request.purpose, request.team)


class FourEyes:
    """One per process, over the access database. `approve_within` counts from asking, `use_within` from the approval.

    Every method that is refused raises RejectedError, whose code says why: `not_permitted`, `own_request` (somebody else must
    approve), `no_such_request`, `not_waiting`, `not_approved`, `lapsed`.
    """

    def __init__(self, engine: Engine, audit: Trail, clock: Clock, *, approve_within: timedelta, use_within: timedelta) -> None:
        self._engine = engine
        self._audit = audit
        self._clock = clock
        self._approve_within = approve_within
        self._use_within = use_within

    def ask(self, principal: Principal, matter: Matter, item: str, purpose: str, team: str | None = None) -> Request:
        """Ask for a second person's approval. `purpose` is a code, `team` the one on whose behalf, where rights go by team."""
        terms, now, request_id = TERMS[matter], self._clock.now(), secrets.token_hex(16)
        deed = _Deed(principal, terms.ask, terms.asked, Subject(terms.kind, item), purpose, team or "")
        if not may(principal, terms.ask, team):
            raise self._refused(deed, "not_permitted")
        values = {
            "request_id": request_id, "matter": matter.value, "item": item, "purpose": purpose, "team": team or "",
            "requester": principal.account, "requester_name": principal.name, "asked_at": now,
            "until": now + self._approve_within, "state": RequestState.WAITING.value, "decider": "", "decider_name": "",
        }  # fmt: skip
        with answering(), self._engine.begin() as connection:
            connection.execute(delete(RequestRow).where(RequestRow.until < now - _KEPT))
            connection.execute(insert(RequestRow).values(**values))
            self._audit.append(deed.entry())
        return self._found(request_id)

    def approve(self, principal: Principal, request_id: str) -> Request:
        """Permit what somebody else asked for; it can be used from now on, once, until `until`."""
        request = self._found(request_id, principal)
        terms = TERMS[request.matter]
        deed = _deed(principal, request, terms.approve, terms.approved)
        if request.requester == principal.account:
            raise self._refused(deed, "own_request")
        return self._decide(deed, request, RequestState.APPROVED)

    def refuse(self, principal: Principal, request_id: str) -> Request:
        """Refuse it, or take one's own request back."""
        request = self._found(request_id, principal)
        terms = TERMS[request.matter]
        action = terms.ask if request.requester == principal.account else terms.approve
        return self._decide(_deed(principal, request, action, terms.refused), request, RequestState.REFUSED)

    def use(self, principal: Principal, request_id: str, matter: Matter, item: str) -> Request:
        """Use an approval up, before the deed itself; only who asked can, for exactly what was asked.

        The deed stands in the audit log from here on (`vault_opened`, `identity_revealed`): the caller need not log it again.
        """
        request, terms = self._found(request_id, principal), TERMS[matter]
        deed = _Deed(principal, terms.ask, terms.used, Subject(terms.kind, item), request.purpose, request.team)
        code = _unusable(request, principal, matter, item)
        if code is None and not may(principal, terms.ask, request.team or None):
            code = "not_permitted"
        if code is None and not self._move(deed, request, RequestState.APPROVED, {"state": RequestState.USED.value}):
            code = "not_approved"
        if code is not None:
            raise self._refused(deed, code)
        return self._found(request_id)

    def waiting_for(self, principal: Principal) -> list[Request]:
        """What others ask and this principal may approve, oldest first."""
        waiting = [one for one in self._all() if one.state is RequestState.WAITING and one.requester != principal.account]
        return [one for one in waiting if may(principal, TERMS[one.matter].approve, one.team or None)]

    def own(self, principal: Principal) -> list[Request]:
        """What this principal has asked, newest first."""
        return [one for one in reversed(self._all()) if one.requester == principal.account]

    def _decide(self, deed: _Deed, request: Request, state: RequestState) -> Request:
        """Whoever comes here may decide: nobody else finds the request."""
        if request.state is RequestState.LAPSED:
            raise self._refused(deed, "lapsed")
        now = self._clock.now()
        values = {
            "state": state.value, "until": now + self._use_within if state is RequestState.APPROVED else now,
            "decider": deed.principal.account, "decider_name": deed.principal.name,
        }  # fmt: skip
        if not self._move(deed, request, RequestState.WAITING, values):
            raise self._refused(deed, "not_waiting")
        return self._found(request.request_id)

    def _move(self, deed: _Deed, request: Request, before: RequestState, values: dict[str, Any]) -> bool:
        """Whether it was this call that moved the request on: the database decides between two at once."""
        here = RequestRow.request_id == request.request_id
        change = update(RequestRow).where(here, RequestRow.state == before.value, RequestRow.until > self._clock.now())
        with answering(), self._engine.begin() as connection:
            if connection.execute(change.values(**values)).rowcount != 1:
                return False
            self._audit.append(deed.entry())
        return True

    def _refused(self, deed: _Deed, code: str) -> RejectedError:
        """The refusal, once it is in the log."""
        self._audit.append(deed.entry(code))
        return RejectedError(_REFUSALS[code], code=code)

    def _found(self, request_id: str, principal: Principal | None = None) -> Request:
        """The request; for a principal only one that they asked or may decide, so that nobody learns of another."""
        with answering(), self._engine.begin() as connection:
            found = self._rows(connection, RequestRow.request_id == request_id) if _NUMBER.fullmatch(request_id) else []
        if found and (principal is None or _concerns(found[0], principal)):
            return found[0]
        if principal is not None:
            actor = Actor(principal.account, role=min(principal.roles, default="none"))
            self._audit.append(Entry(actor, Logged.REQUEST_REFUSED, outcome=Outcome.DENY, rule="no_such_request"))
        raise RejectedError(_REFUSALS["no_such_request"], code="no_such_request")

    def _all(self) -> list[Request]:
        with answering(), self._engine.begin() as connection:
            return self._rows(connection, RequestRow.until > self._clock.now() - _KEPT)

    def _rows(self, connection: Connection, condition: Any) -> list[Request]:
        now = self._clock.now()
        rows = connection.execute(select(*RequestRow.__table__.columns).where(condition).order_by(RequestRow.asked_at))
        return [_request(row, now) for row in rows]


def _request(row: Row[Any], now: datetime) -> Request:
    state = RequestState(row.state)
    if state in {RequestState.WAITING, RequestState.APPROVED} and row.until <= now:
        state = RequestState.LAPSED
    return Request(
        row.request_id, Matter(row.matter), row.item, row.purpose, row.team, row.requester, row.requester_name,
        row.asked_at, row.until, state, row.decider_name,
    )  # fmt: skip


def _concerns(request: Request, principal: Principal) -> bool:
    if request.requester == principal.account:
        return True
    return may(principal, TERMS[request.matter].approve, request.team or None)


def _unusable(request: Request, principal: Principal, matter: Matter, item: str) -> str | None:
    """Why this approval cannot be used so; None when it can."""
    if request.requester != principal.account or (request.matter, request.item) != (matter, item):
        return "not_approved"
    if request.state is RequestState.LAPSED:
        return "lapsed"
    return None if request.state is RequestState.APPROVED else "not_approved"


_REFUSALS: Final = {
    "not_permitted": "your role does not permit this",
    "own_request": "another person has to approve what you asked for",
    "no_such_request": "there is no such request for you",
    "not_waiting": "the request has been decided already",
    "not_approved": "nobody has approved exactly this for you, or the approval has been used",
    "lapsed": "the time for it has passed: ask again",
}
