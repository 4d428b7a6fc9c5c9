"""Requests to erase, their receipts, and when a withdrawal is complete.

Complete means: worker, delivery and every connector instance of each agency that learned the reference have answered. An
agency has learned it when it fetched its directory while the reference was in it. Two figures: in *effect* (nothing is
emitted or shown any more) when worker and delivery have answered, the directory having shrunk in the withdrawal's own
transaction; *removed* when nothing of it lies anywhere (`hub.registry.removal`). A team that had opened a task acknowledges.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from hub.contract.models import Erasure, ErasureKind
from hub.contract.topics import ERASURES
from hub.registry.states import State
from hub.registry.tables import Answer, ErasureRequest, Youth
from hub.registry.work import Work

__all__ = [
    "EFFECT",
    "RECEIVER",
    "ErasureStatus",
    "Place",
    "erasure_status",
    "new_scope_erasures",
    "record_receipt",
    "repeat_open_requests",
    "request_erasure",
]

EFFECT = ("worker", "delivery")
"""Whose receipts say that nothing is emitted or shown any more."""
RECEIVER = "receiver-"
"""Before a team's code: the component that an acknowledgement comes from."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where bytes from before a withdrawal lie, by when they are to be gone, and since when they are."""

    name: str
    due_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True)
class ErasureStatus:
    """One withdrawal: of everything, or of the scope `scope_id`; who has to answer still, when the last of them did.

    `effect_at`: from when on nothing was emitted or shown. `unacknowledged`, `acknowledged`: teams that had opened a task of it.
    `places`: physical removal; empty until everybody has answered.
    """

    erasure_id: str
    requested_at: datetime
    waiting_for: tuple[str, ...]
    answered: tuple[str, ...]
    completed_at: datetime | None
    scope_id: str | None = None
    effect_at: datetime | None = None
    unacknowledged: tuple[str, ...] = ()
    acknowledged: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()

    @property
    def complete(self) -> bool:
        return self.completed_at is not None

    @property
    def effect_after(self) -> timedelta | None:
        """From the withdrawal to its effect; None: not yet."""
        return None if self.effect_at is None else self.effect_at - self.requested_at

    @property
    def removed_at(self) -> datetime | None:
        """When nothing was left anywhere; None: not yet."""
        found = [place.done_at for place in self.places]
        return max(one for one in found if one) if found and all(found) else None

    @property
    def removed_by(self) -> datetime | None:
        """By when nothing may be left anywhere; None before everybody has answered."""
        return max((place.due_at for place in self.places), default=None)


def new_scope_erasures(work: Work, youth: Youth) -> dict[str, str]:
    """An erasure id for each scope of hers that was in force, is withdrawn, and has none yet: scope id → erasure id."""
    withdrawn = [one.consent_id for one in youth.consents if one.state == State.WITHDRAWN and one.in_force_at is not None]
    if not withdrawn:
        return {}
    known = set(work.session.scalars(select(ErasureRequest.scope_id).where(ErasureRequest.youth_ref == youth.youth_ref)))
    return {scope_id: str(uuid.uuid4()) for scope_id in sorted(withdrawn) if scope_id not in known}


def request_erasure(work: Work, erasure_id: str, youth_ref: str, learned: Iterable[str], scope_id: str | None = None) -> None:
    """Ask, and write down who has to answer; `learned` are the agencies whose connectors erase what they remember."""
    answers = [Answer(component=name, expected=True) for name in EFFECT]
    for agency in learned:
        keys = work.tools.agencies.get(agency)
        names = [f"connector-{instance}" for instance in (keys.instances if keys is not None else ())]
        # Somebody fetched with this agency's token but no connector is configured for it: the wait must show.
        names = names or [f"connector-of-{agency}"]
        answers.extend(Answer(component=name, agency=agency, expected=True) for name in names)
    row = ErasureRequest(
        erasure_id=erasure_id,
        youth_ref=youth_ref,
        scope_id=scope_id,
        requested_at=work.now,
        completed_at=None,
        answers=answers,
    )
    work.session.add(row)
    _send(work, row)


def repeat_open_requests(work: Work) -> int:
    """Ask again where somebody has not answered: a request may have been lost with a broker's disk. Answers how many."""
    rows = work.session.scalars(select(ErasureRequest).where(ErasureRequest.completed_at.is_(None))).all()
    for row in rows:
        _send(work, row)
    return len(rows)


def record_receipt(session: Session, receipt: Erasure, now: datetime) -> bool:
    """Store one receipt; a repeat changes nothing. False when it answers no request of ours."""
    query = select(ErasureRequest).where(ErasureRequest.erasure_id == receipt.erasure_id)
    request = session.scalars(query.options(selectinload(ErasureRequest.answers)).with_for_update()).one_or_none()
    if request is None or request.youth_ref != receipt.youth_ref or receipt.component is None:
        return False
    if receipt.awaits is not None:
        _answer(request, f"{RECEIVER}{receipt.awaits}").expected = True
    answer = _answer(request, receipt.component)
    if answer.answered_at is None:
        answer.answered_at = now
        _conclude(request, now)
    return True


def _answer(request: ErasureRequest, component: str) -> Answer:
    answer = next((one for one in request.answers if one.component == component), None)
    if answer is None:
        answer = Answer(component=component, expected=False)
        request.answers.append(answer)
    return answer


def erasure_status(session: Session, *, only_open: bool = False) -> list[ErasureStatus]:
    """Every withdrawal, oldest first."""
    query = select(ErasureRequest).order_by(ErasureRequest.requested_at, ErasureRequest.erasure_id)
    if only_open:
        query = query.where(ErasureRequest.completed_at.is_(None))
    query = query.options(selectinload(ErasureRequest.answers), selectinload(ErasureRequest.removals))
    return [_status(row) for row in session.scalars(query)]


def _status(row: ErasureRequest) -> ErasureStatus:
    teams = {one.component.removeprefix(RECEIVER): one.answered_at for one in row.answers if _is_receiver(one)}
    times: Mapping[str, datetime | None] = {one.component: one.answered_at for one in row.answers if not _is_receiver(one)}
    effect = [times.get(name) for name in EFFECT]
    return ErasureStatus(
        row.erasure_id,
        row.requested_at,
        tuple(one.component for one in row.answers if one.expected and one.answered_at is None and not _is_receiver(one)),
        tuple(name for name, answered_at in times.items() if answered_at is not None),
        row.completed_at,
        row.scope_id,
        max(one for one in effect if one) if all(effect) else None,
        tuple(team for team, answered_at in teams.items() if answered_at is None),
        tuple(team for team, answered_at in teams.items() if answered_at is not None),
        tuple(Place(one.place, one.due_at, one.done_at) for one in row.removals),
    )


def _is_receiver(answer: Answer) -> bool:
    return answer.component.startswith(RECEIVER)


def _conclude(request: ErasureRequest, now: datetime) -> None:
    waiting = [one for one in request.answers if one.expected and one.answered_at is None and not _is_receiver(one)]
    if not waiting and request.completed_at is None:
        request.completed_at = now


def _send(work: Work, row: ErasureRequest) -> None:
    message = Erasure(
        kind=ErasureKind.REQUEST,
        erasure_id=row.erasure_id,
        youth_ref=row.youth_ref,
        component=None,
        occurred_at=row.requested_at,
        scope_id=row.scope_id,
    )
    work.send(ERASURES, row.youth_ref, message, event_id=f"{row.erasure_id}.request")
