"""Which roles a provider's claims give, and for which teams each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from hub.access.roles import Role
from hub.errors import ConfigError
from hub.testing import served
from hub.web.oidc_claims import check_teams
from tests.unit.web.crooked import Crooked
from tests.unit.web.test_oidc import Place, settings_for
from tests.unit.web.town import PagesTown

BY_TEAM = {"Outreach-Heads": "team-head:outreach", "Members": "team-member", "Officers": "consent-officer auditor"}


@pytest.fixture
def by_team(empty_town: PagesTown) -> Iterator[Place]:
    crooked = Crooked()
    with served(crooked.app()) as crooked.url, ExitStack() as stack:
        yield Place(empty_town, crooked, stack, roles=BY_TEAM, teams={"Team-SSPF": "sspf", "Team-SIG": "sig"})


@pytest.mark.parametrize(
    ("roles", "teams", "rights"),
    [
        (["Outreach-Heads"], ["Team-SSPF"], {Role.TEAM_HEAD: {"outreach"}}),
        (["Outreach-Heads", "Members"], ["Team-SSPF"], {Role.TEAM_HEAD: {"outreach"}, Role.TEAM_MEMBER: {"sspf"}}),
        (["Members"], ["Team-SSPF", "Team-SIG"], {Role.TEAM_MEMBER: {"sspf", "sig"}}),
        (["Officers"], ["Team-SSPF"], {Role.CONSENT_OFFICER: {"sspf"}, Role.AUDITOR: set()}),
        (["Officers", "Members"], ["Team-SIG"], {Role.CONSENT_OFFICER: {"sig"}, Role.AUDITOR: set(), Role.TEAM_MEMBER: {"sig"}}),
    ],
)
def test_a_role_is_for_the_teams_that_its_own_value_names_and_else_for_those_claimed(
    by_team: Place, roles: list[str], teams: list[str], rights: dict[Role, set[str]]
) -> None:
    place, client = by_team, by_team.arrive()
    place.sign_in(client, roles=roles, teams=teams)
    who = place.who(client)
    assert who is not None
    assert who.roles == rights


def test_who_has_two_roles_and_two_teams_that_nobody_tied_together_is_not_let_in(by_team: Place) -> None:
    place, client = by_team, by_team.arrive()
    answer = place.sign_in(client, roles=["Officers", "Members"], teams=["Team-SSPF", "Team-SIG"])
    assert answer.status_code == 403
    assert "vilken roll som gäller för vilken enhet" in answer.text
    assert place.who(client) is None
    assert place.town.trail.told() == [("sign_in_refused", "deny", "unclear_roles")]


@pytest.mark.parametrize("wrong", [{"roles": {"x": "team-head:sigg"}}, {"teams": {"y": "sigg"}}])
def test_an_unknown_team_in_the_settings_is_named_with_those_that_there_are(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"no team sigg; teams.yaml has: sig, sspf"):
        check_teams(settings_for("https://login.example.se", **wrong), ["sig", "sspf"])
    check_teams(settings_for("https://login.example.se"), ["sig", "sspf"])
