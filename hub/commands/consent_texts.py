"""How `hub consent` reads what must not stand on a command line, and prints consents without saying whose."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from hub.errors import ConfigError, RejectedError

if TYPE_CHECKING:
    from hub.registry.registry import Registry
    from hub.registry.views import ConsentView, YouthView

__all__ = [
    "as_json_consent",
    "as_json_youth",
    "line",
    "opened",
    "print_json",
    "print_youth",
    "progress",
    "read_identifier",
    "read_rows",
    "read_text",
]

_STDIN = "-"
_TOLD_WHY = {
    "lapsed": "guardians signed it, and from 18 the youth signs alone: register a new one on the adult form",
    "expired": "its period is over",
}


@contextmanager
def opened(home: Path | None) -> Iterator[Registry]:
    """The registry of an installation, on its database; the registry's process need not run. What is done with it is audited."""
    from hub.bootstrap import build_audit, build_clock, build_registry
    from hub.commands.acting import acting
    from hub.registry.audited import AuditedRegistry
    from hub.settings import load_settings

    settings = load_settings(home)
    clock = build_clock(settings)
    actor = acting(settings)
    found = build_registry(settings, clock)
    audit = build_audit(settings, clock)
    try:
        yield AuditedRegistry(found.registry, audit, actor)
    finally:
        audit.close()
        found.close()


def read_identifier(source: str) -> str:
    """From a file, from stdin (`-`) or, without a source, asked for without echo; read from stdin where nobody can be asked."""
    if not source and sys.stdin.isatty():
        text: str = typer.prompt("Personnummer", hide_input=True, err=True)
        return text
    # The file's name is not repeated: somebody may have put the number itself there.
    lines = read_text(source or _STDIN, "the file of --identifier-from").splitlines()
    if not lines:
        raise RejectedError("identifier: nothing was given", code="unresolved_identifier")
    return lines[0]


def read_rows(file: Path) -> list[dict[str, Any]]:
    """The rows of an import. Raises ConfigError when the file is not a JSON array of objects; never quotes it."""
    try:
        rows = json.loads(read_text(str(file), "the file of consents"))
    except (ValueError, RecursionError):
        raise ConfigError("the file of consents is not JSON", code="bad_import_file") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConfigError("the file of consents must hold a JSON array of objects, one for each consent", code="bad_import_file")
    return rows


def read_text(source: str, what: str) -> str:
    """A file's text, or stdin's (`-`). Raises ConfigError that calls it `what`, and does not repeat its name."""
    try:
        return sys.stdin.read() if source == _STDIN else Path(source).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"{what} is not text in UTF-8", code="bad_import_file") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise ConfigError(f"{what} cannot be read: {why.lower()}", code="bad_import_file") from None


@contextmanager
def progress(total: int, *, quiet: bool, label: str = "Registering consents") -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr, when somebody is looking; yields what to call with the number done."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task(label, total=total)
        yield lambda done: bar.update(task, completed=done)


def print_json(value: object) -> None:
    """One JSON document."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_youth(view: YouthView, *, as_json: bool) -> None:
    """Standing, version and consents of one person; no reference and no identity."""
    if as_json:
        print_json(as_json_youth(view))
        return
    served = ", connectors may see it from its first day on" if view.served else ""
    typer.echo(f"Status: {view.status}, version {view.version}{served}")
    for consent in view.consents:
        typer.echo(f"  {line(consent)}")
        for told in _explained(consent):
            typer.echo(f"    {told}")


def as_json_youth(view: YouthView) -> dict[str, Any]:
    """One person's standing for a script."""
    consents = [as_json_consent(consent) for consent in view.consents]
    return {"status": view.status, "version": view.version, "served": view.served, "consents": consents}


def _explained(consent: ConsentView) -> Iterator[str]:
    """What keeps a consent from being in force, and who can change it."""
    if consent.blocked_by:
        yield f"blocked by: {', '.join(consent.blocked_by)} (`hub consent unblock`)"
    if consent.declined:
        yield f"has said no: {', '.join(consent.declined)}; not in force while the signatories disagree"
    if consent.missing and consent.state in {"waiting", "suspended", "disputed", "blocked"}:
        yield f"awaiting the signature of: {', '.join(consent.missing)}"
    if consent.state in _TOLD_WHY:
        yield _TOLD_WHY[consent.state] if consent.rule != "outgrown" else "older than the cooperation is for"


def line(consent: ConsentView) -> str:
    """One consent on one line."""
    span = f"{consent.valid_from:%Y-%m-%d %H:%M} – {consent.valid_to:%Y-%m-%d %H:%M} UTC"
    return (
        f"{consent.state:<9}  {consent.cooperation:<4}  {span}  "
        f"{', '.join(consent.kinds)} from {', '.join(consent.agencies)} to {', '.join(consent.recipients)}"
    )


def as_json_consent(consent: ConsentView) -> dict[str, Any]:
    """One consent for a script."""
    return {
        "consent_id": consent.consent_id,
        "state": consent.state,
        "cooperation": consent.cooperation,
        "agencies": consent.agencies,
        "recipients": consent.recipients,
        "kinds": consent.kinds,
        "valid_from": consent.valid_from.isoformat(),
        "valid_to": consent.valid_to.isoformat(),
        "legal_basis": consent.legal_basis,
        "required": consent.required,
        "signed": consent.signed,
        "missing": consent.missing,
        "rule": consent.rule,
        "declined": consent.declined,
        "blocked_by": consent.blocked_by,
    }
