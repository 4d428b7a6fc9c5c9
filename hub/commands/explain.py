"""`hub explain`: why a task was proposed, and why of a youth none was."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.commands.identity import read_reference
from hub.commands.options import As, Home, Json

if TYPE_CHECKING:
    from hub.access.roles import Principal
    from hub.audit.log import AuditLog
    from hub.core.lacking import RuleStanding
    from hub.delivery.worklist import TaskView
    from hub.runtime.held import Held
    from hub.settings import Settings

__all__ = ["explain"]

_TASK = re.compile(r"[0-9a-f][0-9a-f-]{5,35}")


class For(StrEnum):
    """Who is to read it."""

    TEAM = "team"
    YOUTH = "youth"


class In(StrEnum):
    """In which language."""

    SV = "sv"
    EN = "en"


def explain(  # noqa: PLR0917 -- typer reads one option per parameter
    task: Annotated[str, typer.Argument(metavar="TASK", help="The task's number, or at least its first six characters.")] = "",
    youth: Annotated[
        bool,
        typer.Option("--youth", help="Of a youth: why each rule proposes nothing. Her reference is asked for."),
    ] = False,
    reference_from: Annotated[
        str, typer.Option("--reference-from", metavar="FILE|-", help="With --youth: read it from this file, or from stdin.")
    ] = "",
    audience: Annotated[
        For, typer.Option(help="Whom it is for: a youth is not told of what was not released to her.")
    ] = For.TEAM,
    language: Annotated[In, typer.Option(help="Swedish or English.")] = In.SV,
    account: As = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Say in plain words why a task was proposed; with --youth, of each rule, why it proposes nothing and what is lacking.

    A task is opened for a member of its team as on the pages: consent is decided anew, and the look is in the audit log. Why
    nothing is proposed is for a consent officer, of the rules of her own teams; it reads the worker's changelog on Kafka.

    Example: hub explain 7d3f3c --audience youth --language en
    """
    from hub.commands import explain_texts as texts

    if bool(task) == youth:
        raise typer.BadParameter("name a task, or use --youth")
    with _opened(home, account) as (settings, audit, who):
        if youth:
            held = _held(settings, read_reference(reference_from), audit, who, quiet=as_json)
            texts.print_standings(*_standings(settings, held, audit, who, audience.value), language.value, as_json=as_json)
        else:
            view = _opened_task(settings, audit, who, task)
            texts.print_task(settings, view, language.value, audience.value, as_json=as_json)


@contextmanager
def _opened(home: Path | None, account: str) -> Iterator[tuple[Settings, AuditLog, Principal]]:
    """Where any name is believed, it is a member and a consent officer of every team."""
    from hub.access.opening import build_access_engine
    from hub.access.rights import each_for
    from hub.access.roles import Role
    from hub.bootstrap import build_audit, build_clock
    from hub.commands.vault_person import person
    from hub.installation import load_teams
    from hub.settings import load_settings

    settings = load_settings(home)
    engine = build_access_engine(settings)
    try:
        with closing(build_audit(settings, build_clock(settings))) as audit:
            believed = each_for((Role.TEAM_MEMBER, Role.CONSENT_OFFICER), load_teams(settings.home))
            yield settings, audit, person(settings, engine, audit, account, believed=believed)
    finally:
        engine.dispose()


def _opened_task(settings: Settings, audit: AuditLog, who: Principal, number: str) -> TaskView:
    """The one task of the principal's teams whose number begins so. Raises RejectedError; every refusal is logged."""
    from hub.access.roles import Action, own_teams
    from hub.access.trail import actor_of
    from hub.audit.actions import Action as Logged
    from hub.audit.entries import Entry, Subject, SubjectKind
    from hub.bootstrap import build_worklist
    from hub.contract.models import ReferralTask
    from hub.errors import RejectedError

    worklist, sought = build_worklist(settings), number.strip().lower()
    with audit.recorded(Entry(actor_of(who, Action.TASK_OPEN), Logged.TASK_OPENED, purpose="explain")) as draft:
        teams = own_teams(who, Action.TASK_OPEN)
        if not teams:
            text = "a task is explained to its team: it takes an account with the role team-member or team-head (--as)"
            raise RejectedError(text, code="not_permitted")
        if not _TASK.fullmatch(sought):
            raise RejectedError("the task's number, or at least its first six characters", code="bad_task_number")
        found = worklist.find(sought, teams)
        if len(found) != 1:
            raise RejectedError("no task of your teams has this number, or several have: see `hub tasks`", code="unknown_task")
        ((team, task_id),) = found
        draft.about(item=Subject(SubjectKind.TASK, task_id))
        view = worklist.open_task(task_id, team)
        if isinstance(view.content, ReferralTask):
            draft.about(subject=Subject(SubjectKind.REFERENCE, view.content.youth_ref))
            draft.permitted("consent")
        elif view.kind != "presence":
            draft.denied("no_consent")
    return view


def _held(settings: Settings, reference: str, audit: AuditLog, who: Principal, *, quiet: bool) -> Held:
    """What the worker holds, for a consent officer; the look is logged before it is used. Raises RejectedError."""
    from pydantic import TypeAdapter, ValidationError

    from hub.access.roles import Action, own_teams
    from hub.access.why_not import look_entry
    from hub.audit.entries import Subject, SubjectKind
    from hub.contract.models import YouthRef
    from hub.errors import RejectedError
    from hub.kafka_places import KafkaPlaces
    from hub.runtime.held import read_held

    with audit.recorded(look_entry(who)) as draft:
        if not own_teams(who, Action.EXTRACT_RELEASE):
            text = "what is held of a youth is for the consent officer of a team: it takes an account with that role (--as)"
            raise RejectedError(text, code="not_permitted")
        try:
            TypeAdapter(YouthRef).validate_python(reference)
        except ValidationError:
            raise RejectedError("a reference is y and 32 hex digits", code="bad_reference") from None
        draft.about(subject=Subject(SubjectKind.REFERENCE, reference))
        told = (lambda _line: None) if quiet else (lambda line: typer.echo(f"hub: {line}", err=True))
        return read_held(KafkaPlaces(settings.bootstrap_servers), settings.changelog("youths"), reference, told)


def _standings(
    settings: Settings, held: Held, audit: AuditLog, who: Principal, audience: str
) -> tuple[Held, Sequence[RuleStanding], int]:
    """The rules of the principal's own teams, and how many others there are; in the audit log before anything is told."""
    from hub.access.why_not import own_standings
    from hub.bootstrap import build_clock

    found = own_standings(held, who, build_clock(settings).now(), For(audience).value)
    if found.entries:
        audit.append_many(found.entries)
    return held, found.mine, found.others
