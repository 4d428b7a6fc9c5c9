"""How a case stands before it is closed: the three outcomes up to now, and whether they suggest that it can end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hub.cases.content import Content, Numbers
from hub.cases.results import outcomes_of_case
from hub.cases.views import CaseView
from hub.core.outcomes import closing_suggested
from hub.web.cases.plots import Plot, plots_of
from hub.web.language import Words, mark

__all__ = ["Standing", "Weighed", "standing_of"]

_SUGGESTED = mark(
    "Closing is suggested: attendance is better or nothing was missed, nothing has occurred with the police in these days, and "
    "worry is not up. You decide."
)
_NOT_YET = mark(
    "Closing is not suggested yet. It is when attendance is better or nothing was missed, nothing has occurred with the police "
    "in these days, and worry is not up. What is not known does not count for it. You decide."
)
_SHORT = mark("The case has not lasted {days} days yet, so attendance and occurrences cannot be compared.")


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the coordinator says now, and the numbers of the days up to now."""

    worry: int
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class Standing:
    """`said` whether closing is suggested, in words; `short` why little can be known, or empty."""

    plots: list[Plot]
    suggested: bool
    said: str
    short: str


def standing_of(view: CaseView, content: Content, weighed: Weighed, now: datetime, words: Words) -> Standing:
    """An open SSPF case, as if it ended now. Nothing is decided and nothing kept."""
    as_if = content.model_copy(update={"worry_at_end": weighed.worry, "after": weighed.numbers})
    outcomes = outcomes_of_case(as_if, view.opened_at, now)
    suggested = closing_suggested(outcomes)
    short = words.text(_SHORT, days=content.span_days) if (now - view.opened_at).days < content.span_days else ""
    return Standing(plots_of(outcomes, words), suggested, words.text(_SUGGESTED if suggested else _NOT_YET), short)
