"""`hub consent merge`, `split`, `parties`, `protect`, `unprotect`: who somebody is, and whose case is handled by hand."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.commands.acting import acting
from hub.commands.consent_texts import print_json, print_youth, read_identifier, read_text
from hub.commands.options import As, Home, Json
from hub.contract.models import Cooperation
from hub.registry.granting import Marking

if TYPE_CHECKING:
    from hub.audit.actions import Action
    from hub.registry.registry import Registry

__all__ = ["app"]

app = typer.Typer()
Source = Annotated[
    str,
    typer.Option(
        "--identifier-from", "-i", metavar="FILE|-", help="Read the identifier from this file, or from stdin (-). Default: ask."
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; needed where nobody can be asked.")]


@app.command()
def merge(  # noqa: PLR0917 -- typer reads one option per parameter
    former_from: Annotated[
        str, typer.Option("--former-from", metavar="FILE", help="Read the earlier identifier from this file. Default: ask.")
    ] = "",
    identifier_from: Source = "",
    yes: Yes = False,
    account: As = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Say that two identifiers are one person's, as when a personnummer replaces a samordningsnummer.

    The older reference stays, with the open consents of both; a younger one is withdrawn and erased everywhere. A consent that
    was withdrawn later under the other number is suspended until all have signed again.

    Where nothing is registered under either, a block, custody or a marking that is kept of one is kept of both from now on: say
    it before you register the new number's form, and that is under them from its first moment.

    Example: hub consent merge
    """
    from hub.audit.actions import Action
    from hub.registry.identities import merge as merge_rows
    from hub.registry.views import NOBODY

    former, present = _two_identifiers(former_from, identifier_from)
    _confirm(
        "These two become one person. If both have a reference, the younger one is withdrawn for ever, and what stands under it "
        "is erased everywhere; its open consents go on under the older one. Go on?",
        yes=yes,
    )
    with _recorded(home, account, Action.IDENTITY_CHANGED, "merge") as (registry, record):
        view = merge_rows(registry, former, present, record)
    if view is NOBODY and not as_json:
        typer.echo("Nothing is registered under either: what was kept of one number is kept of both, and meets the next consent")
        return
    print_youth(view, as_json=as_json)


@app.command()
def split(identifier_from: Source = "", yes: Yes = False, account: As = "", home: Home = None, as_json: Json = False) -> None:
    """Say that what is registered as one person was two. All of it ends, and each begins anew from her own form.

    Nobody can tell which consent or event was whose: the reference is withdrawn for ever, waiting consents too, and erased
    everywhere. Then register each person's consents from their forms with `hub consent grant`.

    Nor can anybody tell whose custody was recorded: everybody who may have it signs the next consent of each, until you record
    who has (`hub consent custody --ahead`). Where nothing is registered, as after a merge by mistake before the form, custody
    that is kept of the number is in doubt from now on: say it of both numbers.

    Example: hub consent split
    """
    from hub.audit.actions import Action
    from hub.registry.identities import split as split_row
    from hub.registry.views import NOBODY

    identifier = read_identifier(identifier_from)
    _confirm(
        "Every consent registered for this person ends now, waiting ones too, and everything is erased everywhere. Each of the "
        "two persons begins anew from her own form; custody that was recorded is in doubt. This cannot be undone. Go on?",
        yes=yes,
    )
    with _recorded(home, account, Action.IDENTITY_CHANGED, "split") as (registry, record):
        view = split_row(registry, identifier, record)
    if view is NOBODY and not as_json:
        typer.echo(
            "Nothing is registered. Custody that was kept of this number is in doubt: everybody who may have it signs the next "
            "consent, until you record who has (hub consent custody --ahead). Say it of the other number too"
        )
        return
    print_youth(view, as_json=as_json)


@app.command()
def parties(  # noqa: PLR0917 -- typer reads one option per parameter
    file: Annotated[str, typer.Argument(metavar="FILE.json", help="Who stands on the form; the form is below.")],
    identifier_from: Source = "",
    cooperation: Annotated[
        Cooperation | None, typer.Option("--cooperation", "-c", help="Whose form it is; needed when the person has several.")
    ] = None,
    consent: Annotated[
        str, typer.Option(metavar="NUMBER", help="Which consent's form it is; needed when they name different teams.")
    ] = "",
    account: As = "",
    home: Home = None,
) -> None:
    """Keep the names on the consent form, sealed with the person, in place of those before. Nothing of them is ever printed here.

    The file: {"name": "…", "parties": [{"role": "guardian_1", "name": "…", "contacts": ["…"]}]}

    Example: hub consent parties form.json
    """
    from hub.audit.actions import Action
    from hub.errors import ConfigError
    from hub.registry.parties import note_parties, read_parties

    try:
        content = json.loads(read_text(file, "the file of parties"))
    except (ValueError, RecursionError):
        raise ConfigError("the file of parties is not JSON", code="bad_parties_file") from None
    found = read_parties(content if isinstance(content, dict) else {})
    identifier = read_identifier(identifier_from)
    with _recorded(home, account, Action.IDENTITY_CHANGED, "parties") as (registry, record):
        note_parties(registry, identifier, found, record, cooperation, consent=consent)
    typer.echo(f"Kept, sealed: the youth and {len(found.parties)} more.")


@app.command()
def protect(  # noqa: PLR0917 -- typer reads one option per parameter
    marking: Annotated[Marking, typer.Option("--because", help="Whose protection it is; written in the manual lane only.")],
    identifier_from: Source = "",
    yes: Yes = False,
    account: As = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Mark a number as protected: nothing of the person is registered or correlated any more; the manual lane gets the case.

    Who is registered is stopped at once: tasks are not shown, agencies are told nothing. For 14 days (setting
    registry.protected_reversal_days) `hub consent unprotect` brings everything back; then it is erased for ever.

    Example: hub consent protect --because own
    """
    from hub.audit.actions import Action
    from hub.registry.protecting import protect as mark

    identifier = read_identifier(identifier_from)
    _confirm("This person is handled by hand from now on. Whatever is registered stops at once. Go on?", yes=yes)
    with _recorded(home, account, Action.PROTECTED_CASE, "protect") as (registry, record):
        stopped = mark(registry, identifier, marking, record)
    if as_json:
        print_json({"protected": True, "stopped": stopped})
        return
    typer.echo("Handed to the manual lane. " + ("What was registered is stopped." if stopped else "Nothing was registered."))


@app.command()
def unprotect(  # noqa: PLR0917 -- typer reads one option per parameter
    decision: Annotated[str, typer.Option(help="The decision's reference number: a-z, 0-9 and _.:- (no personal number).")],
    identifier_from: Source = "",
    yes: Yes = False,
    account: As = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Reverse a marking by a decision. What all had signed goes on, unless the time for a reversal is over.

    Example: hub consent unprotect --decision ksn-2025-17
    """
    from hub.audit.actions import Action
    from hub.registry.protecting import unprotect as reverse

    identifier = read_identifier(identifier_from)
    _confirm("This person is no longer handled by hand, and what all had signed is correlated again. Go on?", yes=yes)
    with _recorded(home, account, Action.PROTECTED_CASE, "unprotect", decision) as (registry, record):
        came_back = reverse(registry, identifier, decision, record)
    if as_json:
        print_json({"protected": False, "came_back": came_back})
        return
    typer.echo("The marking is reversed. " + ("What was stopped goes on." if came_back else "Register consents anew."))


def _two_identifiers(former_from: str, present_from: str) -> tuple[str, str]:
    """The earlier identifier, then the one that holds: from files, two lines of stdin, or asked for without echo."""
    if former_from:
        return read_identifier(former_from), read_identifier(present_from)
    if present_from in {"", "-"} and not sys.stdin.isatty():
        from hub.errors import RejectedError

        lines = read_text("-", "standard input").splitlines()
        if len(lines) < 2:
            text = "identifier: two lines are needed, the earlier identifier and then the one that holds"
            raise RejectedError(text, code="unresolved_identifier")
        return lines[0], lines[1]
    former: str = typer.prompt("Earlier identifier", hide_input=True, err=True)
    return former, read_identifier(present_from)


def _confirm(text: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        from hub.errors import RejectedError

        raise RejectedError(
            f"nobody can be asked here; with --yes it is done: {text.removesuffix(' Go on?')}", code="not_confirmed"
        )
    typer.confirm(text, abort=True, err=True)


@contextmanager
def _recorded(
    home: Path | None, account: str, action: Action, purpose: str, rule: str = ""
) -> Iterator[tuple[Registry, Callable[[str], None]]]:
    """The registry, and what writes the change down before it commits; a refusal is written too."""
    from hub.audit.entries import Entry, Outcome, Subject, SubjectKind
    from hub.bootstrap import build_audit, build_clock, build_registry
    from hub.errors import RejectedError
    from hub.settings import load_settings

    settings = load_settings(home)
    clock = build_clock(settings)
    with closing(build_audit(settings, clock)) as audit:
        actor = acting(settings, account, audit=audit)

        def record(youth_id: str) -> None:
            subject = Subject(SubjectKind.YOUTH, youth_id) if youth_id else None
            audit.append(Entry(actor, action, subject=subject, purpose=purpose, rule=rule))

        with closing(build_registry(settings, clock)) as opened:
            try:
                yield opened.registry, record
            except RejectedError as error:
                audit.append(Entry(actor, action, purpose=purpose, outcome=Outcome.DENY, rule=error.code))
                raise
