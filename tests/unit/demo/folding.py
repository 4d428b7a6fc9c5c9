"""The town folded straight through the pure core, without Kafka: what the hub would propose under some rules at some moment."""

from __future__ import annotations

from datetime import datetime, timedelta

from hub.contract.models import (
    AbsenceKind,
    Action,
    ConsentRecord,
    ConsentStatus,
    PlaceCategory,
    PlaceEvent,
    PoliceCategory,
    RiskConcern,
)
from hub.core.place import new_place_state, place_step
from hub.core.rule_set import RuleSet
from hub.core.rules import compile_rules
from hub.core.state import new_state
from hub.core.step import YouthEvent, step
from hub.demo.expected import CONSENT_SPANS, Outcome
from hub.demo.facts import STOCKHOLM, Town, Youth
from hub.demo.verdict import Snapshot
from hub.installation import load_places
from hub.resources import defaults_folder
from tests.unit.core.make import (
    make_absence,
    make_consent,
    make_notice,
    make_observation,
    make_place_event,
    make_scope,
    make_sig_scope,
)

_STATUS = {"withdrawn": ConsentStatus.WITHDRAWN, "suspended": ConsentStatus.SUSPENDED}
_EXPOSED = load_places(defaults_folder()).exposed


class FoldedTown:
    """The town's facts as messages, made once; `fold` runs them through the core."""

    def __init__(self, town: Town) -> None:
        self._start = town.start
        self._youths = {youth.number: list(_messages(youth, town.start)) for youth in town.youths if CONSENT_SPANS[youth.consent]}
        self._places = [
            make_place_event(number, _sunday_noon(row.week), row.incidents, f"0581-{row.area.lower()}", category=PlaceCategory(row.category))
            for number, row in enumerate(town.est_rows)
        ] + [
            make_place_event(f"d{number}", one.at, 1, f"0581-{one.area.lower()}", category=PlaceCategory.GATHERING) for number, one in enumerate(town.gatherings)
        ]  # fmt: skip

    def fold(self, rule_set: RuleSet, at: datetime | None = None) -> Snapshot:
        """The tasks that are open at `at` (default: the start of the play) when everything came at that moment."""
        rules = compile_rules(rule_set, exposed_areas=_EXPOSED)
        now = at or self._start
        referrals: dict[str, Outcome] = {}
        for number, messages in self._youths.items():
            state = new_state(messages[0].youth_ref)
            for message in messages:
                done = step(state, message, rules, now)
                assert done.state is not None
                state = done.state
                for task in done.tasks:
                    if task.action is Action.OPEN:
                        referrals[task.task_id] = Outcome(number, task.rule_id, task.team)
                    else:
                        del referrals[task.task_id]
        return Snapshot(referrals, tuple(self._presence(rules, now)), 0)

    def _presence(self, rules, now: datetime) -> set[tuple[str, str]]:
        found = set()
        by_area: dict[str, list[PlaceEvent]] = {}
        for event in self._places:
            by_area.setdefault(event.area, []).append(event)
        for area, events in by_area.items():
            state = new_place_state(area)
            for event in events:
                done = place_step(state, event, rules, now)
                state = done.state
                found |= {(task.area, task.week) for task in done.tasks}
        return found


def _messages(youth: Youth, start: datetime):
    """The consent first, then every fact, each with an identity of its own."""
    reference = f"y{youth.number:032x}"
    yield _consent(youth, start).model_copy(update={"youth_ref": reference})
    yield from (event.model_copy(update={"youth_ref": reference}) for event in person_events(youth))


def _consent(youth: Youth, start: datetime) -> ConsentRecord:
    span = CONSENT_SPANS[youth.consent]
    assert span is not None
    begins, ends = (start - timedelta(days=days) for days in span)
    scopes = [make_scope(valid_from=begins, valid_to=ends)]
    if youth.consent == "sspf_sig":
        scopes.append(make_sig_scope(valid_from=begins, valid_to=ends))
    return make_consent(*scopes, status=_STATUS.get(youth.consent, ConsentStatus.IN_FORCE))


def person_events(youth: Youth) -> list[YouthEvent]:
    """Everything that the foreign systems tell of one youth, each fact with an identity that is hers alone."""
    absences = [
        make_absence(f"a{number}", fact.lesson.start, fact.minutes, AbsenceKind.EXCUSED if fact.excused else AbsenceKind.UNEXCUSED)
        for number, fact in enumerate(youth.absences)
    ]  # fmt: skip
    notices = [
        make_notice(f"b{number}", fact.at, PoliceCategory(fact.category), may_tell_youth=fact.may_tell_youth)
        for number, fact in enumerate(youth.notices)
    ]
    seen = [make_observation(f"c{number}", fact.at, RiskConcern(fact.concern)) for number, fact in enumerate(youth.observations)]
    return [*absences, *notices, *seen]


def _sunday_noon(week: str) -> datetime:
    year, number = week.split("-W")
    return datetime.fromisocalendar(int(year), int(number), 7).replace(hour=12, tzinfo=STOCKHOLM)
