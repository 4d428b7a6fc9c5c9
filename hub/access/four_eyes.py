"""Four eyes: what one person alone may not do. One asks, another with the right approves, the first does it once, in time.

    waiting ──approve──▶ approved ──use──▶ used
       │                     │
       ├──refuse──▶ refused  └──time──▶ lapsed
       └──time──▶ lapsed

Used for re-identification outside a task and for the sealed vault (DOMAIN: the consent form, the withdrawal and the audit stay
sealed: auditor, four eyes). Persons are compared, not accounts (`hub.access.persons`); where nobody has said which person an
account is, giving out accounts is where it is made true that two are two; with `persons_needed` nobody unknown takes part.

Guarantee: of any number of attempts to use one approval at most one succeeds, and however many ask at once no more than
`MOST_OPEN` are open; every step and every refusal is in the audit log before it has an effect; when the log cannot be written
nothing happens (RetriableError `audit`).
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update

from hub.access.deeds import REFUSALS, Deed, deed_of
from hub.access.grounds import NO_GROUND, Ground
from hub.access.matters import TERMS, Matter, Request, RequestState
from hub.access.persons import is_same_person
from hub.access.roles import Action, Principal, may
from hub.access.tables import RequestRow
from hub.access.trail import Trail
from hub.audit.actions import Action as Logged
from hub.audit.entries import Actor, Entry, Outcome, Subject
from hub.clock import Clock
from hub.database import answering, be_alone
from hub.errors import RejectedError

__all__ = ["MOST_OPEN", "FourEyes"]

MOST_OPEN = 5  # requests of one person in one matter that wait or are approved: nobody gathers approvals

_NUMBER = re.compile(r"[0-9a-f]{32}")
_ASKING = 0x46455945  # any number that only asking takes
_OPEN = frozenset({RequestState.WAITING, RequestState.APPROVED})
_SHOWN = timedelta(days=30)  # after its end, so that whoever asked can see what became of it


class FourEyes:
    """One per process, over the access database. `approve_within` counts from asking, `use_within` from the approval.

    Every method that is refused raises RejectedError, whose code says why: `not_permitted`, `own_request` (somebody else must
    approve), `no_such_request`, `not_waiting`, `not_approved`, `lapsed`, `no_person`, `too_many`.
    """

    def __init__(
        self,
        engine: Engine,
        audit: Trail,
        clock: Clock,
        *,
        approve_within: timedelta,
        use_within: timedelta,
        persons_needed: bool = False,
    ) -> None:
        self._engine = engine
        self._audit = audit
        self._clock = clock
        self._approve_within = approve_within
        self._use_within = use_within
        self._persons_needed = persons_needed

    def ask(
        self,
        principal: Principal,
        matter: Matter,
        item: str,
        purpose: str,
        team: str | None = None,
        *,
        ground: Ground = NO_GROUND,
    ) -> Request:
        """Ask for a second person's approval. `purpose` is a code, `team` the one on whose behalf, where rights go by team.

        Raises besides what `Ground.checked` says, where the matter takes a ground or one is given.
        """
        terms, now, request_id = TERMS[matter], self._clock.now(), secrets.token_hex(16)
        deed = Deed(principal, terms.ask, terms.asked, Subject(terms.kind, item), purpose, team or "")
        if not may(principal, terms.ask, team):
            raise self._refused(deed, "not_permitted")
        stated = ground.checked() if terms.grounded or ground != NO_GROUND else NO_GROUND
        self._require_person(deed)
        values = {
            "request_id": request_id, "matter": matter.value, "item": item, "purpose": purpose, "team": team or "",
            "requester": principal.account, "requester_name": principal.name, "asked_at": now,
            "until": now + self._approve_within, "state": RequestState.WAITING.value, "decider": "", "decider_name": "",
            "requester_person": principal.person, "requester_role": deed.entry().actor.role, "decider_person": "",
            "decider_role": "", "legal_ground": stated.legal_ground, "case_reference": stated.case_reference,
        }  # fmt: skip
        with answering(), self._engine.begin() as connection:
            be_alone(connection, _ASKING)  # of several at once each counts those before it
            permitted = self._open(connection, principal, matter) < MOST_OPEN
            if permitted:
                for each, of_it in TERMS.items():
                    ended = (RequestRow.matter == each.value, RequestRow.until < now - of_it.kept)
                    connection.execute(delete(RequestRow).where(*ended))
                connection.execute(insert(RequestRow).values(**values))
                self._audit.append(deed.entry())
        if not permitted:
            raise self._refused(deed, "too_many")
        return self._found(request_id)

    def _open(self, connection: Connection, principal: Principal, matter: Matter) -> int:
        """How many requests of this person, with whichever account, wait or are approved."""
        of_it = self._rows(connection, RequestRow.matter == matter.value)
        return sum(one.state in _OPEN and _asked_by(one, principal) for one in of_it)

    def approve(self, principal: Principal, request_id: str) -> Request:
        """Permit what somebody else asked for; it can be used from now on, once, until `until`."""
        request = self._found(request_id, principal)
        terms = TERMS[request.matter]
        deed = deed_of(principal, request, terms.approving(request.team), terms.approved)
        if _asked_by(request, principal):
            raise self._refused(deed, "own_request")
        self._require_person(deed)
        return self._decide(deed, request, RequestState.APPROVED)

    def refuse(self, principal: Principal, request_id: str) -> Request:
        """Refuse it, or take one's own request back."""
        request = self._found(request_id, principal)
        terms = TERMS[request.matter]
        action = terms.ask if _asked_by(request, principal) else terms.approving(request.team)
        return self._decide(deed_of(principal, request, action, terms.refused), request, RequestState.REFUSED)

    def use(self, principal: Principal, request_id: str, matter: Matter, item: str) -> Request:
        """Use an approval up, before the deed itself; only who asked can, for exactly what was asked.

        The deed stands in the audit log from here on (`vault_opened`, `identity_revealed`): the caller need not log it again.
        """
        request, terms = self._found(request_id, principal), TERMS[matter]
        deed = Deed(principal, terms.ask, terms.used, Subject(terms.kind, item), request.purpose, request.team)
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
        waiting = [one for one in self._all() if one.state is RequestState.WAITING and not _asked_by(one, principal)]
        return [one for one in waiting if _may_approve(one, principal)]

    def own(self, principal: Principal) -> list[Request]:
        """What this person has asked, with whichever account, newest first."""
        return [one for one in reversed(self._all()) if _asked_by(one, principal)]

    def history(self, principal: Principal, matter: Matter) -> list[Request]:
        """Every request of a matter that is still kept, newest first, for who may read the audit log; for others none."""
        if not may(principal, Action.AUDIT_READ):
            return []
        with answering(), self._engine.begin() as connection:
            return self._rows(connection, RequestRow.matter == matter.value)[::-1]

    def _decide(self, deed: Deed, request: Request, state: RequestState) -> Request:
        """Whoever comes here may decide: nobody else finds the request."""
        if request.state is RequestState.LAPSED:
            raise self._refused(deed, "lapsed")
        now = self._clock.now()
        values = {
            "state": state.value, "until": now + self._use_within if state is RequestState.APPROVED else now,
            "decider": deed.principal.account, "decider_name": deed.principal.name, "decider_person": deed.principal.person,
            "decider_role": deed.entry().actor.role,
        }  # fmt: skip
        if not self._move(deed, request, RequestState.WAITING, values):
            raise self._refused(deed, "not_waiting")
        return self._found(request.request_id)

    def _move(self, deed: Deed, request: Request, before: RequestState, values: dict[str, Any]) -> bool:
        """Whether it was this call that moved the request on: the database decides between two at once."""
        here = RequestRow.request_id == request.request_id
        change = update(RequestRow).where(here, RequestRow.state == before.value, RequestRow.until > self._clock.now())
        with answering(), self._engine.begin() as connection:
            if connection.execute(change.values(**values)).rowcount != 1:
                return False
            self._audit.append(deed.entry())
        return True

    def _require_person(self, deed: Deed) -> None:
        if self._persons_needed and not deed.principal.person:
            raise self._refused(deed, "no_person")

    def _refused(self, deed: Deed, code: str) -> RejectedError:
        """The refusal, once it is in the log."""
        self._audit.append(deed.entry(code))
        return RejectedError(REFUSALS[code], code=code)

    def _found(self, request_id: str, principal: Principal | None = None) -> Request:
        """The request; for a principal only one that they asked or may decide, so that nobody learns of another."""
        with answering(), self._engine.begin() as connection:
            found = self._rows(connection, RequestRow.request_id == request_id) if _NUMBER.fullmatch(request_id) else []
        if found and (principal is None or _concerns(found[0], principal)):
            return found[0]
        if principal is not None:
            actor = Actor(principal.account, role=min(principal.roles, default="none"))
            self._audit.append(Entry(actor, Logged.REQUEST_REFUSED, outcome=Outcome.DENY, rule="no_such_request"))
        raise RejectedError(REFUSALS["no_such_request"], code="no_such_request")

    def _all(self) -> list[Request]:
        with answering(), self._engine.begin() as connection:
            return self._rows(connection, RequestRow.until > self._clock.now() - _SHOWN)

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
        row.asked_at, row.until, state, row.decider_name, row.legal_ground, row.case_reference, row.requester_role,
        row.decider_role, row.requester_person,
    )  # fmt: skip


def _concerns(request: Request, principal: Principal) -> bool:
    return _asked_by(request, principal) or _may_approve(request, principal)


def _asked_by(request: Request, principal: Principal) -> bool:
    return is_same_person(principal, request.requester, request.requester_person)


def _may_approve(request: Request, principal: Principal) -> bool:
    return may(principal, TERMS[request.matter].approving(request.team), request.team or None)


def _unusable(request: Request, principal: Principal, matter: Matter, item: str) -> str | None:
    """Why this approval cannot be used so; None when it can."""
    if not _asked_by(request, principal) or (request.matter, request.item) != (matter, item):
        return "not_approved"
    if request.state is RequestState.LAPSED:
        return "lapsed"
    return None if request.state is RequestState.APPROVED else "not_approved"
