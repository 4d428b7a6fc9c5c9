"""`hub consent`: what a clerk does with consents. No command takes an identifier as an argument or prints one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.commands import consent_changes, consent_identities
from hub.commands.consent_texts import (
    as_json_consent,
    line,
    opened,
    print_json,
    print_youth,
    progress,
    read_identifier,
    read_rows,
)
from hub.commands.discreet import Silent
from hub.commands.options import Home, Json
from hub.commands.withdrawing import ask, print_withdrawn
from hub.contract.models import Cooperation, InfoKind
from hub.core.consent_rules import Form
from hub.registry.granting import Marking, Signatory
from hub.registry.states import State

__all__ = ["app"]

app = typer.Typer(
    cls=Silent,
    help="Consents: grant, sign, suspend, withdraw, look. An identifier is asked for, or read from a file or stdin (`-`); "
    "it never stands on the command line, where shell history and process lists would keep it.",
    no_args_is_help=True,
)
app.add_typer(consent_changes.app)
app.add_typer(consent_identities.app)
Source = Annotated[
    str,
    typer.Option(
        "--identifier-from", "-i", metavar="FILE|-", help="Read the identifier from this file, or from stdin (-). Default: ask."
    ),
]
Within = Annotated[Cooperation | None, typer.Option("--cooperation", "-c", help="Only this cooperation (default: all).")]
Many = list[str]
_ROLES = ", ".join(Signatory)


@app.command()
def grant(  # noqa: PLR0917 -- typer reads one option per parameter
    cooperation: Annotated[Cooperation, typer.Option("--cooperation", "-c", help="What the consent is to.")],
    agency: Annotated[Many, typer.Option(help="An agency of agencies.yaml that may tell. Repeat for more.")],
    recipient: Annotated[Many, typer.Option(help="A team of teams.yaml that may be told. Repeat for more.")],
    kind: Annotated[
        list[InfoKind],
        typer.Option(metavar="KIND", help=f"A kind of information: {', '.join(InfoKind)}. Repeat for more."),
    ],
    valid_from: Annotated[str, typer.Option("--from", metavar="DATE", help="First day it holds (2025-05-19).")],
    valid_to: Annotated[str, typer.Option("--to", metavar="DATE", help="First day it no longer holds.")],
    signed: Annotated[
        list[Signatory] | None, typer.Option(metavar="WHO", help=f"Who has signed: {_ROLES}. Repeat for more.")
    ] = None,
    required: Annotated[
        list[Signatory] | None,
        typer.Option(
            metavar="WHO",
            help="Who must sign (default: both guardians, from 18 the youth alone). With sole custody: --required guardian_1, or "
            "guardian_2 where she has it. Whom a recorded change of custody names (`hub consent custody`) signs in any case. "
            "The youth joins them at the age that consent.yaml says.",
        ),
    ] = None,
    legal_basis: Annotated[str, typer.Option(help="The GDPR basis, as a code of the municipality's own.")] = "public_task",
    area: Annotated[str | None, typer.Option(help="A coarse area of areas.yaml.")] = None,
    form: Annotated[
        Form | None, typer.Option(help="The form that was signed; checked against the age (default: the one that fits).")
    ] = None,
    includes_earlier: Annotated[
        bool,
        typer.Option("--includes-earlier", help="The form says that it also covers what happened before it was signed."),
    ] = False,
    protected: Annotated[
        Marking | None,
        typer.Option(help="Somebody's protection makes this a case for the hands: it goes to the manual lane, not into the hub."),
    ] = None,
    identifier_from: Source = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Register a consent. It is in force once all who must have signed; until then it waits.

    Days are Swedish ones. Ages, forms and the longest period are those of consent.yaml. Without --includes-earlier it covers
    nothing from before it came into force. Teams named as recipients must work in the consent's cooperation. Exits 3 when a
    rule refuses it.

    Example: hub consent grant -c sspf --agency school-norrkoping --recipient outreach --kind school_absence
    --from 2025-05-19 --to 2026-05-19 --signed guardian_1 --signed guardian_2
    """
    from hub.registry.granting import read_grant

    request = read_grant(
        {
            "identifier": read_identifier(identifier_from),
            "cooperation": cooperation,
            "agencies": agency,
            "recipients": recipient,
            "kinds": kind,
            "valid_from": valid_from,
            "valid_to": valid_to,
            "legal_basis": legal_basis,
            "area": area,
            "required": required or (),
            "signed": signed or (),
            "protected": protected,
            "form": form,
            "includes_earlier": includes_earlier,
        }
    )
    with opened(home) as registry:
        print_youth(registry.grant(request), as_json=as_json)


@app.command()
def sign(
    signatory: Annotated[Signatory, typer.Option("--by", metavar="WHO", help=f"Who has signed: {_ROLES}.")],
    cooperation: Within = None,
    identifier_from: Source = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Record a signature on what awaits one; the last one brings the consent into force.

    Example: hub consent sign --by guardian_2
    """
    with opened(home) as registry:
        print_youth(registry.sign(read_identifier(identifier_from), signatory, cooperation), as_json=as_json)


@app.command()
def suspend(cooperation: Within = None, identifier_from: Source = "", home: Home = None, as_json: Json = False) -> None:
    """Suspend what is in force until the same have signed again, as when it is in doubt that they have.

    That others have custody from now on is the person's, and meets every consent: record it with `hub consent custody`.

    Example: hub consent suspend -c sspf
    """
    with opened(home) as registry:
        print_youth(registry.suspend(read_identifier(identifier_from), cooperation), as_json=as_json)


@app.command()
def withdraw(  # noqa: PLR0917 -- typer reads one option per parameter
    by: Annotated[
        Signatory | None,
        typer.Option(metavar="WHO", help=f"Which signatory withdraws: {_ROLES}; any one may (default: not recorded)."),
    ] = None,
    cooperation: Within = None,
    oral: Annotated[bool, typer.Option("--oral", help="It was said, not written; it counts as much.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask. Only at a terminal is anything asked.")] = False,
    identifier_from: Source = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Withdraw every consent of a person, or those to one cooperation. At once, and for ever.

    Anybody records a withdrawal the moment it is said, also while the audit log's database does not answer: its entry
    waits on the disk. Connectors stop at their next look at the directory;
    `hub consent erasure-status` shows who has erased.

    Whoever signs one of them ends every one, also where the form names the other guardian alone; with --cooperation only what
    she signs.

    With the last consent everything about the person is erased. A block that stands is kept, under a keyed hash of the number: a
    later consent is under it too. Lift it first (`hub consent unblock`) to leave nothing, or afterwards.

    At a terminal it says first what will happen, and asks; a script is asked nothing.

    Example: hub consent withdraw --by guardian_1 --oral
    """
    from hub.audit.unstoppable import Unstoppable, unstoppable

    with unstoppable(Unstoppable.WITHDRAWAL), opened(home) as registry:
        identifier = read_identifier(identifier_from)
        ask(lambda: registry.show(identifier), cooperation, by, yes=yes)
        print_withdrawn(registry.withdraw(identifier, cooperation, by, oral=oral), as_json=as_json)


@app.command()
def show(identifier_from: Source = "", home: Home = None, as_json: Json = False) -> None:
    """Show a person's consents: states, scopes, version; no identity.

    Example: hub consent show
    """
    with opened(home) as registry:
        print_youth(registry.show(read_identifier(identifier_from)), as_json=as_json)


@app.command("list")
def list_consents(
    state: Annotated[State | None, typer.Option(help="Only consents in this state.")] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List consents without any tie to a person, and count them by state.

    Example: hub consent list --state waiting
    """
    with opened(home) as registry:
        consents, counts = registry.consents(state), registry.counts()
    if as_json:
        print_json({"counts": counts, "consents": [as_json_consent(consent) for consent in consents]})
        return
    for consent in consents:
        typer.echo(line(consent))
    typer.echo("  ".join(f"{name}: {number}" for name, number in counts.items()))


@app.command("import")
def import_consents(
    file: Annotated[Path, typer.Argument(metavar="FILE.json", help="A JSON array of consents, or - for stdin.", allow_dash=True)],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Register many consents. Good rows are kept; a bad one is reported by number, field and rule, and the exit code is 1.

    Each row has the fields of `hub consent grant`: identifier, cooperation, agencies, recipients, kinds, valid_from,
    valid_to, and optionally signed, required, legal_basis, area, state (granted, suspended, withdrawn).

    Example: hub consent import consents.json
    """
    rows = read_rows(file)
    with opened(home) as registry, progress(len(rows), quiet=as_json) as advance:
        outcome = registry.grant_many(rows, advance)
    errors = [{"row": error.row, "code": error.code, "message": error.message} for error in outcome.errors]
    if as_json:
        print_json({"granted": len(outcome.granted), "errors": errors})
    else:
        for error in outcome.errors:
            typer.echo(f"row {error.row}: {error.message} ({error.code})", err=True)
        typer.echo(f"{len(outcome.granted)} registered, {len(errors)} refused")
    if errors:
        raise typer.Exit(1)


@app.command("erasure-status")
def erasure_status(
    only_open: Annotated[bool, typer.Option("--open", help="Only withdrawals that somebody has not answered.")] = False,
    places: Annotated[bool, typer.Option("--places", help="Name every place, and since when or by when it is clean.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Show each withdrawal: when it took effect, who still has to confirm, and what is still to leave the disks, by when.

    In effect: nothing is emitted or shown any more (seconds). Complete: everybody has erased. Removed: nothing of it lies on
    Kafka, in a store, a database or a backup any more (hours; the settings' bound, see [erasure] in hub.toml).

    Example: hub consent erasure-status --open
    """
    from hub.commands.erasure_texts import as_json_erasure, bound_line, left_by_restores, lines

    with opened(home) as registry:
        found = registry.erasure_status(only_open=only_open)
    bound, left = bound_line(home), left_by_restores(home)
    if as_json:
        told = {"open": sum(not one.complete for one in found), "bound_hours": bound.hours}
        former = [{"folder": str(one.folder), "removed_by": one.removed_by and one.removed_by.isoformat()} for one in left]
        print_json({**told, "erasures": [as_json_erasure(one) for one in found], "former_data": former})
        return
    for one in found:
        for line_ in lines(one, places=places):
            typer.echo(line_)
    typer.echo(f"{len(found)} withdrawals, {sum(not one.complete for one in found)} not complete")
    for folder in left:
        typer.echo(folder.text)
    if found:
        typer.echo(bound.text)
