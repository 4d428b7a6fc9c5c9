"""Which of several teams gets a task: by area and age, only where the consent names it, and never none."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contract.ids import new_youth_ref
from hub.contract.models import Cooperation, ReferralTask
from hub.delivery.routing import Place, Routed, Routing
from hub.teams import AgeSpan
from tests.unit.delivery.make import make_task


@dataclass(frozen=True)
class Receives:
    """A team, as routing needs it."""

    functions: tuple[str, ...] = ("school_attendance",)
    cooperation: Cooperation = Cooperation.SSPF
    areas: tuple[str, ...] = ()
    ages: AgeSpan | None = None
    fallback: bool = False


def span(first: int, last: int) -> AgeSpan:
    return AgeSpan(**{"from": first, "to": last})


def task(area: str | None = "0581-hageby", age: int | None = 14) -> ReferralTask:
    """For the outreach team, which the rule names."""
    return make_task(new_youth_ref()).model_copy(update={"area": area, "age_years": age})


def everybody(_team: str) -> bool:
    return True


def nobody(_team: str) -> bool:
    return False


HERE, YOUNG = Receives(areas=("0581-hageby",)), Receives(ages=span(10, 15))


def test_where_no_team_says_for_whom_it_is_there_the_rule_decides() -> None:
    routing = Routing({"other": Receives(), "outreach": Receives()})
    assert routing.place(task(), everybody) == Place("outreach", Routed.NAMED)


@pytest.mark.parametrize(("other", "place"), [(HERE, "other"), (YOUNG, "other"), (Receives(areas=("0581-city",)), "outreach"), (Receives(ages=span(15, 20)), "outreach")])  # fmt: skip
def test_a_team_that_is_there_for_this_area_or_age_goes_before_one_that_is_there_for_all(other: Receives, place: str) -> None:
    assert Routing({"outreach": Receives(), "other": other}).place(task(), everybody).team == place


def test_the_team_that_says_most_gets_it() -> None:
    both = Receives(areas=("0581-hageby",), ages=span(10, 15))
    routing = Routing({"outreach": YOUNG, "here": HERE, "both": both})
    assert routing.place(task(), everybody) == Place("both", Routed.FITS)


def test_no_team_gets_what_the_consent_does_not_let_it_have() -> None:
    routing = Routing({"outreach": Receives(), "other": HERE})
    assert routing.place(task(), nobody) == Place("outreach", Routed.NAMED)


@pytest.mark.parametrize("other", [Receives(functions=("information",), areas=("0581-hageby",)), Receives(cooperation=Cooperation.SIG, areas=("0581-hageby",))])  # fmt: skip
def test_a_team_of_another_function_or_cooperation_gets_nothing(other: Receives) -> None:
    assert Routing({"outreach": Receives(), "other": other}).place(task(), everybody).team == "outreach"


def test_an_unknown_age_or_area_is_not_guessed_into_a_team() -> None:
    routing = Routing({"outreach": YOUNG, "last": Receives(functions=(), fallback=True)})
    assert routing.place(task(age=None), everybody) == Place("last", Routed.FALLBACK)
    assert Routing({"outreach": HERE}).place(task(area=None), everybody) == Place("outreach", Routed.UNFIT)


def test_what_fits_nobody_stays_with_the_named_team_when_the_consent_does_not_name_the_fallback() -> None:
    routing = Routing({"outreach": YOUNG, "last": Receives(functions=(), fallback=True)})
    assert routing.place(task(age=17), nobody) == Place("outreach", Routed.UNFIT)


def test_a_task_for_a_team_that_is_gone_comes_into_sight_at_the_fallback() -> None:
    routing = Routing({"last": Receives(functions=(), fallback=True)})
    assert routing.place(task(), nobody) == Place("last", Routed.FALLBACK)


AREAS = st.sampled_from(["0581-hageby", "0581-city"])
TEAMS = st.dictionaries(
    st.sampled_from(["outreach", "b", "c", "d"]),
    st.builds(
        Receives,
        areas=st.lists(AREAS, max_size=2, unique=True).map(tuple),
        ages=st.none() | st.tuples(st.integers(0, 20), st.integers(0, 20)).map(lambda pair: span(min(pair), max(pair))),
        fallback=st.booleans(),
    ),
)


@given(TEAMS, AREAS | st.none(), st.integers(0, 20) | st.none(), st.sets(st.sampled_from(["b", "c", "d"])))
def test_every_task_lies_somewhere_and_with_nobody_whom_the_consent_does_not_name_unless_nothing_is_told(
    teams: dict[str, Receives], area: str | None, age: int | None, named: set[str]
) -> None:
    found = Routing(teams).place(task(area, age), named.__contains__)
    unseen = found.why is Routed.FALLBACK and "outreach" not in teams
    assert found.team == "outreach" or found.team in named or unseen
    assert found.team in teams or found == Place("outreach", Routed.UNFIT)


@pytest.mark.parametrize(
    ("teams", "place"),
    [
        ({"field": Receives(("event_presence",)), "outreach": Receives(("event_presence",))}, Place("outreach", Routed.NAMED)),
        ({"outreach": Receives(), "field": Receives(("event_presence",))}, Place("field", Routed.FITS)),
        ({"outreach": Receives(), "duty": Receives(fallback=True)}, Place("outreach", Routed.NAMED)),
        ({"sspf": Receives(), "duty": Receives(fallback=True)}, Place("duty", Routed.FALLBACK)),
        ({"sspf": Receives()}, Place("outreach", Routed.UNFIT)),
    ],
)
def test_presence_is_of_the_team_that_takes_it_else_of_the_outreach_team_else_of_the_fallback(
    teams: dict[str, Receives], place: Place
) -> None:
    assert Routing(teams).presence == place
