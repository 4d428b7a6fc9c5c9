"""`hub keys`: which keys are valid, new ones in their place, and the end of the former ones. No key is ever printed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.commands.acting import acting
from hub.commands.options import Home, Json

if TYPE_CHECKING:
    from hub.clock import Clock
    from hub.registry.opening import OpenRegistry
    from hub.settings import Settings

__all__ = ["app"]

app = typer.Typer(
    help="Keys of the installation: which are valid, put new ones in their place, end the former ones. No key is printed.",
    no_args_is_help=True,
)
AgencyName = Annotated[str, typer.Argument(metavar="AGENCY", help="An agency of agencies.yaml.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.command("list")
def list_keys(home: Home = None, as_json: Json = False) -> None:
    """List the valid keys, by names that say nothing of them: the master key, each agency's key and token, when each was used.

    That they were listed is in the audit log.

    Example: hub keys list
    """
    from hub.audit.actions import Action
    from hub.commands.auditing import logged
    from hub.commands.consent_texts import print_json
    from hub.registry.master_key import master_state
    from hub.registry.rotation import agency_key_states

    with _opened(home) as (settings, opened, _clock), logged(settings, Action.KEY_LISTED):
        states = agency_key_states(settings, opened.registry)
        master = master_state(settings, opened.tools.vault, opened.keyring)
    if as_json:
        rows = [
            {
                "agency": one.agency,
                "what": one.what,
                "key": one.key,
                "former": one.former,
                "used_at": one.used_at.isoformat() if one.used_at else None,
            }
            for one in states
        ]
        print_json({"master": asdict(master), "agencies": rows})
        return
    waiting = f", {master.waiting} of them under the former one: hub keys rotate" if master.waiting else ""
    typer.echo(f"master key {master.key}: {master.data_keys} data keys{waiting}")
    if master.former and not master.waiting:
        typer.echo("the former master key is valid and not needed any more: hub keys retire")
    for one in states:
        used = f"last used {one.used_at:%Y-%m-%d %H:%M} UTC" if one.used_at else "not used yet"
        typer.echo(f"{one.agency:<24}  {one.what:<5}  {one.key}  {'former' if one.former else 'newest'}  {used}")


@app.command("rotate")
def rotate(yes: Yes = False, home: Home = None) -> None:
    """Put a new master key in place, and wrap every data key anew under it, while the registry runs.

    It can be interrupted at any point: run again, it takes up what is left. The former key stays beside it until
    `hub keys retire`. Copies of keys/registry.key that are kept elsewhere need the new one from now on.

    Example: hub keys rotate
    """
    from hub.commands.consent_texts import progress
    from hub.registry import master_key

    if not yes:
        typer.confirm("Put a new master key in place (or go on with a rotation that was interrupted)?", abort=True)
    with _opened(home) as (settings, opened, clock):
        vault, keyring = opened.tools.vault, opened.keyring
        with _audited(settings, clock, "master", "rotate_master") as record:
            fresh = master_key.begin_rotation(settings, vault, record)
            total = master_key.master_state(settings, vault, keyring).waiting
            with progress(total, quiet=False, label="Wrapping data keys") as advance:
                done = master_key.rewrap(settings, vault, keyring, lambda number, _total: advance(number))
        keyring.tidy()
        typer.echo(f"{'A new master key is in place' if fresh else 'The rotation goes on'}: {done} data keys are wrapped anew.")
        typer.echo(f"Keep a copy of {settings.keys / 'registry.key'} apart from every backup. Then: hub keys retire")


@app.command("retire")
def retire(yes: Yes = False, home: Home = None) -> None:
    """End the former master key for ever. Refused while a data key is still wrapped under it.

    Example: hub keys retire
    """
    from hub.registry import master_key

    if not yes:
        typer.confirm("End the former master key for ever? Backups of the keyring from before need it.", abort=True)
    with _opened(home) as (settings, opened, clock):
        with _audited(settings, clock, "master", "retire_master") as record:
            master_key.retire_master(settings, opened.tools.vault, opened.keyring, record)
        typer.echo("The former master key is no longer valid. Destroy its copies, too.")


@app.command("rotate-agency")
def rotate_agency(agency: AgencyName, yes: Yes = False, home: Home = None) -> None:
    """Give an agency a new HMAC key and a new token. The former ones stay valid until `hub keys retire-agency`.

    The registry takes them up at once and tells each entry under both keys. A connector on this machine reads the new files
    by itself; another one needs both files brought to its keys/ folder, and beside them agency-*.hmac.former if it is stopped
    meanwhile: its copy of the directory opens with that one.

    Example: hub keys rotate-agency school-norrkoping
    """
    from hub.registry import rotation

    if not yes:
        typer.confirm(f"Make a new key and a new token for {agency}?", abort=True)
    with _opened(home) as (settings, _, clock):
        with _audited(settings, clock, agency, "rotate_agency") as record:
            rotation.rotate_agency(settings, agency, record)
        typer.echo(f"{agency} has a new key and a new token; the former ones are valid until they are retired.")
        files = f"agency-{agency}.hmac and agency-{agency}.token (one that is stopped: agency-{agency}.hmac.former too)"
        typer.echo(f"A connector elsewhere needs {files} from {settings.keys}. Then: hub keys retire-agency {agency}")


@app.command("retire-agency")
def retire_agency(
    agency: AgencyName,
    force: Annotated[bool, typer.Option("--force", help="Although a connector still uses them, as after a theft.")] = False,
    yes: Yes = False,
    home: Home = None,
) -> None:
    """End the validity of an agency's former key and token.

    Refused while a connector has asked with them within the hour: with its key gone it publishes nothing.

    Example: hub keys retire-agency school-norrkoping
    """
    from hub.registry import rotation

    if not yes:
        typer.confirm(f"End the former key and token of {agency} for ever?", abort=True)
    with _opened(home) as (settings, opened, clock):
        with _audited(settings, clock, agency, "retire_agency") as record:
            rotation.retire_agency(settings, opened.registry, agency, clock.now(), record, force=force)
        typer.echo(f"The former key and token of {agency} are no longer valid.")


@contextmanager
def _opened(home: Path | None) -> Iterator[tuple[Settings, OpenRegistry, Clock]]:
    from hub.bootstrap import build_clock, build_registry
    from hub.settings import load_settings

    settings = load_settings(home)
    clock = build_clock(settings)
    opened = build_registry(settings, clock)
    try:
        yield settings, opened, clock
    finally:
        opened.close()


@contextmanager
def _audited(settings: Settings, clock: Clock, what: str, purpose: str) -> Iterator[Callable[[], None]]:
    """Yields what writes down who changes a key, to be called just before it is changed; a refusal is written too.

    Nobody else on this machine changes keys while the block lasts: two would take what the other has made for what was there.
    """
    from hub.audit.actions import Action
    from hub.audit.entries import Entry, Outcome
    from hub.bootstrap import build_audit
    from hub.errors import RejectedError
    from hub.in_use import changing_keys

    actor = acting(settings)
    audit = build_audit(settings, clock)

    def record() -> None:
        audit.append(Entry(actor, Action.KEY_CHANGED, purpose=purpose, rule=what))

    try:
        with changing_keys(settings.keys):
            yield record
    except RejectedError as error:
        audit.append(Entry(actor, Action.KEY_CHANGED, purpose=purpose, outcome=Outcome.DENY, rule=error.code))
        raise
    finally:
        audit.close()
