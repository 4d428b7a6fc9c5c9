"""`hub identity`: back to a person; inside a task at once, outside one asks, another approves, the first opens it once."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.commands.consent_texts import read_text
from hub.commands.discreet import Silent
from hub.commands.options import As, Home
from hub.registry.purposes import Purpose

if TYPE_CHECKING:
    from hub.access.four_eyes import FourEyes
    from hub.access.matters import Request
    from hub.access.roles import Principal
    from hub.audit.log import AuditLog
    from hub.registry.revealing import Identity, Revealing

__all__ = ["app", "read_reference"]

app = typer.Typer(
    cls=Silent,
    help="Who somebody is: inside an open task of your team (show), or outside one (request), which takes a purpose and two "
    "persons. Every step is audited. --as is an account "
    "of the installation (hub account) with the right to ask or to approve; its password is asked for.",
    no_args_is_help=True,
)
_TASK = re.compile(r"[0-9a-f-]{6,36}")
Reference = Annotated[
    str, typer.Option("--reference-from", "-r", metavar="FILE", help="Read the reference from this file. Default: ask.")
]
Number = Annotated[str, typer.Argument(metavar="REQUEST", help="The request's number, as `hub identity request` prints it.")]


@app.command()
def request(  # noqa: PLR0917 -- typer reads one option per parameter
    purpose: Annotated[Purpose, typer.Option(help="Why: consent, extract, correction or authority.")],
    team: Annotated[str, typer.Option(help="The team on whose behalf, where your right goes by team.")] = "",
    task: Annotated[
        str,
        typer.Option(
            metavar="TASK", help="Whom this task of the team is about: its number, or the first six characters or more."
        ),
    ] = "",
    reference_from: Reference = "",
    account: As = "",
    home: Home = None,
) -> None:
    """Ask to open one identity: whom a task is about, or a reference from a file. Another person has to approve it.

    Example: hub identity request --task 7d3f3c1e --purpose correction --team sspf --as consent-officer-1
    """
    reference = "" if task else read_reference(reference_from)
    with _opened(home, account) as (revealing, _, who, audit):
        asked = revealing.ask(who, reference or _of_task(home, audit, who, task, team), purpose, team or None)
    _tell(asked, f"another person: hub identity approve {asked.request_id} --as ACCOUNT")


@app.command()
def show(
    task: Annotated[str, typer.Argument(metavar="TASK", help="The task's whole number, as its page shows it.")],
    team: Annotated[str, typer.Option(help="Your team, whose open task it is.")],
    account: As = "",
    home: Home = None,
) -> None:
    """Show whom an open task of your team is about, as JSON. Consent is decided anew, and the look is audited first.

    Example: hub identity show 7d3f3c1e-8a54-4a9e-9a0c-1f0f5c1f7b10 --team outreach --as faltare-1
    """
    with _opened(home, account) as (revealing, _, who, _):
        _write(revealing.in_task(who, task.strip().lower(), team))


@app.command()
def approve(number: Number, account: As = "", home: Home = None) -> None:
    """Approve what somebody else has asked for. It can then be opened once, by who asked, until the time shown.

    Example: hub identity approve 5b0e… --as consent-officer-2
    """
    with _opened(home, account, approving=True) as (_, eyes, who, _):
        approved = eyes.approve(who, number)
    _tell(approved, f"whoever asked: hub identity open {approved.request_id} --as ACCOUNT")


@app.command("open")
def open_identity(number: Number, account: As = "", home: Home = None) -> None:
    """Open the identity of an approved request, once, and print it as JSON to standard output.

    Example: hub identity open 5b0e… --as consent-officer-1
    """
    from hub.errors import RejectedError

    with _opened(home, account) as (revealing, eyes, who, _):
        asked = next((one for one in eyes.own(who) if one.request_id == number), None)
        if asked is None:
            raise RejectedError("there is no such request of yours", code="no_such_request")
        identity = revealing.reveal(who, asked.item, Purpose(asked.purpose), approval=number)
    _write(identity)


def _write(identity: Identity) -> None:
    parties = identity.parties.model_dump(mode="json") if identity.parties is not None else None
    content = {"identifiers": identity.identifiers, "parties": parties}
    sys.stdout.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def _of_task(home: Path | None, audit: AuditLog, who: Principal, number: str, team: str) -> str:
    """The reference of the team's one task whose number begins so, for somebody who may ask; the look is logged.

    Without a `team`: among those of every team, for whose right goes by none. Raises RejectedError `not_permitted` and
    `bad_task_number` before anything is read, and `unknown_task`.
    """
    from hub.access.roles import Action, may
    from hub.access.trail import actor_of
    from hub.audit.actions import Action as Logged
    from hub.audit.entries import Entry, Subject, SubjectKind
    from hub.bootstrap import build_worklist
    from hub.contract.models import ReferralTask
    from hub.errors import RejectedError
    from hub.installation import load_teams
    from hub.settings import load_settings

    entry = Entry(actor_of(who, Action.IDENTITY_REQUEST, team or None), Logged.TASK_SOUGHT, purpose="identity")
    with audit.recorded(entry) as draft:
        if not may(who, Action.IDENTITY_REQUEST, team or None):
            raise RejectedError("your role does not permit it for this team", code="not_permitted")
        settings, sought = load_settings(home), number.strip().lower()
        if not _TASK.fullmatch(sought):
            raise RejectedError("--task: the task's number, or at least its first six characters", code="bad_task_number")
        worklist = build_worklist(settings)
        found = worklist.find(sought, [team] if team else load_teams(settings.home))
        matching = [one for one in worklist.all_tasks() if [(one.team, one.task_id)] == found]  # a team that had it asks for none
        people = {one.content.youth_ref: one.task_id for one in matching if isinstance(one.content, ReferralTask)}
        if not people:
            text = "this is the number of no task of the team about a person, or of several: see `hub tasks`"
            raise RejectedError(text, code="unknown_task")
        ((reference, task_id),) = people.items()
        draft.about(subject=Subject(SubjectKind.REFERENCE, reference), item=Subject(SubjectKind.TASK, task_id))
    return reference


def read_reference(source: str) -> str:
    """A reference, from a file or stdin (`-`), or asked for: it never stands on the command line."""
    if source:
        return read_text(source, "the file of --reference-from").strip()
    asked: str = typer.prompt("Reference", hide_input=True, err=True)
    return asked.strip()


def _tell(asked: Request, next_step: str) -> None:
    typer.echo(f"{asked.request_id}  {asked.state.value}, until {asked.until:%Y-%m-%d %H:%M} UTC. Next, {next_step}")


@contextmanager
def _opened(
    home: Path | None, account: str, *, approving: bool = False
) -> Iterator[tuple[Revealing, FourEyes, Principal, AuditLog]]:
    """Where any name is believed, it is a consent officer's of every team, or on no team's behalf a statutory officer's."""
    from hub.access.opening import build_access_engine, open_four_eyes
    from hub.access.rights import each_for
    from hub.access.roles import Role
    from hub.bootstrap import build_audit, build_clock, build_registry, build_worklist, reference_of_task
    from hub.commands.vault_person import person
    from hub.installation import load_teams
    from hub.registry.revealing import Revealing
    from hub.settings import load_settings

    settings = load_settings(home)
    clock = build_clock(settings)
    engine = build_access_engine(settings)

    def inside(task_id: str, of_team: str) -> str | None:
        return reference_of_task(build_worklist(settings, clock), task_id, of_team)

    try:
        with closing(build_audit(settings, clock)) as audit:
            roles = (Role.CONSENT_OFFICER, Role.STATUTORY_OFFICER, Role.TEAM_MEMBER)
            believed = each_for(roles, load_teams(settings.home))
            who = person(settings, engine, audit, account, approving=approving, believed=believed)
            eyes = open_four_eyes(settings, engine, audit)
            with closing(build_registry(settings, clock)) as opened:
                yield Revealing(opened.registry, audit, eyes, inside), eyes, who, audit
    finally:
        engine.dispose()
