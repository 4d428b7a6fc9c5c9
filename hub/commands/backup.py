"""`hub backup`: copies, restores, and the proof that who was shredded stays shredded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from hub.commands.backup_texts import recorder, tell_left_out, tell_plan, tell_restored, telling
from hub.commands.options import Home, Json

__all__ = ["app"]

app = typer.Typer(
    help="Copies of every database, made while the hub runs. Data keys are in none of them, so that no copy brings back who was "
    "shredded. Keep apart: the backups, the copies of the keyring (for days), and `keys/`.",
    no_args_is_help=True,
)


@app.command()
def create(
    into: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where backups are kept; each is a folder of its own there.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Make a backup: databases, the statutory store (sealed as it is), settings with consent.yaml and rules, the shred list.
    Nothing has to stop.

    Neither data keys nor `keys/` are in it; see `hub backup keyring`. Passwords that stand in hub.toml are left out: keep them
    where you keep `keys/`, or in a file that `?password_file=` names.

    Example: hub backup create /mnt/backups
    """
    from hub.backup.create import create_backup
    from hub.bootstrap import build_clock
    from hub.settings import load_settings

    settings = load_settings(home)
    made = recorder(settings, "databases")
    target, manifest = create_backup(settings, into, build_clock(settings).now(), telling(quiet=as_json), recorded=made)
    size = sum(one.size for one in manifest.files)
    if as_json:
        databases = [one.store for one in manifest.files if one.store]
        told = {"backup": str(target), "databases": databases, "files": len(manifest.files), "bytes": size}
        typer.echo(json.dumps({**told, "left_out": manifest.left_out}))
        return
    typer.echo(f"{target}: {len(manifest.files)} files, {size:,} bytes. Check it: hub backup verify {target}")
    tell_left_out(manifest.left_out)


@app.command()
def keyring(
    into: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where copies of the keyring are kept; not where backups are.")],
    keep_days: Annotated[int, typer.Option(min=1, help="Copies in that folder that are older than this are removed.")] = 7,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Copy the data keys, for a place and a time of their own. Without a copy, a lost machine's identities never open again.

    As long as a copy is kept, it holds keys of who was shredded since; the shred list makes a restore destroy them.

    Example: hub backup keyring /mnt/keys --keep-days 7
    """
    from datetime import timedelta

    from hub.backup.create import create_key_copy
    from hub.bootstrap import build_clock
    from hub.settings import load_settings

    settings = load_settings(home)
    now, made = build_clock(settings).now(), recorder(settings, "keyring")
    copy, removed = create_key_copy(settings, into, now, timedelta(days=keep_days), recorded=made)
    if as_json:
        typer.echo(json.dumps({"copy": str(copy), "removed": [str(path) for path in removed]}))
        return
    typer.echo(f"{copy}; {len(removed)} older ones removed")


@app.command()
def verify(backup: Annotated[Path, typer.Argument(metavar="BACKUP", help="One backup's folder.")], as_json: Json = False) -> None:
    """Check a backup: every file as it was written, every database readable, all in it that decides (consent.yaml, rules, teams,
    areas, agencies). Exits 1 when something is wrong.

    Example: hub backup verify /mnt/backups/hub-backup-20250519T053000Z
    """
    from hub.backup.manifest import lacking, read_manifest
    from hub.backup.manifest import verify as find_faults

    manifest = read_manifest(backup)
    without = [f"{name} is not in it: an older version made it" for name in lacking(manifest)]
    faults = [*find_faults(backup), *without]
    if as_json:
        typer.echo(json.dumps({"backup": str(backup), "made_at": manifest.made_at.isoformat(), "faults": faults}))
    else:
        for fault in faults:
            typer.echo(fault, err=True)
        found = "whole" if not faults else "not whole" if faults == without else "damaged"
        typer.echo(f"{backup}: {found}, made {manifest.made_at:%Y-%m-%d %H:%M} UTC")
        tell_left_out(manifest.left_out)
    if faults:
        raise typer.Exit(1)


@app.command()
def discard(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Remove now what restores left beside the installation: the former data (data.before-…) and what a killed one had made.

    The registry does it by itself when they have lain for `erasure.former_data_days`. Until then they count among the places
    from which a withdrawal's data is to go: `hub consent erasure-status --places`. There is no way back after this.

    Example: hub backup discard
    """
    from hub.audit.actions import Action
    from hub.commands.auditing import log_first
    from hub.put_aside import destroy, find_asides, find_leftover, remove_leftover
    from hub.settings import load_settings

    settings = load_settings(home)
    found = [aside.folder for aside in find_asides(settings.home)]
    leftover = find_leftover(settings.home)
    folders = [*found, *([leftover] if leftover else [])]
    if folders and not yes:
        typer.echo("\n".join(str(folder) for folder in folders), err=True)
        typer.confirm("Remove them for ever?", abort=True, err=True)
    if folders:
        log_first(settings, Action.BACKUP_DISCARDED, purpose=f"n{len(folders)}")
    if leftover:
        remove_leftover(settings.home)
    for folder in found:
        destroy(folder)
    if as_json:
        typer.echo(json.dumps({"removed": [str(folder) for folder in folders]}))
        return
    typer.echo(f"{len(folders)} folders removed" if folders else "Nothing of a restore lies here")


@app.command()
def restore(  # noqa: PLR0917 -- typer reads one option per parameter
    backup: Annotated[Path, typer.Argument(metavar="BACKUP", help="One backup's folder.")],
    keyring_from: Annotated[
        Path | None,
        typer.Option(
            "--keyring",
            metavar="FILE",
            help="A copy of the keyring (default: the one that is here); not with registry.keyring_url.",
        ),
    ] = None,
    shred_list: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="A newer shred list, from another disk; repeat for more. Those of backups beside are read."
        ),
    ] = None,
    without_list_copy: Annotated[
        bool, typer.Option("--without-list-copy", help="Go on though the file that registry.shred_list_copy names is lost.")
    ] = False,
    former_registry: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="PostgreSQL: the registry's database until now; what had ended there ends again. It is only read."
        ),
    ] = None,
    without_former: Annotated[
        bool, typer.Option("--without-former-registry", help="Go on though that database is lost.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Bring a backup back into the installation, which must be stopped. What it holds now is put aside, not removed.

    Who was shredded and what was withdrawn since the backup ends again, and what was narrowed is made less again; every consent
    record is told anew at the next start. Nobody else works with the installation meanwhile: they are refused.

    The audit log is not gone back on: what was logged after the backup stays, where the installation's own log goes on from the
    backup's. Everybody is signed out, and whatever waited for a second person or was approved must be asked for again.

    The backup's consent.yaml is put back, for under other rules what it permits would end for ever; another one that was here
    lies beside it then, as consent.yaml.before-….

    For a new machine: `hub init`, copy `keys/` and the backup's `settings/` there, then restore with --keyring. On PostgreSQL,
    name new, empty databases in hub.toml first, but for the audit log's, and the registry's former one with --former-registry
    (`?password_file=` in its address keeps the password off the command line). What was made of SQLite goes to SQLite, and the
    same with PostgreSQL.

    Example: hub backup restore /mnt/backups/hub-backup-20250519T053000Z --keyring /mnt/keys/hub-keyring-20250519T053000Z.db
    """
    from hub.backup.restore import make_plan
    from hub.backup.restore import restore as carry_out
    from hub.bootstrap import build_clock
    from hub.commands.acting import acting
    from hub.contract.codec import Codec
    from hub.settings import load_settings

    if former_registry and without_former:
        raise typer.BadParameter("it is named or lost, not both", param_hint="--former-registry")
    settings = load_settings(home)
    actor = acting(settings)
    former = "" if without_former else former_registry or None
    plan = make_plan(settings, backup, keyring_from, shred_list or (), former_registry=former, without_copy=without_list_copy)
    if not as_json or not yes:
        tell_plan(plan)
    if not yes:
        typer.confirm("Restore it?", abort=True, err=True)
    done = carry_out(plan, build_clock(settings), Codec.load(), telling(quiet=as_json), actor=actor)
    if as_json:
        told = {"ended_again": done.ended, "shred_list": done.endings, "aside": str(done.aside or "")}
        told |= {"kafka_begins_anew": plan.begins_kafka_anew}
        rules = {"rules_aside": str(done.rules_aside or ""), "lacking": plan.lacking, "differing": plan.differing}
        typer.echo(json.dumps({**told, **rules, "left_out": plan.manifest.left_out}))
        return
    tell_restored(plan, done)


@app.command()
def drill(
    database_url: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL", help="Play it on PostgreSQL: four empty databases, which it fills. Default: SQLite, in a folder."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Prove that a restore brings nobody back: grant, back up, withdraw, restore on another machine, look. Touches nothing here.

    Exits 1 when a proof fails.

    Example: hub backup drill
    """
    from hub.backup.drill import play_drill

    given = database_url or []
    if len(given) not in {0, 4}:
        raise typer.BadParameter("name four databases: registry and keyring, before and after", param_hint="--database-url")
    urls = {
        which: dict(zip(("database_url", "keyring_url"), given[at : at + 2], strict=False))
        for at, which in ((0, "first"), (2, "restored"))
    }
    proofs = play_drill(telling(quiet=as_json), urls.__getitem__)
    if as_json:
        typer.echo(json.dumps({"proofs": [{"what": one.what, "holds": one.holds} for one in proofs]}, indent=2))
    else:
        for one in proofs:
            typer.echo(f"{'yes' if one.holds else 'NO '}  {one.what}")
    if not all(one.holds for one in proofs):
        raise typer.Exit(1)
