"""Whether what was counted balances."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from hub.contract.topics import (
    CATALOGUE,
    CONSENTS,
    ERASURES,
    PLACE_EVENTS,
    PRESENCE_TASKS,
    SCHOOL_ABSENCES,
    TASKS_OUTREACH,
    TASKS_SIG,
)
from hub.demo.watching import EVENT_TOPICS, Look

ABSENCES = SCHOOL_ABSENCES.name
READ_BY_BOTH = (CONSENTS.name, ERASURES.name)
READ_BY_DELIVERY = (*READ_BY_BOTH, TASKS_OUTREACH.name, TASKS_SIG.name, PRESENCE_TASKS.name)


def make_look(on_topic: int = 10, **connectors: int) -> Look:
    """`on_topic` absences, all taken by the worker; what connectors say of them; and a few records of other topics."""
    published = dict.fromkeys(CATALOGUE, 0) | dict.fromkeys(READ_BY_DELIVERY, 2) | {ABSENCES: on_topic}
    return Look(
        waiting=(),
        published=published,
        ledger=Counter({(ABSENCES, "processed", ""): on_topic} | {(topic, "processed", ""): 2 for topic in READ_BY_BOTH}),
        delivered=Counter({(topic, "taken"): 2 for topic in READ_BY_DELIVERY}),
        connectors=Counter({(outcome, ""): number for outcome, number in connectors.items()}),
    )


def distinct(on_topic: int = 10) -> dict[str, int]:
    """As many different absences, and the other topics' records, each once."""
    return dict.fromkeys(EVENT_TOPICS, 0) | dict.fromkeys(READ_BY_BOTH, 2) | {ABSENCES: on_topic}


def test_what_was_published_and_taken_once_balances() -> None:
    assert make_look(published=10).balances(distinct())
    assert not any(make_look(published=10).repeats(distinct()).values())


def test_what_stands_there_again_is_counted_by_topic_and_balances() -> None:
    seen = make_look(published=8, uncertain=900)
    assert seen.balances(distinct(8))
    assert {topic: number for topic, number in seen.repeats(distinct(8)).items() if number} == {ABSENCES: 2}
    assert seen.repeats(distinct(8) | {CONSENTS.name: 1})[CONSENTS.name] == 1


@pytest.mark.parametrize("connectors", [{"published": 8, "overtaken": 2}, {"published": 9, "unconfirmed": 1}], ids=str)
def test_what_was_never_acknowledged_may_stand_there(connectors: dict[str, int]) -> None:
    assert make_look(**connectors).balances(distinct())


@pytest.mark.parametrize(
    ("connectors", "events"),
    [
        ({"published": 11}, 10),
        ({"published": 9}, 10),
        ({"published": 10, "uncertain": 1634}, 9),
        ({"published": 9, "uncertain": 1634}, 10),
        ({"published": 8, "overtaken": 1}, 10),
        ({"published": 11}, 11),
        ({}, 10),
    ],
    ids=str,
)
def test_an_event_lost_or_one_too_many_does_not_balance_however_much_was_uncertain(
    connectors: dict[str, int], events: int
) -> None:
    assert not make_look(**connectors).balances(distinct(events))


def test_a_record_that_the_worker_counted_twice_or_not_at_all_does_not_balance() -> None:
    good = make_look(published=10)
    for number in (9, 11):
        assert not replace(good, ledger=Counter({**good.ledger, (ABSENCES, "processed", ""): number})).balances(distinct())


def test_a_place_event_that_only_the_worker_has_taken_does_not_balance() -> None:
    good, place = make_look(published=10), PLACE_EVENTS.name
    both = replace(
        good, published={**good.published, place: 1}, ledger=good.ledger + Counter({(place, "processed", ""): 1}),
        delivered=good.delivered + Counter({(place, "planned"): 1}), connectors=Counter({("published", ""): 11}),
    )  # fmt: skip
    counted = distinct() | {place: 1}
    assert both.balances(counted)
    assert not replace(both, delivered=good.delivered).balances(counted)


def test_a_task_that_delivery_counted_twice_does_not_balance() -> None:
    good = make_look(published=10)
    assert not replace(good, delivered=good.delivered + Counter({(TASKS_SIG.name, "duplicate"): 1})).balances(distinct())


def test_what_is_still_waited_for_does_not_balance() -> None:
    assert not replace(make_look(published=10), waiting=("worker",)).balances(distinct())
    assert not Look(("Kafka",)).balances(distinct())


def test_refusals_are_told_by_reason_wherever_they_fell() -> None:
    seen = replace(
        make_look(published=10),
        ledger=Counter({(ABSENCES, "refused", "withdrawn"): 2, (ABSENCES, "refused", "no_reference"): 1}),
        connectors=Counter({("refused", "no_reference"): 3, ("published", ""): 10}),
    )
    assert seen.refused == {"no_reference": 4, "withdrawn": 2}


def test_dead_letters_are_counted_over_all_topics() -> None:
    published = make_look().published | {f"{ABSENCES}.dlq": 2, f"{CONSENTS.name}.dlq": 1}
    assert replace(make_look(), published=published).dead_lettered == 3
