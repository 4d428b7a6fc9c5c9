"""Which consents are told of beside one another: a matter of these alone, whatever others kept of the person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.registry.lives import life_of, open_life
from hub.registry.states import State
from hub.registry.tables import Consent

DAY = datetime(2025, 5, 19, tzinfo=UTC)


def make(name: str, begun: int, in_force: int | None = None, ended: int | None = None) -> Consent:
    """A consent registered, in force and ended on these days."""

    def at(day: int | None) -> datetime | None:
        return None if day is None else DAY + timedelta(days=day)

    state = State.WITHDRAWN if ended is not None else State.WAITING if in_force is None else State.IN_FORCE
    return Consent(consent_id=name, created_at=at(begun), in_force_at=at(in_force), ended_at=at(ended), state=state)


def told(*consents: Consent) -> list[str]:
    return ["".join(one.consent_id for one in life_of(consent, consents)) for consent in consents]


@pytest.mark.parametrize(
    ("consents", "together"),
    [
        ((make("a", 0), make("b", 1, 1)), ["ab", "ab"]),  # open ones are under one number
        ((make("a", 0, 0, 2), make("b", 1, 1)), ["ab", "ab"]),  # the one was in force when the other ended
        ((make("a", 0, 0, 2), make("b", 1)), ["a", "b"]),  # what waited went on under another row
        ((make("a", 0, 0, 2), make("b", 1, 3)), ["a", "b"]),
        ((make("a", 0, 0, 2), make("b", 3, 3)), ["a", "b"]),  # nothing was left when the other was registered
        ((make("a", 0, 0, 2), make("b", 2, 2)), ["a", "b"]),  # nor at that very instant
        ((make("a", 0, 0, 2), make("b", 1, 1, 2)), ["a", "b"]),  # all ended at once
        ((make("a", 0, 0, 2), make("b", 1, 1, 4), make("c", 3, 3)), ["abc", "abc", "abc"]),  # one to the next
        ((make("a", 0, 0, 2), make("b", 1, 1, 3), make("c", 3, 4)), ["ab", "ab", "c"]),
    ],
)
def test_consents_belong_together_where_one_was_in_force_when_the_other_ended(
    consents: tuple[Consent, ...], together: list[str]
) -> None:
    assert told(*consents) == together
    standing = [one for one in consents if one.state != State.WITHDRAWN]
    assert open_life(consents) == (life_of(standing[0], consents) if standing else [])


def test_where_everything_has_ended_nothing_is_open() -> None:
    assert open_life([make("a", 0, 0, 2), make("b", 3, None, 4)]) == []


_DAYS = st.lists(st.integers(0, 6), min_size=1, max_size=3)


@given(st.lists(_DAYS, min_size=1, max_size=6))
def test_each_consent_is_in_one_life_and_what_is_open_is_in_one(days: list[list[int]]) -> None:
    consents = [
        make(str(number), *(sorted(one) if len(one) != 2 else (min(one), None, max(one)))) for number, one in enumerate(days)
    ]
    lives = {tuple(one.consent_id for one in life_of(consent, consents)) for consent in consents}
    assert sorted(name for life in lives for name in life) == sorted(one.consent_id for one in consents)
    assert len({life for life in lives if any(consents[int(name)].ended_at is None for name in life)}) <= 1
