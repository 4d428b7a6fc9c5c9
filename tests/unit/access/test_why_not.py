"""Why nothing is proposed: of whose rules somebody is told, and what the log says of it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from hub.access.rights import each_for
from hub.access.roles import Principal, Role
from hub.access.why_not import look_entry, own_standings
from hub.audit.entries import Subject, SubjectKind
from hub.core.explain import Audience
from hub.core.rules import CompiledRules
from hub.core.state import YouthState
from tests.unit.core.make import NOW, YOUTH, ago, make_absence
from tests.unit.core.make_rules import RULES, last, run


@dataclass(frozen=True)
class Held:
    state: YouthState
    rules: CompiledRules = RULES


HELD = Held(last(run(make_absence(1, ago(1)))))


def holding(role: Role, *teams: str) -> Principal:
    return Principal("account-7", "Någon", each_for({role}, teams))


@pytest.mark.parametrize("audience", ["team", "youth"])
def test_an_officer_is_told_of_her_own_teams_rules_and_each_team_has_its_entry(audience: Audience) -> None:
    found = own_standings(HELD, holding(Role.CONSENT_OFFICER, "outreach", "sspf"), NOW, audience)
    assert {one.team for one in found.mine} == {"outreach", "sspf"}
    assert len(found.mine) + found.others == len(RULES.rules)
    assert [(one.actor.unit, one.actor.role, one.purpose, one.subject) for one in found.entries] == [
        (team, "consent-officer", f"why_not:{audience}", Subject(SubjectKind.REFERENCE, YOUTH)) for team in ("outreach", "sspf")
    ]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.CONSENT_OFFICER])
def test_no_other_role_is_told_of_any_rule(role: Role) -> None:
    found = own_standings(HELD, holding(role, "outreach"), NOW, "team")
    assert (found.mine, found.others, found.entries) == ((), len(RULES.rules), ())


def test_the_look_itself_is_logged_in_no_teams_name() -> None:
    entry = look_entry(holding(Role.CONSENT_OFFICER, "outreach", "sspf"))
    assert (entry.action, entry.purpose, entry.actor.unit) == ("case_shown", "why_not", "")
