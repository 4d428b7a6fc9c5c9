"""The rules that the hub is shipped with, written down a second time, so that a changed number in either place is seen."""

from __future__ import annotations

from typing import Any

Plain = dict[str, Any]
SUSPICIONS = ["suspicion_not_responsible", "suspicion_responsible", "narcotics", "police_act_12"]
CONDUCT = ["suspicion_not_responsible", "suspicion_responsible", "narcotics", "lob", "police_act_12", "public_disorder"]
CONCERNS = [
    "criminal_environment",
    "recruitment",
    "substance_use",
    "violence_exposure",
    "runaway",
    "conflict",
    "other_worry",
]


def _condition(name: str, kind: str, of: list[str], *, at_least: tuple[int, str], within_days: int) -> Plain:
    how_much, measure = at_least
    return {"id": name, "kind": kind, "of": of, "measure": measure, "at_least": how_much, "within_days": within_days}


def _rule(name: str, function: str, team: str, *when: Plain, **rest: Any) -> Plain:
    words = {"title_sv": "Regel", "title_en": "Rule", "rationale": "", "owner": "test"}
    asked = {"function": function, "team": team, "cooperation": "sspf", "priority": "normal", "respond_within_days": 5}
    return {"about": "person", "id": name} | words | asked | {"when": list(when)} | rest


def the_shipped_rules() -> Plain:
    """A fresh copy each time."""
    return {"version": "shipped", "owner": "test", "rules": [
        _rule("absence-alone", "school_attendance", "outreach",
              _condition("unexcused_absence", "school_absence", ["unexcused"], at_least=(480, "minutes"), within_days=28)),
        _rule("absence-and-notice", "individual_support", "outreach",
              _condition("unexcused_absence", "school_absence", ["unexcused"], at_least=(180, "minutes"), within_days=28),
              _condition("conduct_notices", "police_notice", CONDUCT, at_least=(1, "count"), within_days=28)),
        _rule("repeated-notices", "sig_assessment", "sig",
              _condition("suspicion_notices", "police_notice", SUSPICIONS, at_least=(3, "count"), within_days=56),
              cooperation="sig", without_sig_consent={"team": "sspf", "function": "seek_sig_consent"}),
        _rule("repeated-observations", "outreach_contact", "outreach",
              _condition("observations", "risk_event", CONCERNS, at_least=(3, "count"), within_days=21),
              _condition("observation_days", "risk_event", CONCERNS, at_least=(2, "distinct_days"), within_days=21)),
    ]}  # fmt: skip
