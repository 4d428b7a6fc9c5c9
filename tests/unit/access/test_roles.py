"""What the table grants, and that whatever it does not grant is refused."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.access.rights import each_for
from hub.access.roles import TABLE, Action, Principal, Role, may, may_for_any, may_somewhere, teams_where
from hub.access.trail import actor_of

TEAMS = ("outreach", "sig", "sspf")


def somebody(*roles: Role, teams: tuple[str, ...] = ()) -> Principal:
    return Principal("account-1", "Handläggare", each_for(roles, teams))


principals = st.builds(
    Principal,
    st.just("account-1"),
    st.just("Handläggare"),
    st.dictionaries(st.sampled_from(Role), st.frozensets(st.sampled_from(TEAMS))),
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


def test_a_head_of_one_team_who_is_a_member_of_another_is_no_head_of_both() -> None:
    both = Principal("account-1", "Handläggare", {Role.TEAM_HEAD: frozenset({"sig"}), Role.TEAM_MEMBER: frozenset({"outreach"})})
    assert may(both, Action.TASK_ASSIGN, "sig")
    assert not may(both, Action.TASK_ASSIGN, "outreach")
    assert teams_where(both, Action.TASK_OPEN, TEAMS) == {"sig", "outreach"}
    assert teams_where(both, Action.IDENTITY_APPROVE, TEAMS) == {"sig"}
    assert actor_of(both, Action.TASK_OPEN, "outreach").role == "team-member"
    assert actor_of(both, Action.TASK_OPEN, "sig").role == "team-head"


@given(principals, st.sampled_from(Action), st.sampled_from([None, *TEAMS, "other"]))
def test_somebody_may_do_what_one_role_for_one_team_may_and_nothing_that_only_two_of_them_together_would(
    principal: Principal, action: Action, team: str | None
) -> None:
    one_by_one = [
        Principal("account-1", "Handläggare", {role: frozenset(one)})
        for role, teams in principal.roles.items()
        for one in [(), *((name,) for name in teams)]
    ]
    assert may(principal, action, team) == any(may(one, action, team) for one in one_by_one)
    if not any(team in teams for teams in principal.roles.values()):
        assert may(principal, action, team) == may(principal, action)
    assert teams_where(principal, action, TEAMS) == {known for known in TEAMS if may(principal, action, known)}
    assert may_somewhere(principal, action) == (may(principal, action) or bool(teams_where(principal, action, TEAMS)))
