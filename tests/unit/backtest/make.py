"""Histories of fictive youths, and a question to put to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from hub.backtest.history import Fact, YouthHistory
from hub.backtest.running import Question
from hub.contract.models import ConsentRecord, PoliceNotice, RiskEvent, SchoolAbsence
from hub.core.rules import RuleSet, parse_rules
from tests.unit.core.make import NOW, YOUTH, ago, make_absence, make_consent

BEGIN, END = ago(200), NOW + timedelta(days=1)


def reference(number: int) -> str:
    return f"y{number:032x}"


def told(fact: Fact, after: timedelta = timedelta(hours=1), **changes: Any) -> Fact:
    """The event as recorded so long after it occurred."""
    return fact.model_copy(update={"recorded_at": fact.occurred_at + after, **changes})


def make_history(
    facts: Sequence[Fact] = (), *, consents: Sequence[ConsentRecord] | None = None, youth_ref: str = YOUTH
) -> YouthHistory:
    """Everything is made the youth's own; without consents an ordinary one to SSPF, two hundred days ago."""
    own = [one.model_copy(update={"youth_ref": youth_ref}) for one in facts]
    records = [make_consent()] if consents is None else consents
    return YouthHistory(
        youth_ref=youth_ref,
        consents=tuple(one.model_copy(update={"youth_ref": youth_ref}) for one in records),
        absences=tuple(one for one in own if isinstance(one, SchoolAbsence)),
        notices=tuple(one for one in own if isinstance(one, PoliceNotice)),
        observations=tuple(one for one in own if isinstance(one, RiskEvent)),
    )


def absent(days: float, number: int = 0, minutes: int = 60, **changes: Any) -> Fact:
    """An unexcused lesson so many days ago, told within the hour."""
    return told(make_absence(f"{number or round(days * 24)}", ago(days), minutes), **changes)


def make_set(at_least: int = 120, *, version: str = "test.1", **changes: Any) -> RuleSet:
    """One rule: so many unexcused minutes within ten days → outreach."""
    condition = {
        "id": "unexcused_absence", "kind": "school_absence", "of": ["unexcused"], "measure": "minutes", "at_least": at_least,
        "within_days": 10,
    }  # fmt: skip
    rule = {
        "about": "person", "id": "absence", "title_sv": "Frånvaro", "title_en": "Absence", "rationale": "", "owner": "test",
        "function": "school_attendance", "team": "outreach", "cooperation": "sspf", "priority": "normal",
        "respond_within_days": 5, "when": [condition],
    }  # fmt: skip
    return parse_rules({"version": version, "owner": "test", "rules": [rule | changes]})


def make_question(
    candidate: RuleSet | None = None,
    active: RuleSet | None = None,
    since: datetime | None = None,
    until: datetime = END,
) -> Question:
    return Question(candidate or make_set(60, version="test.2"), active or make_set(), since, until)
