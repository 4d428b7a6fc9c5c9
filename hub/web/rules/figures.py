"""The figures of the rules' page in words: of which weeks they are, and of each rule what became of its tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from babel.numbers import format_decimal

from hub.clock import stockholm_date
from hub.core.rule_set import Rule
from hub.core.suppression import FEWEST, Band
from hub.delivery.rule_figures import WEEKS, Counted, RuleFigures, Span
from hub.web.consents.showing import day
from hub.web.language import Words, mark
from hub.web.rules.shares import Told, told

if TYPE_CHECKING:
    from hub.core.rule_set import PlaceRule
    from hub.delivery.worklist import Worklist
    from hub.registry.rules_kept import Activation

__all__ = ["Figures"]

_NO_CONSENT: Final = mark("Ended: no consent any more")
_WEEK_OVER: Final = mark("Ended: the week was over")
_LABELS: Final = MappingProxyType(
    {
        "accepted": mark("Accepted by the team"),
        "declined": mark("Declined by the team"),
        "recalled": mark("Recalled: the ground was corrected"),
        "ended": _NO_CONSENT,
        "opened": mark("Opened, without an answer"),
        "unopened": mark("Not opened"),
    }
)


@dataclass(frozen=True, slots=True)
class Figures:
    """`said`: of which weeks they are, or from when there are any; `counted`: None before that."""

    said: str
    counted: Counted | None
    words: Words

    @classmethod
    def read(cls, worklist: Worklist, history: Sequence[Activation], words: Words, now: datetime) -> Figures:
        """Those of today. `history`: every activation of rules, the newest first. Raises RetriableError."""
        span, began = Span.told_on(stockholm_date(now)), stockholm_date(history[-1].activated_at if history else now)
        if began > span.last_day:
            span = Span.of(began)
            text = words.text(
                "Figures are of {weeks} whole weeks at a time. The first ones, of {first} to {last}, stand here from {date}.",
                weeks=WEEKS, first=day(span.first_day, words), last=day(span.last_day, words), date=day(span.told_from, words),
            )  # fmt: skip
            return cls(text, None, words)
        counted = worklist.rule_figures(now)
        text = words.text(
            "Figures are of the {weeks} weeks from {first} to {last}, as it stood on {at}. The next ones stand here from {date}.",
            weeks=WEEKS, first=day(span.first_day, words), last=day(span.last_day, words), at=day(counted.at, words),
            date=day(span.next.told_from, words),
        )  # fmt: skip
        return cls(text, counted, words)

    def of(self, rule: Rule | PlaceRule, since: datetime) -> list[tuple[str, str]]:
        """(what, how many) of a rule that is as it is `since` then."""
        if self.counted is None:
            return []
        shown = told(asdict(self.counted.by_rule.get(rule.id, RuleFigures())))
        proposed = self.words.text("Proposed")
        if shown.proposed.exact == 0 and stockholm_date(since) > self.counted.span.last_day:
            return [(proposed, self.words.text("none; the rule came, or was changed, after these weeks"))]
        if shown.proposed.least < FEWEST:
            return [(proposed, self._number(shown.proposed))]
        labels = dict(_LABELS) if isinstance(rule, Rule) else {**_LABELS, "ended": _WEEK_OVER}
        parts = [(self.words.text(label), self._amount(shown, name)) for name, label in labels.items() if name in shown.parts]
        few = (self.words.text("What became of them"), self.words.text("not told: they are too few"))
        return [(proposed, self._pace(shown.proposed)), *(parts or [few])]

    def _pace(self, proposed: Band) -> str:
        if proposed.exact is None:
            return self._number(proposed)
        weekly = format_decimal(proposed.exact / WEEKS, "0.#", locale=self.words.language)
        return self.words.text("{number}, about {weekly} a week", number=proposed.exact, weekly=weekly)

    def _amount(self, shown: Told, name: str) -> str:
        share = shown.share(name)
        number = self._number(shown.parts[name])
        return number if share is None else self.words.text("{number} ({share} %)", number=number, share=share)

    def _number(self, band: Band) -> str:
        if band.exact is not None:
            return str(band.exact) if band.exact else self.words.text("none")
        return f"{band.least}–{band.most}" if band.least >= FEWEST else self.words.text("fewer than {least}", least=FEWEST)
