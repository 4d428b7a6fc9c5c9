"""How far erasures have come, as the pages show it: to an auditor every withdrawal, to an officer those of her own consents.

An officer is told of a consent what the consent itself explains, and nothing that depends on whether another cooperation has
one for the same person: not whether the reference went with it, nor which connector still had a reason to know it, nor whose
proposals were recalled beside those of its own recipients; nor how far each place has come, which is looked for when the last
connector has answered (OSL 8:1).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from hub.registry.cases import Erasing, ErasingPart, ErasingPlace
from hub.registry.erasures import EFFECT, RECEIVER
from hub.registry.states import State
from hub.registry.tables import Consent, ErasureRequest

__all__ = ["erasing_of", "every_erasing"]

_NEWEST: Final = 200


def every_erasing(session: Session) -> list[Erasing]:
    """Every withdrawal under its own number, newest first, 200 at most."""
    query = select(ErasureRequest).options(selectinload(ErasureRequest.answers), selectinload(ErasureRequest.removals))
    return [_erasing(row) for row in session.scalars(query.order_by(ErasureRequest.requested_at.desc()).limit(_NEWEST))]


def erasing_of(session: Session, consents: Iterable[Consent]) -> list[Erasing]:
    """The erasure of each of these consents that was in force and is withdrawn, under the consent's number; newest first, 200
    at most. One that was never in force has none: it rests on no reference, whatever others do.
    """
    been = [one for one in consents if one.state == State.WITHDRAWN and one.in_force_at is not None]
    rows = sorted(been, key=lambda one: one.ended_at or one.created_at, reverse=True)[:_NEWEST]
    asked = ErasureRequest.youth_ref.in_({row.youth.youth_ref for row in rows})
    query = select(ErasureRequest).where(asked).order_by(ErasureRequest.scope_id.is_(None))  # of its own before of everything
    found = session.scalars(query.options(selectinload(ErasureRequest.answers), selectinload(ErasureRequest.removals))).all()
    return [
        _as_told(erasure, row)
        for row in rows
        for erasure in [one for one in found if one.youth_ref == row.youth.youth_ref and one.scope_id in {row.consent_id, None}][
            :1
        ]
    ]


def _as_told(erasure: ErasureRequest, consent: Consent) -> Erasing:
    whole = _erasing(erasure)
    return replace(
        whole,
        number=consent.consent_id,
        completed_at=whole.effect_at,
        parts=tuple(part for part in whole.parts if part.component in EFFECT),
        teams=tuple(team for team in whole.teams if team[0] in consent.recipients),
        places=None,
    )


def _erasing(row: ErasureRequest) -> Erasing:
    parts = [one for one in row.answers if not one.component.startswith(RECEIVER)]
    teams = [one for one in row.answers if one.component.startswith(RECEIVER)]
    effect = [one.answered_at for one in parts if one.component in EFFECT]
    done = [at for at in effect if at is not None]
    return Erasing(
        row.erasure_id, row.requested_at, row.completed_at, max(done) if done and len(done) == len(effect) else None,
        tuple(ErasingPart(one.component, one.agency, one.answered_at) for one in parts),
        tuple((one.component.removeprefix(RECEIVER), one.answered_at) for one in teams),
        tuple(ErasingPlace(one.place, one.due_at, one.done_at) for one in row.removals),
    )  # fmt: skip
