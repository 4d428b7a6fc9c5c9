"""A week's figures as a head reads them."""

from __future__ import annotations

from dataclasses import dataclass

from hub.delivery.follow_ups import WeekFigures
from hub.web.language import Words

__all__ = ["ShownWeek", "shown_week"]


@dataclass(frozen=True, slots=True)
class ShownWeek:
    """One row. Empty is what has nothing to be counted of; `late`: how many are open past their clock."""

    week: str
    came: int
    in_time: str
    followed_up: str
    share: str
    late: int


def shown_week(figures: WeekFigures, words: Words) -> ShownWeek:
    """`3 of 5` beside the share in whole percent, rounded down: nobody is told more than was done."""
    of = figures.to_follow_up
    return ShownWeek(
        week=words.text("week {week}", week=figures.week),
        came=figures.came,
        in_time=words.text("{number} of {all}", number=figures.in_time, all=of) if of else "",
        followed_up=words.text("{number} of {all}", number=figures.followed_up, all=of) if of else "",
        share=words.text("{number}%", number=figures.followed_up * 100 // of) if of else "",
        late=figures.late,
    )
