"""Whether a team may have a task: consent must cover everything the task builds on, for that team, at that moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from hub.contract.models import ConsentRecord, Evidence, InfoKind, ReferralTask
from hub.core.consent import Decision, Purpose, decide

__all__ = ["decide_task"]


def decide_task(
    consent: ConsentRecord | None, task: ReferralTask, *, purpose: Purpose, at: datetime, recipient: str = ""
) -> Decision:
    """The first denial among the decisions for each agency, kind and time of its evidence, else a permit.

    `recipient`: the team that has it or is to have it, where that is not the one that the rule names.

    The rule is the worker's: what the task tells must be covered by a consent that permits telling this team of it, by its
    agency, kind and time. A consent withdrawn or over covers nothing any more, a later one nothing from before it, and one
    that names another team or cooperation nothing for this one.
    """

    def ask(agency: str | None, kind: InfoKind | None, occurred_at: datetime | None = None) -> Decision:
        return decide(
            consent, purpose=purpose, source=agency, recipient=recipient or task.team, kind=kind, at=at,
            cooperation=task.cooperation, occurred_at=occurred_at,
        )  # fmt: skip

    def either(agency: str, kinds: Iterable[InfoKind], instant: datetime | None = None) -> Decision:
        found = [ask(agency, kind, instant) for kind in kinds]
        return next((one for one in found if one.permit), found[0])

    def covered(evidence: Evidence, instant: datetime) -> Decision:
        """Whether what happened then may be told on the word of one of the agencies: it does not say of which."""
        found = [either(agency, kinds, instant) for agency, kinds in _told(evidence)]
        return next((one for one in found if one.permit), found[0])

    told = dict.fromkeys(one for evidence in task.evidence for one in _told(evidence))
    decisions = [either(agency, kinds) for agency, kinds in told] or [ask(None, None)]
    decisions += [covered(one, instant) for one in task.evidence if one.agencies for instant in (one.first_at, one.last_at)]
    listed = dict.fromkeys((event.agency, event.kind, event.occurred_at) for one in task.evidence for event in one.events or ())
    decisions += [ask(*event) for event in listed]
    return next((decision for decision in decisions if not decision.permit), decisions[0])


def _told(evidence: Evidence) -> Iterator[tuple[str, tuple[InfoKind, ...]]]:
    """Who told what kind, as the events say. Of an agency without one (all of its events are older than those listed) it is not
    known whether it told of what counted or of what followed that: one of these kinds.
    """
    pairs = dict.fromkeys((event.agency, event.kind) for event in evidence.events or ())
    yield from ((agency, (kind,)) for agency, kind in pairs)
    named = {agency for agency, _ in pairs}
    then = None if evidence.narrowing is None else evidence.narrowing.then
    kinds = (evidence.kind,) if then is None else (evidence.kind, then.kind)
    yield from ((agency, kinds) for agency in evidence.agencies if agency not in named)
