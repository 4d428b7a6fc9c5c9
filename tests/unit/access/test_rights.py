"""Roles and their teams as words: whatever is kept comes back the same, and nothing is said that nobody wrote."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.access.rights import bound, merged, read_kept, words_of
from hub.access.roles import BOUND, Role

TEAMS = ("outreach", "sig", "sspf")
rights = st.dictionaries(st.sampled_from(Role), st.frozensets(st.sampled_from(TEAMS)))


@given(rights)
def test_what_is_kept_comes_back_the_same(given_rights: dict[Role, frozenset[str]]) -> None:
    assert read_kept(" ".join(words_of(given_rights))) == given_rights


def test_what_another_version_called_a_role_gives_nothing() -> None:
    assert read_kept("king:sig auditor") == {Role.AUDITOR: frozenset()}


@given(rights, rights)
def test_two_together_are_each_role_for_the_teams_of_either(
    one: dict[Role, frozenset[str]], two: dict[Role, frozenset[str]]
) -> None:
    both = merged([one, two])
    assert {(role, team) for role in both for team in both[role]} == {
        (role, team) for each in (one, two) for role in each for team in each[role]
    }
    assert set(both) == set(one) | set(two)


@given(rights, st.frozensets(st.sampled_from(TEAMS)))
def test_teams_beside_are_for_roles_without_any_and_never_for_several_roles_at_once(
    given_rights: dict[Role, frozenset[str]], teams: frozenset[str]
) -> None:
    found, loose = bound(given_rights, teams), {role for role in BOUND if given_rights.get(role) == frozenset()}
    assert (found is None) == (len(loose) > 1 and len(teams) > 1)
    if found is not None:
        assert found == {role: teams if role in loose else own for role, own in given_rights.items()}
