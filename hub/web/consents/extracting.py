"""A register extract: what the hub holds of a youth, what counted toward which proposal, and who opened what.

For one recipient at a time who has a claim (`hub.registry.extracts`), put together by a person who decides (OSL 12:3): what a
recipient may not see is left out when it is put together, not afterwards. A guardian reads nothing of another guardian. What
was before the consents that are told of, under others that have ended, is no part of it: that a reference outlived them would
say that another cooperation has a consent (OSL 8:1). A proposal that rests on a police notice which the police have not
released for the youth (`may_tell_youth`) is told without its ground, to everybody. A proposal whose content its own team could
not open now, because consent or the newest word of it is missing, is told without its content.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from hub.access.roles import Action, Role, may
from hub.access.trail import actor_of
from hub.audit.actions import Action as Logged
from hub.audit.entries import Entry, Outcome, Record, Subject, SubjectKind
from hub.audit.reading import of_subjects
from hub.contract.models import ReferralTask
from hub.core.explain import explain
from hub.delivery.worklist import TaskView
from hub.registry.cases import ConsentCase, Named
from hub.web.consents.access_titles import ACTIONS
from hub.web.consents.desk import Visit
from hub.web.consents.personal import told_of_consent, told_of_person
from hub.web.consents.recipient import may_read_of, state_told, told_to
from hub.web.consents.showing import Fact
from hub.web.presenting import NOT_LOOKED
from hub.web.role_titles import ROLE_TITLES
from hub.web.shown import Moment

__all__ = ["SECTIONS", "Access", "Extract", "HeldConsent", "HeldTask", "build_extract"]

SECTIONS: Final = ("person", "consents", "tasks", "access")
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class HeldConsent:
    """One consent with its paper, and the signatures, blocks and noes that the recipient may read of."""

    title: str
    state: str
    scope: tuple[Fact, ...]
    signatures: tuple[tuple[str, Moment | None], ...]


@dataclass(frozen=True, slots=True)
class HeldTask:
    """One proposal: to whom, when, and what counted toward it, as far as it may be told; `notes` tells who keeps any."""

    team: str
    came: Moment
    sentence: str
    counted: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody looked or did something: when, what, from which unit and in which role; never a name."""

    at: Moment
    what: str
    unit: str
    role: str
    refused: bool


@dataclass(frozen=True, slots=True)
class Extract:
    """The whole, ready to be laid out; `others`: what is another guardian's was left out, whether there is any or not."""

    person: tuple[Fact, ...]
    consents: tuple[HeldConsent, ...]
    tasks: tuple[HeldTask, ...]
    access: tuple[Access, ...]
    others: bool


def build_extract(
    visit: Visit, held: Sequence[tuple[ConsentCase, Named]], recipient: str, parts: Collection[str] = SECTIONS
) -> Extract:
    """The `parts` of it for one recipient, a signatory's role, who has a claim to it.

    That a consent is read is in the audit log already; each proposal gets its entry here, before anything is answered.
    """
    cases = [case for case, _ in held]
    tasks = _tasks(visit, cases)
    if "tasks" in parts:
        _log(visit, tasks, recipient)
    records = _records(visit, cases, [task.task_id for task in tasks])
    return Extract(
        told_of_person(visit, [named for _, named in held], recipient),
        tuple(_consent(visit, case, recipient) for case in cases),
        tuple(_task(visit, task, recipient) for task in tasks),
        tuple(_access(visit, record) for record in told_to(recipient, records)),
        recipient != "youth",
    )


def _tasks(visit: Visit, cases: Sequence[ConsentCase]) -> list[TaskView]:
    """The proposals that came since the first of these consents was in force.

    Each unit answers for what it holds: another's tasks are as secret from this officer as on its pages (OSL 8:1-2).
    """
    refs, since = sorted({case.youth_ref for case in cases if case.youth_ref}), _in_force_since(cases)
    held = [task for ref in refs for task in visit.desk.web.worklist.of_reference(ref)]
    return [task for task in held if may(visit.who, Action.EXTRACT_RELEASE, task.team) and since <= task.received_at]


def _in_force_since(cases: Sequence[ConsentCase]) -> datetime:
    return min((case.in_force_at for case in cases if case.in_force_at is not None), default=_NEVER)


def _log(visit: Visit, tasks: Sequence[TaskView], recipient: str) -> None:
    """An entry for each proposal: of whom, for which recipient, and whether its content was shown."""
    entries = []
    for task in tasks:
        content = task.content if isinstance(task.content, ReferralTask) else None
        entries.append(
            Entry(
                actor_of(visit.who, Action.EXTRACT_RELEASE, task.team),
                Logged.EXTRACT_MADE,
                subject=None if content is None else Subject(SubjectKind.REFERENCE, content.youth_ref),
                item=Subject(SubjectKind.TASK, task.task_id),
                purpose=recipient,
                outcome=Outcome.DENY if content is None else Outcome.PERMIT,
                rule="consent" if content is not None else "not_looked" if task.withheld else "no_consent",
            )
        )
    if entries:
        visit.office.audit.append_many(entries)


def _consent(visit: Visit, case: ConsentCase, recipient: str) -> HeldConsent:
    showing = visit.showing
    signatures = [
        (one.title, one.at)
        for one in showing.signatures(case)
        if may_read_of(recipient, one.role)
    ]  # fmt: skip
    scope = [*showing.scope(case), *told_of_consent(visit, case, recipient)]
    return HeldConsent(case.cooperation.upper(), state_told(visit, case, recipient), tuple(scope), tuple(signatures))


def _task(visit: Visit, task: TaskView, recipient: str) -> HeldTask:
    team = _team(visit, task.team)
    came = visit.moment(task.received_at)
    if not isinstance(task.content, ReferralTask):
        return HeldTask(team, came, _untold(visit, task), ())
    told = explain(task.content, language=visit.words.language, audience="youth")
    # To a guardian not even that: a note may be about how to reach the youth without her (OSL 12:3).
    notes = _noted(visit, task) if recipient == "youth" else ()
    return HeldTask(team, came, told.sentence, tuple(condition.text for condition in told.conditions), notes)


def _noted(visit: Visit, task: TaskView) -> tuple[str, ...]:
    """Who keeps notes with it; a team that had the task before is named."""
    return tuple(
        visit.words.many(
            "The unit keeps {number} note with it. The unit decides on giving it out: ask there.",
            "The unit keeps {number} notes with it. The unit decides on giving them out: ask there.",
            number,
        )
        if team == task.team
        else visit.words.many(
            "{team} keeps {number} note with it, and decides on giving it out: ask there.",
            "{team} keeps {number} notes with it, and decides on giving them out: ask there.",
            number,
            team=_team(visit, team),
        )
        for team, number in task.noted
    )


def _team(visit: Visit, code: str) -> str:
    return visit.office.teams[code].title if code in visit.office.teams else code


def _untold(visit: Visit, task: TaskView) -> str:
    if not task.held:
        return visit.words.text("Ended; what it said is erased.")
    if task.withheld:
        return visit.words.text(NOT_LOOKED)
    return visit.words.text("No consent covers it any more: what it says is not shown, and is erased in time.")


def _records(visit: Visit, cases: Sequence[ConsentCase], tasks: Sequence[str]) -> list[Record]:
    """The entries of the audit log about these consents and proposals, and what the officer's own units did with the person.

    Oldest first. Each unit answers for what it did: that another did anything is as secret as what it holds (OSL 8:1-2).
    """
    audit = visit.office.audit
    consents = {Subject(SubjectKind.CONSENT, case.consent_id) for case in cases}
    proposals = {Subject(SubjectKind.TASK, number) for number in tasks}
    youths = {Subject(SubjectKind.YOUTH, case.youth_id) for case in cases}
    references = {Subject(SubjectKind.REFERENCE, case.youth_ref) for case in cases if case.youth_ref}
    asked = (consents, proposals, youths, references)
    own, theirs, hers, refs = (set(audit.pseudonyms(list(subjects))) for subjects in asked)
    registered, in_force = min(case.created_at for case in cases), _in_force_since(cases)

    def belongs(record: Record) -> bool:
        if {record.item, record.subject} & own or (record.item in theirs and not record.unit):
            return True
        # Of a proposal too: a unit that had it before answers for what it did with it.
        if not record.unit or not may(visit.who, Action.EXTRACT_RELEASE, record.unit):
            return False
        if record.item in theirs:
            return True
        # An entry of the registry about the person and another consent belongs to that one.
        return in_force <= record.at if record.subject in refs else not record.item and registered <= record.at

    return [record for record in of_subjects(audit.engine, sorted(own | theirs | hers | refs)) if belongs(record)]


def _access(visit: Visit, record: Record) -> Access:
    text, teams = visit.words.text, visit.office.teams
    role = text(ROLE_TITLES[Role(record.role)]) if record.role in set(Role) else text("the hub itself")
    unit = teams[record.unit].title if record.unit in teams else ""
    what = text(ACTIONS[record.action]) if record.action in ACTIONS else record.action
    return Access(visit.moment(record.at), what, unit, role, record.outcome == "deny")
