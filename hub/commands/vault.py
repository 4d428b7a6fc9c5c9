"""`hub vault`: the sealed vault. Two persons open a document: one asks, another approves, the first opens it once, in time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.commands.options import As, Home, Json

if TYPE_CHECKING:
    from hub.access.four_eyes import FourEyes
    from hub.access.matters import Request
    from hub.access.roles import Principal
    from hub.audit.sealed import SealedVault
    from hub.settings import Settings

__all__ = ["app"]

app = typer.Typer(
    help="Consent forms, withdrawals and receipts, sealed when they were written and kept beyond every erasure under the board's "
    "retention decision. Opening takes two persons, and every step is audited. The pages are the place for it, where each signs "
    "in. Here --as is an account of the installation (hub account), and its password is asked for.",
    no_args_is_help=True,
)
Whom = Annotated[
    str,
    typer.Option("--identifier-from", "-i", metavar="FILE", help="Read the person's number from this file. Default: ask."),
]
Number = Annotated[
    str, typer.Argument(metavar="REQUEST", help="The request's number, as `hub vault request` and `list` print it.")
]


@app.command("list")
def list_documents(account: As = "", home: Home = None, as_json: Json = False) -> None:
    """List the sealed documents by number and kind of their parts, and the requests: who, why, who decided. Nothing is opened.

    Documents are listed to who may ask for one (auditor); who may only approve (consent-officer) sees what waits for her.

    Example: hub vault list --as auditor-1
    """
    from hub.access.matters import Matter
    from hub.access.roles import Action as Right
    from hub.access.roles import may
    from hub.audit.actions import Action
    from hub.audit.entries import Actor, Entry
    from hub.errors import RejectedError

    with (
        _opened(home, account) as (_, vault, eyes, who),
        vault.log.recorded(Entry(Actor(who.account, role="command"), Action.VAULT_LISTED)),
    ):
        asks = may(who, Right.SEALED_REQUEST)
        if not asks and not may(who, Right.SEALED_APPROVE):
            text = "what is sealed is listed to an account with the role auditor or consent-officer (--as)"
            raise RejectedError(text, code="not_permitted")
        documents = vault.documents() if asks else []
        concerning = {one.request_id: one for one in [*eyes.waiting_for(who), *eyes.own(who), *eyes.history(who, Matter.SEALED)]}
        requests = [one for one in concerning.values() if one.matter is Matter.SEALED]
    if as_json:
        listed = [
            {"document": one.document, "parts": one.kinds, "first": one.first.isoformat(), "last": one.last.isoformat()}
            for one in documents
        ]
        typer.echo(json.dumps({"documents": listed, "requests": [_as_json(one) for one in requests]}, indent=2))
        return
    if asks and not documents:
        typer.echo("Nothing is sealed yet.")
    elif not asks and not requests:
        typer.echo("Nobody waits for your approval.")
    for one in documents:
        typer.echo(f"{one.document}  {one.first:%Y-%m-%d} – {one.last:%Y-%m-%d}  {', '.join(one.kinds)}")
    for request in requests:
        typer.echo(f"request {_line(request)}")


@app.command()
def request(  # noqa: PLR0917 -- typer reads one option per parameter
    document: Annotated[
        str, typer.Argument(metavar="DOCUMENT", help="The document's number, as `hub vault list` prints it; or `search`.")
    ],
    purpose: Annotated[str, typer.Option(help="Why, as a code: supervision, damages, appeal. No name, no number.")],
    legal_ground: Annotated[str, typer.Option(help="The provision that permits it, for who approves: 'GDPR art. 58'.")],
    case: Annotated[str, typer.Option(help="The number of the case it belongs to: 'KS 2025/117'. No person's number.")],
    identifier_from: Whom = "",
    account: As = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Ask to open a document, or to search for one person's documents. Another person has to approve it.

    Whose documents are sought is asked for (or read from a file), kept as a keyed hash, and holds: the search is for nobody else.

    Examples:
    hub vault request 7d3f… --purpose supervision --legal-ground "GDPR art. 58" --case "KS 2025/117" --as auditor-1

    hub vault request search --purpose damages --legal-ground "GDPR art. 82" --case "KS 2025/118" -i number.txt --as auditor-1
    """
    from hub.access.grounds import Ground
    from hub.registry.unsealing import SEARCH, ask_to_open, ask_to_search

    with _opened(home, account) as (_, vault, eyes, who):
        ground = Ground(legal_ground, case)
        if document == SEARCH:
            asked = ask_to_search(vault, eyes, who, _canonical(vault, identifier_from), purpose=purpose, ground=ground)
        else:
            asked = ask_to_open(vault, eyes, who, document, purpose=purpose, ground=ground)
    _print(asked, as_json=as_json, next_step=f"another person: hub vault approve {asked.request_id} --as ACCOUNT")


@app.command()
def approve(number: Number, account: As = "", home: Home = None, as_json: Json = False) -> None:
    """Approve what somebody else has asked for. It can then be opened once, by who asked, until the time shown.

    Example: hub vault approve 5b0e… --as consent-officer-2
    """
    from hub.registry.unsealing import is_search

    with _opened(home, account, approving=True) as (_, _, eyes, who):
        approved = eyes.approve(who, number)
    verb = "search" if is_search(approved.item) else "open"
    _print(approved, as_json=as_json, next_step=f"whoever asked: hub vault {verb} {approved.request_id} --as ACCOUNT")


@app.command()
def refuse(number: Number, account: As = "", home: Home = None, as_json: Json = False) -> None:
    """Refuse what somebody else has asked for, or take your own request back. It is final: whoever asked can ask anew.

    Example: hub vault refuse 5b0e… --as consent-officer-2
    """
    with _opened(home, account, approving=True) as (_, _, eyes, who):
        refused = eyes.refuse(who, number)
    _print(refused, as_json=as_json, next_step="whoever asked may ask anew, on another ground")


@app.command("open")
def open_document(
    number: Number,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it here, closed to others (default: print it).")] = None,
    account: As = "",
    home: Home = None,
) -> None:
    """Open the document of an approved request, once, and print its parts as JSON. Needs keys/sealed.private.

    Example: hub vault open 5b0e… --as auditor-1
    """
    from hub.audit.opening import open_verifier
    from hub.errors import RejectedError
    from hub.installation import read_key
    from hub.registry.unsealing import unseal

    with _opened(home, account) as (settings, vault, eyes, who):
        asked = next((one for one in eyes.own(who) if one.request_id == number), None)
        if asked is None:
            raise RejectedError("there is no such request of yours: see `hub vault list`", code="no_such_request")
        if out is not None:
            _make_closed(out)
        private, verifier = read_key(settings, "sealed.private"), open_verifier(settings)
        parts = unseal(vault, eyes, who, asked.item, approval=number, private=private, verifier=verifier)
    content = [{"kind": part.kind.value, **part.content} for part in parts]
    text = json.dumps({"document": asked.item, "parts": content}, indent=2, ensure_ascii=False)
    if out is None:
        typer.echo(text)
        return
    out.write_text(f"{text}\n", encoding="utf-8")
    typer.echo(f"Written: {out}", err=True)


@app.command()
def search(
    number: Number,
    identifier_from: Whom = "",
    account: As = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Find the numbers of the documents of the person whom an approved request for `search` is about. Needs keys/sealed.private.

    After an erasure nothing else leads from a person to them. Opening one takes a request of its own.

    Example: hub vault search 5b0e… --as auditor-1
    """
    from hub.installation import read_key
    from hub.registry.unsealing import search as search_vault

    with _opened(home, account) as (settings, vault, eyes, who):
        canonical = _canonical(vault, identifier_from)
        private = read_key(settings, "sealed.private")
        found = search_vault(vault, eyes, who, canonical, approval=number, private=private)
    if as_json:
        typer.echo(json.dumps(found))
        return
    typer.echo("\n".join(found) if found else "The vault holds nothing of this person.")


def _canonical(vault: SealedVault, source: str) -> str:
    from hub.clock import stockholm_date
    from hub.commands.consent_texts import read_identifier
    from hub.contract.identifiers import canonical_identifier

    return canonical_identifier(read_identifier(source), today=stockholm_date(vault.log.now()))


@contextmanager
def _opened(
    home: Path | None, account: str, *, approving: bool = False
) -> Iterator[tuple[Settings, SealedVault, FourEyes, Principal]]:
    from hub.access.opening import build_access_engine, open_four_eyes
    from hub.audit.opening import open_vault
    from hub.bootstrap import build_clock
    from hub.commands.vault_person import person
    from hub.settings import load_settings

    settings = load_settings(home)
    vault, engine = open_vault(settings, build_clock(settings)), build_access_engine(settings)
    try:
        who = person(settings, engine, vault.log, account, approving=approving)
        yield settings, vault, open_four_eyes(settings, engine, vault.log), who
    finally:
        vault.close()
        engine.dispose()


def _make_closed(out: Path) -> None:
    """Before the approval is used up: a file that cannot be written must not cost it."""
    from hub.errors import ConfigError

    try:
        out.touch(mode=0o600, exist_ok=False)
    except OSError as error:
        raise ConfigError(f"{out} cannot be made: {error.strerror}", code="cannot_write") from error


def _named(one: Request) -> str:
    """The document's number, or that it is a search."""
    from hub.registry.unsealing import SEARCH, is_search

    return SEARCH if is_search(one.item) else one.item


def _as_json(one: Request) -> dict[str, Any]:
    return {
        "request": one.request_id, "document": _named(one), "purpose": one.purpose, "legal_ground": one.legal_ground,
        "case": one.case_reference, "state": one.state.value, "asked_by": one.requester, "asked_by_name": one.requester_name,
        "asked_at": one.asked_at.isoformat(), "until": one.until.isoformat(), "decided_by_name": one.decider_name,
        "decided_as": one.decider_role,
    }  # fmt: skip


def _line(one: Request) -> str:
    from hub.clock import STOCKHOLM

    until = f"{one.until.astimezone(STOCKHOLM):%Y-%m-%d %H:%M}"
    decided = f", decided by {one.decider_name} ({one.decider_role})" if one.decider_name else ""
    ground = f"{one.purpose}, {one.legal_ground}, case {one.case_reference}"
    return f"{one.request_id}  {one.state.value} until {until}, document {_named(one)}: {one.requester_name}, {ground}{decided}"


def _print(one: Request, *, as_json: bool, next_step: str) -> None:
    if as_json:
        typer.echo(json.dumps(_as_json(one)))
        return
    typer.echo(f"{_line(one)}.\nNext, {next_step}")
