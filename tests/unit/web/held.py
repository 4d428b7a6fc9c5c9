"""What the worker holds, as a look from the pages finds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hub.core.rules import CompiledRules
from hub.core.state import YouthState
from hub.core.step import YouthEvent
from hub.errors import RejectedError
from hub.web.consents.looking import Looking
from tests.unit.core.make import make_absence, make_consent, make_notice, make_scope
from tests.unit.core.make_rules import RULES, SHIPPED, last, run


@dataclass(frozen=True)
class FoundThere:
    """What a look finds."""

    state: YouthState
    rules: CompiledRules
    titles: Mapping[str, Mapping[str, str]]


class HeldThere:
    """A worker's changelog that is a dictionary; `failing`: what a look ends with instead. `asked`: every look that came to it."""

    def __init__(self) -> None:
        self.states: dict[str, YouthState] = {}
        self.rules = RULES
        self.failing: Exception | None = None
        self.asked: list[str] = []
        self.looking = Looking(self.read)

    def read(self, reference: str, expired: Callable[[], bool]) -> FoundThere:
        assert not expired()
        self.asked.append(reference)
        if self.failing is not None:
            raise self.failing
        if reference not in self.states:
            raise RejectedError("the worker holds nothing of this reference", code="unknown_reference")
        titles = {"sv": {one.id: one.title_sv for one in SHIPPED.rules}, "en": {one.id: one.title_en for one in SHIPPED.rules}}
        return FoundThere(self.states[reference], self.rules, titles)

    def hold(self, reference: str, consent: str, *events: YouthEvent, **scope: Any) -> None:
        """Under one consent to SSPF by its number: these events, stepped one after the other."""
        first = make_consent(make_scope(scope_id=consent, **scope), youth_ref=reference)
        told = [event.model_copy(update={"youth_ref": reference}) for event in events]
        self.states[reference] = last(run(first, *told, state=YouthState(reference), rules=self.rules))


__all__ = ["FoundThere", "HeldThere", "make_absence", "make_notice"]
