"""`hub consent decline`, `custody`, `block`, `unblock`, `narrow`, `check`: a consent between its first day and its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hub.commands.consent_texts import opened, print_json, print_youth, read_identifier
from hub.commands.options import Home, Json
from hub.contract.models import Cooperation, InfoKind
from hub.core.consent_rules import Signatory

if TYPE_CHECKING:
    from hub.registry.views import YouthView

__all__ = ["app"]

app = typer.Typer()
Source = Annotated[
    str,
    typer.Option(
        "--identifier-from", "-i", metavar="FILE|-", help="Read the identifier from this file, or from stdin (-). Default: ask."
    ),
]
Within = Annotated[Cooperation | None, typer.Option("--cooperation", "-c", help="Only this cooperation (default: all).")]
Ahead = Annotated[
    bool, typer.Option("--ahead", help="Also of somebody of whom nothing is registered: it is kept and meets the next consent.")
]
Many = list[str]
_ROLES = ", ".join(Signatory)


def _print(found: YouthView, *, as_json: bool) -> None:
    from hub.registry.views import NOBODY

    if found is NOBODY and not as_json:
        typer.echo(
            "Nothing is registered that it meets: it is kept, under a keyed hash of the number, and meets the next consent"
        )
    else:
        print_youth(found, as_json=as_json)


@app.command()
def decline(
    by: Annotated[Signatory, typer.Option("--by", metavar="WHO", help=f"Who says no: {_ROLES}.")],
    cooperation: Within = None,
    identifier_from: Source = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Record that a signatory says no to what awaits her: disputed, and not in force, until she signs after all.

    A consent that all have signed is withdrawn instead.

    Example: hub consent decline --by guardian_2
    """
    with opened(home) as registry:
        print_youth(registry.decline(read_identifier(identifier_from), by, cooperation), as_json=as_json)


@app.command()
def custody(
    signatory: Annotated[
        list[Signatory], typer.Option("--to", metavar="WHO", help=f"Who must sign from now on: {_ROLES}. Repeat for more.")
    ],
    ahead: Ahead = False,
    identifier_from: Source = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Record a change of custody: everything that guardians signed is suspended until the new signatories have signed.

    Sole custody: --to guardian_1, or --to guardian_2: each is the same person on every form of the youth. A specially appointed
    guardian: --to special_guardian. A god man: --to god_man. Under LVU: --to social_services. Joint custody again:
    --to guardian_1 --to guardian_2. The youth joins them by age.

    Consents registered later wait for the same signatories, after the last has ended too. A block of whoever has custody no more
    ends; the youth's own stands. With --ahead it is known before anything is registered.

    Example: hub consent custody --to guardian_1
    """
    with opened(home) as registry:
        found = registry.change_custody(read_identifier(identifier_from), tuple(signatory), ahead=ahead)
    _print(found, as_json=as_json)


@app.command()
def block(  # noqa: PLR0917 -- typer reads one option per parameter
    by: Annotated[Signatory, typer.Option("--by", metavar="WHO", help="Who blocks: the youth, or who has custody.")],
    cooperation: Within = None,
    ahead: Ahead = False,
    identifier_from: Source = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Block (spärra): nothing is told while the block stands, whoever has signed; consents registered later come under it too.

    What happened while it stood is never told. It outlives the last consent, kept under a keyed hash of
    the number, until the same role lifts it. With --ahead one may block before anything is registered; one cooperation alone
    also where only another has a consent, and the answer is the same.

    Example: hub consent block --by youth
    """
    with opened(home) as registry:
        found = registry.block(read_identifier(identifier_from), by, cooperation, ahead=ahead)
    _print(found, as_json=as_json)


@app.command()
def unblock(
    by: Annotated[Signatory, typer.Option("--by", metavar="WHO", help="Who blocked; nobody else lifts it.")],
    cooperation: Within = None,
    identifier_from: Source = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Lift a block, at the wish of the one who set it.

    Example: hub consent unblock --by youth
    """
    with opened(home) as registry:
        print_youth(registry.unblock(read_identifier(identifier_from), by, cooperation), as_json=as_json)


@app.command()
def narrow(  # noqa: PLR0917 -- typer reads one option per parameter
    agency: Annotated[Many | None, typer.Option("--without-agency", help="An agency that may no longer tell. Repeat.")] = None,
    recipient: Annotated[Many | None, typer.Option("--without-recipient", help="A team no longer told. Repeat.")] = None,
    kind: Annotated[
        list[InfoKind] | None,
        typer.Option("--without-kind", metavar="KIND", help=f"A kind no longer covered: {', '.join(InfoKind)}. Repeat."),
    ] = None,
    until: Annotated[str, typer.Option(metavar="DATE", help="First day it no longer holds, earlier than before.")] = "",
    cooperation: Within = None,
    identifier_from: Source = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Let open consents cover less, at once; nobody need sign. What is left out is forgotten. To widen, register another.

    Example: hub consent narrow --without-recipient outreach -c sspf
    """
    from hub.registry.deeds import Less, read_day

    less = Less(frozenset(agency or ()), frozenset(recipient or ()), frozenset(kind or ()), read_day(until) if until else None)
    with opened(home) as registry:
        print_youth(registry.narrow(read_identifier(identifier_from), less, cooperation), as_json=as_json)


@app.command()
def check(  # noqa: PLR0917 -- typer reads one option per parameter
    agency: Annotated[str, typer.Option(help="The agency of agencies.yaml that would tell.")],
    kind: Annotated[InfoKind, typer.Option(metavar="KIND", help=f"What it would tell: {', '.join(InfoKind)}.")],
    recipient: Annotated[str, typer.Option(help="The team that would be told (default: only whether it may be counted).")] = "",
    identifier_from: Source = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Say whether something may be told now, and by which rule of which consent. Looked at, so it stands in the audit log.

    Example: hub consent check --agency school-norrkoping --kind school_absence --recipient outreach
    """
    with opened(home) as registry:
        found = registry.decide(read_identifier(identifier_from), source=agency, recipient=recipient or None, kind=kind)
    if as_json:
        answer = {"permit": found.permit, "rule": found.rule, "consent_id": found.scope_id, "version": found.consent_version}
        print_json(answer)
        return
    under = f" (consent {found.scope_id}, version {found.consent_version})" if found.scope_id else ""
    typer.echo(f"{'Permitted' if found.permit else 'Denied: ' + found.rule}{under}")
