"""The auditor's page: the monthly access review (loggkontroll), drawn at random by a seed that is told."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hub.access.roles import Action, Principal, Role
from hub.access.trail import actor_of
from hub.audit.actions import Action as Logged
from hub.audit.entries import Entry
from hub.audit.review import Review, ReviewRow, monthly_review
from hub.clock import stockholm_date
from hub.errors import RejectedError
from hub.web.consents.access_titles import ACTIONS
from hub.web.language import Words
from hub.web.presenting import moment
from hub.web.rendering import Renderer, Web
from hub.web.role_titles import ROLE_TITLES

__all__ = ["AccessReview"]

_MOST_SEED = 2**31


class AccessReview:
    """The view behind its guarded door."""

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._web = web
        self._renderer = renderer

    def page(self, request: Request, principal: Principal) -> Response:
        """The review of a month; without one, of the month before this one. The same seed gives the same draw again."""
        words, asked = self._renderer.words(request), request.query_params
        first = stockholm_date(self._web.clock.now()).replace(day=1)
        month = asked.get("month") or f"{first - timedelta(days=1):%Y-%m}"
        seed = _whole(asked.get("seed"), secrets.randbelow(_MOST_SEED))
        actor = actor_of(principal, Action.AUDIT_REVIEW)
        wrong, review = "", None
        try:
            with self._web.audit.recorded(Entry(actor, Logged.AUDIT_REVIEWED)):
                review = monthly_review(self._web.audit.engine, month, seed=seed)
        except RejectedError as error:
            if error.code != "bad_month":
                raise
            wrong = words.text("Give the month as year-month, for example 2025-05.")
        rows = [] if review is None else [self._row(row, words) for row in review.rows]
        return self._renderer.page(
            request, "access_review.html", principal, status=422 if wrong else 200, month=month, seed=seed, wrong=wrong,
            review=review, rows=rows, numbers=_numbers(review), section="/audit/review",
            here=f"/audit/review?month={month}&seed={seed}",
        )  # fmt: skip

    def _row(self, row: ReviewRow, words: Words) -> Mapping[str, Any]:
        entry = row.entry
        team = self._web.teams.get(entry.unit)
        return {
            "at": moment(entry.at, words, self._web.clock.now()), "account": entry.account, "unit": team.title if team else "",
            "role": words.text(ROLE_TITLES[Role(entry.role)]) if entry.role in set(Role) else entry.role,
            "what": words.text(ACTIONS[entry.action]) if entry.action in ACTIONS else entry.action,
            "item": (entry.item or entry.subject)[:9], "drawn": row.drawn, "followed": row.followed,
        }  # fmt: skip


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 12 else otherwise


def _numbers(review: Review | None) -> Mapping[str, int]:
    return {} if review is None else {"openings": review.openings, "without_action": review.without_action}
