"""What a round feeds the workers, from a seed: consents, events with corrections and repeats, what cannot be read, an erasure."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from hub.contract.models import AbsenceKind, ConsentRecord, Erasure, ErasureKind, PersonEvent, PoliceCategory, RiskConcern
from hub.contract.topics import CONSENTS, ERASURES, POLICE_NOTICES, RISK_EVENTS, SCHOOL_ABSENCES, Topic
from hub.kafka import Outgoing
from tests.integration.runtime.town import make_youth, message_record
from tests.unit.core.make import (
    LEISURE,
    SCHOOL,
    ago,
    make_absence,
    make_consent,
    make_notice,
    make_observation,
    make_scope,
    make_sig_scope,
    make_withdrawn,
)

__all__ = ["Stream"]

_A_ROUND = 1_000  # numbers of youths that a round may use
_EVENTS = 26  # of a youth, on average
_FORMER = 12  # youths of earlier rounds that are told more of
_POISON = 4
_WITHOUT_CONSENT, _WITHOUT_POLICE, _TO_SIG = 0.04, 0.08, 0.3
_CORRECTED, _RETRACTED, _REPEATED, _COMING = 0.1, 0.12, 0.05, 0.04


class Stream:
    """Rounds of one log. What a later round corrects are events of an earlier one."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._rounds = 0
        self._told: list[tuple[Topic, PersonEvent]] = []
        self._events = 0

    def round(self, youths: int, now: datetime) -> tuple[list[Outgoing], list[Outgoing]]:
        """Consents, to be on the topic before the rest, and the rest in a random order. `now`: some events occur just after."""
        first = self._rounds * _A_ROUND
        self._rounds += 1
        cohort = [make_youth(first + number) for number in range(youths)]
        consents = [message_record(CONSENTS, youth, one) for youth in cohort if (one := self._consent(youth)) is not None]
        former = self._chance.sample(self._told, min(len(self._told), _FORMER))
        told = [one for youth in cohort for one in self._events_of(youth, _EVENTS, now)]
        told += [one for _, event in former for one in self._events_of(event.youth_ref, 3, now)]
        self._told += told
        later = [one for topic, event in (*told, *former) for one in self._afterwards(topic, event, now)]
        records = [message_record(topic, event.youth_ref, event) for topic, event in (*told, *later)]
        records += self._poison(records)
        self._chance.shuffle(records)
        middle = len(records) // 2
        records[middle:middle] = self._withdrawal(cohort[-1])
        return consents, records

    def _consent(self, youth: str) -> ConsentRecord | None:
        lot = self._chance.random()
        if lot < _WITHOUT_CONSENT:
            return None
        scope = make_scope(agencies=(SCHOOL, LEISURE)) if lot < _WITHOUT_CONSENT + _WITHOUT_POLICE else make_scope()
        scopes = (scope, make_sig_scope()) if lot > 1 - _TO_SIG else (scope,)
        return make_consent(*scopes).model_copy(update={"youth_ref": youth})

    def _events_of(self, youth: str, about: int, now: datetime) -> Iterator[tuple[Topic, PersonEvent]]:
        for _ in range(self._chance.randint(about // 2, about + about // 2)):
            self._events += 1
            coming = self._chance.random() < _COMING
            at = now + timedelta(seconds=self._chance.uniform(1, 3)) if coming else ago(self._chance.uniform(0.2, 18))
            yield self._event(youth, at.replace(microsecond=at.microsecond // 1000 * 1000))

    def _event(self, youth: str, at: datetime) -> tuple[Topic, PersonEvent]:
        chance, rest = self._chance, {"youth_ref": youth}
        lot = chance.random()
        if lot < 0.2:
            return POLICE_NOTICES, make_notice(self._events, at, chance.choice(tuple(PoliceCategory)), **rest)
        if lot < 0.32:
            return RISK_EVENTS, make_observation(self._events, at, chance.choice(tuple(RiskConcern)), **rest)
        kind = AbsenceKind.UNEXCUSED if lot < 0.7 else AbsenceKind.EXCUSED
        return SCHOOL_ABSENCES, make_absence(self._events, at, chance.choice((20, 40, 60, 80)), kind, **rest)

    def _afterwards(self, topic: Topic, event: PersonEvent, now: datetime) -> Iterator[tuple[Topic, PersonEvent]]:
        """Corrections, retractions and repeats; of what has not occurred yet only repeats."""
        lot = self._chance.random()
        if lot < _REPEATED:
            yield topic, event
        elif event.occurred_at < now and lot < _REPEATED + _RETRACTED:
            yield topic, event.model_copy(update={"revision": event.revision + 2, "retracted": True})
        elif event.occurred_at < now and lot < _REPEATED + _RETRACTED + _CORRECTED:
            changed: dict[str, Any] = {"revision": event.revision + 1}
            if topic is SCHOOL_ABSENCES:
                changed["minutes"] = self._chance.choice((10, 120))
            yield topic, event.model_copy(update=changed)

    def _poison(self, like: list[Outgoing]) -> list[Outgoing]:
        spoilt = self._chance.sample([one for one in like if one.value is not None], _POISON)
        return [Outgoing(one.topic, one.key, b"\x01" + (one.value or b"")[1:]) for one in spoilt]

    def _withdrawal(self, youth: str) -> list[Outgoing]:
        withdrawn = make_withdrawn().model_copy(update={"youth_ref": youth})
        request = Erasure(
            kind=ErasureKind.REQUEST,
            erasure_id=str(uuid.UUID(int=self._chance.getrandbits(128), version=4)),
            youth_ref=youth,
            component=None,
            occurred_at=withdrawn.recorded_at,
        )
        return [message_record(CONSENTS, youth, withdrawn), message_record(ERASURES, youth, request)]
