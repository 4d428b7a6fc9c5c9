"""What the table grants, and that whatever it does not grant is refused."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.access.roles import TABLE, Action, Principal, Role, may, may_for_any, may_somewhere, teams_where

TEAMS = ("outreach", "sig", "sspf")


def somebody(*roles: Role, teams: tuple[str, ...] = ()) -> Principal:
    return Principal("account-1", "Handläggare", frozenset(roles), frozenset(teams))


principals = st.builds(
    Principal,
    st.just("account-1"),
    st.just("Handläggare"),
    st.frozensets(st.sampled_from(Role)),
    st.frozensets(st.sampled_from(TEAMS)),
)


def test_every_action_has_a_line_in_the_table() -> None:
    assert set(TABLE) == set(Action)


def test_every_line_names_somebody_and_no_role_reaches_twice() -> None:
    for action, grant in TABLE.items():
        assert grant.everywhere | grant.own_teams, action
        assert not grant.everywhere & grant.own_teams, action


def test_who_has_no_role_may_nothing() -> None:
    nobody = somebody(teams=TEAMS)
    assert not [action for action in Action for team in (None, *TEAMS) if may(nobody, action, team)]


def test_a_member_opens_the_tasks_of_their_own_team_only() -> None:
    member = somebody(Role.TEAM_MEMBER, teams=("outreach",))
    assert may(member, Action.TASK_OPEN, "outreach")
    assert not may(member, Action.TASK_OPEN, "sig")
    assert not may(member, Action.TASK_ASSIGN, "outreach")


def test_forgetting_the_team_refuses() -> None:
    head = somebody(Role.TEAM_HEAD, teams=TEAMS)
    assert not may(head, Action.TASK_OPEN)
    assert may_somewhere(head, Action.TASK_OPEN)
    assert not may_somewhere(somebody(Role.TEAM_HEAD), Action.TASK_OPEN)


def test_a_consent_belongs_to_the_officers_of_every_recipient_it_names() -> None:
    officer = somebody(Role.CONSENT_OFFICER, teams=("sspf",))
    assert may_for_any(officer, Action.CONSENT_REGISTER, ["outreach", "sspf"])
    assert not may_for_any(officer, Action.CONSENT_REGISTER, ["sig"])
    assert not may_for_any(officer, Action.CONSENT_REGISTER, [])


def test_nobody_but_the_auditor_reads_the_audit() -> None:
    assert [role for role in Role if may(somebody(role, teams=TEAMS), Action.AUDIT_READ)] == [Role.AUDITOR]


def test_an_operator_learns_nothing_of_consents_or_tasks() -> None:
    for role in (Role.OPERATOR, Role.OPS):
        technician = somebody(role, teams=TEAMS)
        for action in (
            Action.TASK_OPEN,
            Action.CONSENT_SEE,
            Action.IDENTITY_IN_TASK,
            Action.IDENTITY_REQUEST,
            Action.EXTRACT_RELEASE,
        ):
            assert not may_somewhere(technician, action)


def test_every_role_takes_a_withdrawal() -> None:
    assert all(may(somebody(role), Action.CONSENT_WITHDRAW) for role in Role)


@given(principals, st.sampled_from(Action), st.sampled_from([None, *TEAMS, "other"]))
def test_more_roles_and_teams_never_take_a_right_away_and_foreign_teams_never_give_one(
    principal: Principal, action: Action, team: str | None
) -> None:
    one_by_one = [somebody(role, teams=tuple(principal.teams)) for role in principal.roles]
    assert may(principal, action, team) == any(may(one, action, team) for one in one_by_one)
    if team is not None and team not in principal.teams:
        assert may(principal, action, team) == may(principal, action)
    assert teams_where(principal, action, TEAMS) == {known for known in TEAMS if may(principal, action, known)}
    assert may_somewhere(principal, action) == (may(principal, action) or bool(teams_where(principal, action, TEAMS)))
