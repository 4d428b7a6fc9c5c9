"""The coding form: what it begins with, and what it says when it is sent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, time

from starlette.requests import Request

from hub.clock import STOCKHOLM, reachable
from hub.coding.desk import Answer, OpenedNotice
from hub.contract.models import PoliceCategory
from hub.web.forms import field as sent
from hub.web.forms import fields

__all__ = ["CodingForm"]

_CATEGORIES = {category.value: category for category in PoliceCategory}
_YES, _NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class CodingForm:
    """What stands in the form's fields, as text. Never printed: `typed` is somebody's number."""

    people: frozenset[str] = frozenset()
    typed: str = field(default="", repr=False)
    category: str = ""
    day: str = ""
    clock: str = ""
    area: str = ""
    may_tell: str = _NO
    seen: str = ""

    @classmethod
    def of_notice(cls, opened: OpenedNotice) -> CodingForm:
        """As far as the message says it itself."""
        draft = opened.draft
        there = draft.occurred_at.astimezone(STOCKHOLM) if draft.occurred_at else None
        return cls(
            people=frozenset(str(one.place) for one in opened.people if one.readable),
            category=draft.category.value if draft.category else "",
            day=f"{there:%Y-%m-%d}" if there else "",
            clock=f"{there:%H:%M}" if there else "",
            area=draft.area or "",
            may_tell=_YES if draft.may_tell_youth else _NO,
            seen=opened.content,
        )

    @classmethod
    def of_request(cls, request: Request) -> CodingForm:
        """As it was sent."""
        return cls(
            people=frozenset(fields(request).get("person", ())),
            typed=sent(request, "typed").strip(),
            category=sent(request, "category"),
            day=sent(request, "day").strip(),
            clock=sent(request, "clock").strip(),
            area=sent(request, "area"),
            may_tell=sent(request, "may_tell"),
            seen=sent(request, "seen"),
        )

    def wrong(self, areas: Collection[str]) -> dict[str, str]:
        """What is wrong with each field, by a code: all of it at once."""
        wrong = {}
        if not self.people and not self.typed:
            wrong["typed"] = "no_subject"
        if self.category not in _CATEGORIES:
            wrong["category"] = "no_category"
        if self._occurred_at() is None:
            wrong["day"] = "no_time"
        if self.area and self.area not in areas:
            wrong["area"] = "no_area"
        return wrong

    def answer(self) -> Answer:
        """What a form says in which nothing is wrong."""
        occurred_at = self._occurred_at()
        assert occurred_at is not None, "a form is asked what is wrong first"
        return Answer(
            category=_CATEGORIES[self.category],
            occurred_at=occurred_at,
            area=self.area or None,
            may_tell_youth=self.may_tell == _YES,
            places=frozenset(int(place) for place in self.people if place.isascii() and place.isdigit()),
            typed=(self.typed,) if self.typed else (),
        )

    def _occurred_at(self) -> datetime | None:
        """Swedish time."""
        try:
            return reachable(datetime.combine(date.fromisoformat(self.day), time.fromisoformat(self.clock), tzinfo=STOCKHOLM))
        except ValueError:
            return None
