"""What the worker's bench feeds it: consents first, then weeks of events about those youths."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from hub.contract.models import PersonEvent
from hub.contract.topics import CONSENTS, POLICE_NOTICES, RISK_EVENTS, SCHOOL_ABSENCES, Topic
from hub.kafka import Outgoing, outgoing
from tests.bench.core.step import make_consent, make_events
from tests.integration.runtime.town import CODEC, Town
from tests.unit.core.make import LEISURE, POLICE, SCHOOL

__all__ = [
    "EVENT_TOPICS",
    "consent_record",
    "event_record",
    "event_records",
    "last_arrival",
    "publish_consents",
    "publish_events",
]

EVENT_TOPICS = (SCHOOL_ABSENCES.name, POLICE_NOTICES.name, RISK_EVENTS.name)
_A_WEEK = 3.5  # events per youth
_A_TIME = 5_000
_AGENCIES = {"school": SCHOOL, "police": POLICE, "leisure": LEISURE}
_TOPICS = {"school": SCHOOL_ABSENCES, "police": POLICE_NOTICES, "leisure": RISK_EVENTS}


def publish_consents(town: Town, youths: int) -> None:
    """One of each youth, to all agencies."""
    town.publish(*(consent_record(f"y{number:032x}") for number in range(youths)))


def publish_events(
    town: Town, events: int, youths: int, spoil: Callable[[Outgoing], Outgoing] = lambda record: record
) -> datetime:
    """In order of arrival, each as `spoil` leaves it; returns the moment at which the last has just arrived."""
    now, pending = datetime.min.replace(tzinfo=UTC), list[Outgoing]()
    for record, at in event_records(events, youths):
        now = max(now, at)
        pending.append(spoil(record))
        if len(pending) == _A_TIME:
            town.publish(*pending)
            pending.clear()
    town.publish(*pending)
    return now + timedelta(minutes=1)


def last_arrival(events: int, youths: int) -> datetime:
    """What `publish_events` returns, without publishing."""
    return max(at for _, at in _told(events, youths)) + timedelta(minutes=1)


def event_records(events: int, youths: int, a_week: float = _A_WEEK) -> Iterator[tuple[Outgoing, datetime]]:
    """Each with the moment at which it arrives; `a_week` events per youth, at most seven."""
    return ((event_record(event, at), at) for event, at in _told(events, youths, a_week))


def _told(events: int, youths: int, a_week: float = _A_WEEK) -> Iterator[tuple[PersonEvent, datetime]]:
    days = 2 + round(events * 1.1 / (youths * a_week / 7))
    for number, (event, at) in enumerate(make_events(youths, days, a_week, seed=7)):
        if number == events:
            return
        yield event, at
    raise ValueError(f"{days} days hold fewer than {events} events")


def event_record(event: PersonEvent, at: datetime) -> Outgoing:
    """As the connector of its kind writes it."""
    topic = _TOPICS[event.agency]
    told = event.model_copy(update={"agency": _AGENCIES[event.agency]})
    return _outgoing(topic, told, f"{event.event_id}:{event.revision}", at)


def consent_record(ref: str) -> Outgoing:
    """To all agencies, as the registry writes it."""
    record = make_consent(ref)
    agencies: Sequence[str] = tuple(_AGENCIES.values())
    scopes = tuple(scope.model_copy(update={"agencies": agencies}) for scope in record.scopes)
    return _outgoing(CONSENTS, record.model_copy(update={"scopes": scopes}), f"{ref}:1", record.recorded_at)


def _outgoing(topic: Topic, message, identity: str, at: datetime) -> Outgoing:
    return outgoing(CODEC, topic, message.youth_ref, message, id=identity, source="/bench", time=at)
