"""Roles, each with the teams for which it is held, as words: `auditor`, `team-head:outreach`, `team-head:outreach,sig`.

Settings, commands, sign-in codes and tables write them so. A role that goes by team is held for the teams that were named for it,
and never for those of another role.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from hub.access.roles import BOUND, Rights, Role, known_roles
from hub.errors import ConfigError

__all__ = ["NO_RIGHTS", "bound", "each_for", "merged", "read_kept", "read_word", "read_words", "words_of"]

NO_RIGHTS: Final[Rights] = {}


def each_for(roles: Iterable[Role], teams: Iterable[str]) -> Rights:
    """Each of the roles for each of the teams, as far as it goes by team."""
    everyone = frozenset(teams)
    return {role: everyone if role in BOUND else frozenset() for role in sorted(roles)}


def words_of(rights: Rights) -> list[str]:
    """One word for each role and team; a role without a team is a word of its own."""
    return sorted(f"{role}:{team}" if team else role.value for role, teams in rights.items() for team in teams or ("",))


def read_kept(text: str) -> Rights:
    """What `words_of` wrote, with spaces between; what another version of the hub called a role gives nothing."""
    pairs = [word.partition(":") for word in text.split()]
    return merged({role: frozenset({team} - {""})} for code, _, team in pairs for role in known_roles([code]))


def merged(several: Iterable[Rights]) -> Rights:
    """All of them together: each role for every team that was named for it."""
    found: dict[Role, frozenset[str]] = {}
    for rights in several:
        for role, teams in rights.items():
            found[role] = found.get(role, frozenset()) | teams
    return found


def read_word(word: str, where: str) -> Rights:
    """One word that somebody wrote; `where` says for an error's text in which option or setting it stands.

    Raises ConfigError `unknown_role`, and `role_and_team` when a role goes by no team, or none is named behind the colon.
    """
    code, colon, named = word.partition(":")
    try:
        role = Role(code.strip())
    except ValueError:
        known = ", ".join(one.value for one in Role)
        raise ConfigError(f"{where}: no role {code}; there are: {known}", code="unknown_role") from None
    teams = frozenset(part.strip() for part in named.split(",")) if colon else frozenset()
    if colon and role not in BOUND:
        raise ConfigError(f"{where}: {role} goes by no team: write {role} alone", code="role_and_team")
    if colon and "" in teams:
        raise ConfigError(f"{where}: name a team behind {role}: as in {role}:outreach", code="role_and_team")
    return {role: teams}


def bound(rights: Rights, teams: Collection[str]) -> Rights | None:
    """The same, where roles that go by team and name none are for `teams`.

    None when that would say of several roles that each is for each of several teams: nobody has said which is for which.
    """
    loose = [role for role, own in rights.items() if role in BOUND and not own]
    if len(loose) > 1 and len(set(teams)) > 1:
        return None
    return {**rights, **dict.fromkeys(loose, frozenset(teams))}


def read_words(
    words: Iterable[str], teams: Collection[str], known: Collection[str], where: str, *, every_team: bool = False
) -> Rights:
    """What somebody wrote in an option or a setting, beside `teams` for the roles that name none.

    `known` are the codes of teams.yaml. With `every_team` a role that goes by team, where no team is named at all, is for all.

    Raises ConfigError: what `read_word` raises, `unknown_team`, and `role_and_team` when nobody has said which role is for which
    team.
    """
    named = merged(read_word(word, where) for word in words)
    unknown = sorted({*teams, *frozenset().union(*named.values())} - set(known))
    if unknown:
        raise ConfigError(f"no team {', '.join(unknown)}; teams.yaml has: {', '.join(known)}", code="unknown_team")
    loose = [role for role, own in named.items() if role in BOUND and not own]
    if teams and not loose:
        text = (
            f"{where}: a team stands alone, and no role here lacks one: write role and team together, as team-head:{min(teams)}"
        )
        raise ConfigError(text, code="role_and_team")
    if loose and not teams:
        if every_team:
            return {**named, **dict.fromkeys(loose, frozenset(known))}
        raise ConfigError(f"{where}: {loose[0]} is for teams: say which, as {loose[0]}:{min(known)}", code="role_and_team")
    found = bound(named, teams)
    if found is None:
        raise ConfigError(_unclear(loose, sorted(teams), where), code="role_and_team")
    return found


def _unclear(loose: list[Role], teams: list[str], where: str) -> str:
    pairs = " ".join(f"{role}:{team}" for role, team in zip(loose, teams, strict=False))
    return f"{where}: {' and '.join(loose)} for {' and '.join(teams)}: say which role is for which team, as {pairs}"
