"""Who may do what: one table, action by role. Whoever guards something asks `may`, and never compares a role's name.

What no line of the table grants is refused. A grant reaches either everywhere, or only as far as the teams for which the
principal holds that very role: being head of one team and member of another makes nobody head of both.
The table stands in hub/registry/README.md too; a test compares the two, and both with every route.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

__all__ = [
    "BOUND",
    "TABLE",
    "Action",
    "Grant",
    "Principal",
    "Rights",
    "Role",
    "known_roles",
    "may",
    "may_for_any",
    "may_somewhere",
    "own_teams",
    "teams_where",
]


class Role(StrEnum):
    """The roles of the field. Consent officer, team member and team head are bound to teams."""

    CONSENT_OFFICER = "consent-officer"
    TEAM_MEMBER = "team-member"
    TEAM_HEAD = "team-head"
    OBSERVER = "observer"
    STATUTORY_OFFICER = "statutory-officer"
    PROTECTED_CASES_OFFICER = "protected-cases-officer"
    OPERATOR = "operator"
    SOURCE_OFFICER = "source-officer"
    AUDITOR = "auditor"
    OPS = "ops"


def known_roles(codes: Iterable[str]) -> frozenset[Role]:
    """The roles of these codes; what another version of the hub called a role gives nothing."""
    return frozenset(role for role in Role if role.value in set(codes))


class Action(StrEnum):
    """What can be done. The values are stable: they stand in the audit trail."""

    START_SEE = "start.see"
    SESSION_SEE = "session.see"
    TASK_OPEN = "task.open"
    TASK_ANSWER = "task.answer"
    TASK_ASSIGN = "task.assign"
    IDENTITY_IN_TASK = "identity.in-task"
    CASE_READ = "case.read"
    CASE_WORK = "case.work"
    ORDER_WORK = "order.work"
    CONTACT_WORK = "contact.work"
    IDENTITY_REQUEST = "identity.request"
    IDENTITY_APPROVE = "identity.approve"
    IDENTITY_APPROVE_UNBOUND = "identity.approve-unbound"
    APPROVAL_SEE = "approval.see"
    CONSENT_SEE = "consent.see"
    CONSENT_REGISTER = "consent.register"
    CONSENT_WITHDRAW = "consent.withdraw"
    ERASURE_SEE = "erasure.see"
    EXTRACT_RELEASE = "extract.release"
    OBSERVATION_REPORT = "observation.report"
    PRESENCE_PLAN = "presence.plan"
    AGREEMENT_CHANGE = "agreement.change"
    STATUTORY_READ = "statutory.read"
    NOTICE_CODE = "notice.code"
    PROTECTED_READ = "protected.read"
    OPERATIONS_SEE = "operations.see"
    OPERATIONS_ACT = "operations.act"
    LETTER_SEE = "letter.see"
    LETTER_BODY = "letter.body"
    LETTER_REDRIVE = "letter.redrive"
    RULE_SEE = "rule.see"
    RULE_RENEW = "rule.renew"
    JOURNAL_SEE = "journal.see"
    JOURNAL_PERSONS = "journal.persons"
    AUDIT_READ = "audit.read"
    AUDIT_REVIEW = "audit.review"
    SEALED_REQUEST = "sealed.request"
    SEALED_APPROVE = "sealed.approve"


@dataclass(frozen=True, slots=True)
class Grant:
    """Who may do one thing: roles that may do it everywhere, and roles that may do it for the teams that they are held for."""

    everywhere: frozenset[Role] = frozenset()
    own_teams: frozenset[Role] = frozenset()


Rights = Mapping[Role, frozenset[str]]
"""Roles, each with the codes of the teams for which it is held; a role that goes by no team has none."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody signed in.

    `account` is an opaque id, the same at every sign-in: what the audit and four eyes go by. `name` is what the pages show (a
    function, not a person's number). Teams are codes of teams.yaml. `person` is the same for every account of one human being
    (`hub.access.persons`); empty where nobody has said which.
    """

    account: str
    name: str
    roles: Rights
    person: str = ""


_EVERYBODY: Final = Grant(everywhere=frozenset(Role))
_TEAM: Final = Grant(own_teams=frozenset({Role.TEAM_MEMBER, Role.TEAM_HEAD}))
_CONSENTS: Final = Grant(own_teams=frozenset({Role.CONSENT_OFFICER}))


def _only(*roles: Role) -> Grant:
    return Grant(everywhere=frozenset(roles))


TABLE: Final[Mapping[Action, Grant]] = MappingProxyType(
    {
        Action.START_SEE: _EVERYBODY,
        Action.SESSION_SEE: _EVERYBODY,
        Action.TASK_OPEN: _TEAM,
        Action.TASK_ANSWER: _TEAM,
        Action.TASK_ASSIGN: Grant(own_teams=frozenset({Role.TEAM_HEAD})),
        Action.IDENTITY_IN_TASK: _TEAM,
        Action.CASE_READ: _TEAM,
        Action.CASE_WORK: _TEAM,
        Action.ORDER_WORK: _TEAM,
        Action.CONTACT_WORK: _TEAM,
        # Outside a task it takes two: one who asks, another who permits (`hub.access.four_eyes`).
        Action.IDENTITY_REQUEST: Grant(
            everywhere=frozenset({Role.STATUTORY_OFFICER, Role.PROTECTED_CASES_OFFICER}),
            own_teams=frozenset({Role.CONSENT_OFFICER, Role.TEAM_HEAD}),
        ),
        Action.IDENTITY_APPROVE: Grant(own_teams=frozenset({Role.CONSENT_OFFICER, Role.TEAM_HEAD})),
        # What is asked on no team's behalf: colleagues of those who may ask so, and nobody of a team.
        Action.IDENTITY_APPROVE_UNBOUND: _only(Role.STATUTORY_OFFICER, Role.PROTECTED_CASES_OFFICER),
        # The page of four eyes; what stands on it, and who may approve it, goes by the lines above and below.
        Action.APPROVAL_SEE: _only(
            Role.CONSENT_OFFICER, Role.TEAM_HEAD, Role.STATUTORY_OFFICER, Role.PROTECTED_CASES_OFFICER, Role.AUDITOR
        ),
        Action.CONSENT_SEE: _CONSENTS,
        Action.CONSENT_REGISTER: _CONSENTS,
        Action.CONSENT_WITHDRAW: _EVERYBODY,  # any role takes a withdrawal, an oral one too; what it meets is told to nobody
        # Not the operator: whoever types a number into a withdrawal would see there whether it met anything.
        Action.ERASURE_SEE: _only(Role.CONSENT_OFFICER, Role.AUDITOR),
        Action.EXTRACT_RELEASE: _CONSENTS,
        Action.OBSERVATION_REPORT: _only(Role.OBSERVER, Role.TEAM_MEMBER, Role.TEAM_HEAD),
        Action.PRESENCE_PLAN: _TEAM,
        # An agreement binds the municipality, and grants go by it: members see it, the head changes it.
        Action.AGREEMENT_CHANGE: Grant(own_teams=frozenset({Role.TEAM_HEAD})),
        Action.STATUTORY_READ: _only(Role.STATUTORY_OFFICER),
        Action.NOTICE_CODE: _only(Role.STATUTORY_OFFICER),
        Action.PROTECTED_READ: _only(Role.PROTECTED_CASES_OFFICER),
        Action.OPERATIONS_SEE: _only(Role.OPERATOR, Role.OPS),
        Action.OPERATIONS_ACT: _only(Role.OPERATOR),
        # Dead letters: where and why, what they hold, and sending them again are three things. What they hold is the source
        # agency's own record, and for its officer, who has it in the source's system too.
        Action.LETTER_SEE: _only(Role.OPERATOR, Role.OPS, Role.SOURCE_OFFICER),
        Action.LETTER_BODY: _only(Role.SOURCE_OFFICER),
        Action.LETTER_REDRIVE: _only(Role.OPERATOR),
        # Which rules there are is no secret of anybody's, and their figures point at nobody.
        Action.RULE_SEE: _only(Role.CONSENT_OFFICER, Role.TEAM_MEMBER, Role.TEAM_HEAD, Role.OPERATOR, Role.AUDITOR),
        Action.RULE_RENEW: Grant(own_teams=frozenset({Role.TEAM_HEAD})),
        Action.JOURNAL_SEE: _only(Role.OPERATOR, Role.OPS, Role.AUDITOR),
        # A list by time of what passed the gate tells whoever feeds one record whether its person has a reference.
        Action.JOURNAL_PERSONS: _only(Role.AUDITOR),
        Action.AUDIT_READ: _only(Role.AUDITOR),
        Action.AUDIT_REVIEW: _only(Role.AUDITOR),
        Action.SEALED_REQUEST: _only(Role.AUDITOR),
        Action.SEALED_APPROVE: _only(Role.AUDITOR, Role.CONSENT_OFFICER),
    }
)
_NOBODY: Final = Grant()
BOUND: Final = frozenset[Role]().union(*(grant.own_teams for grant in TABLE.values()))
"""Roles that go by team: without one they reach only what the table gives them everywhere."""


def may(principal: Principal, action: Action, team: str | None = None) -> bool:
    """Whether `principal` may do `action`, for `team` where it concerns one.

    Without a team only a grant that reaches everywhere counts: who forgets to name the team refuses rather than permits.
    """
    grant = TABLE.get(action, _NOBODY)
    if principal.roles.keys() & grant.everywhere:
        return True
    return team is not None and team in own_teams(principal, action)


def own_teams(principal: Principal, action: Action) -> frozenset[str]:
    """The teams for which the principal holds a role that may do `action` for its own."""
    own = TABLE.get(action, _NOBODY).own_teams
    return frozenset[str]().union(*(teams for role, teams in principal.roles.items() if role in own))


def may_for_any(principal: Principal, action: Action, teams: Collection[str]) -> bool:
    """Whether `may` holds for at least one of `teams`: a consent belongs to the officers of every recipient that it names."""
    return may(principal, action) or any(may(principal, action, team) for team in teams)


def may_somewhere(principal: Principal, action: Action) -> bool:
    """Whether there is anything at all for which `may` holds: for a link, or a page that shows own teams only."""
    return may_for_any(principal, action, own_teams(principal, action))


def teams_where(principal: Principal, action: Action, known: Collection[str]) -> frozenset[str]:
    """Of the `known` teams those for which `may` holds."""
    return frozenset(team for team in known if may(principal, action, team))
