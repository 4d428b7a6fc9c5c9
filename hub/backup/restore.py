"""Brings a backup back, and nobody who was shredded since.

Order: (1) everything is put together beside the installation, in `data.restoring`: what the backup holds, the installation's
own audit log where it goes on from the backup's (`hub.backup.continuing`), and what waits on the disk for it, behind which the
restore is an entry; (2) the shred lists of all copies that are known are merged and replayed: on a copy of the keyring, so that
no destroyed key is there, and on the registry, so that nobody's consent is in force again; (3) the versions are raised above what
the bus has seen and the records are queued; (4) the folder is swapped in, and with it the backup's rules of consent; (5) what
lies apart follows: a keyring in a database of its own, the copy of the shred list on another disk. Nobody else works with the
installation meanwhile (`hub.in_use`), and until (4) it is as it was; what a failed restore has made is removed when it fails,
what a killed one has, by the next restore, by the registry, or with `hub backup discard`.

The rules of consent are the backup's throughout: under other ages or periods, what they permit would end, and for ever.

What is put aside is a place of physical removal like any other: who withdraws is shredded in it, and it leaves in time.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from hub.audit.entries import SYSTEM, Actor
from hub.audit.spool import SPOOL, copied
from hub.backup.continuing import is_log, put_own_log, regret, resume
from hub.backup.copying import load, mark, restored_from, unmark
from hub.backup.endings import all_endings, endings_in, follow, put_keyring, replay_on_keyring
from hub.backup.fresh_kafka import begin_anew, begins_anew
from hub.backup.plan import Plan, make_plan
from hub.backup.stores import check_places
from hub.clock import Clock
from hub.contract.codec import Codec
from hub.errors import ConfigError
from hub.in_use import held_alone
from hub.installation import CONSENT_FILE, write_closed
from hub.put_aside import beside, destroy, destroy_keyring, put_aside, restoring, staging, step_back
from hub.registry.coming_back import come_back
from hub.registry.former import shred_copy
from hub.registry.keyring import Ending
from hub.registry.opening import open_registry
from hub.registry.removal import look_again
from hub.settings import Settings

__all__ = ["Plan", "Restored", "make_plan", "restore"]


@dataclass(frozen=True, slots=True)
class Restored:
    """`ended`: how much had ended since the backup and was ended again; `aside`: where the former data lie, if there were any;
    `rules_aside`: where the rules of consent lie that were others than the backup's.
    """

    ended: int
    endings: int
    aside: Path | None
    rules_aside: Path | None = None


@dataclass(frozen=True, slots=True)
class _Means:
    """What a restore works with, and who does it."""

    clock: Clock
    codec: Codec
    say: Callable[[str], None]
    actor: Actor


class _Staged(Settings):
    """The same installation, its data where they are being put together, under the backup's rules of consent."""

    rules_of_backup: Path | None = None

    @property
    def consent_file(self) -> Path:
        return self.rules_of_backup or self.home / CONSENT_FILE

    @property
    def data(self) -> Path:
        return staging(self.home)


def restore(
    plan: Plan, clock: Clock, codec: Codec, say: Callable[[str], None] = lambda _text: None, *, actor: Actor = SYSTEM
) -> Restored:
    """Carry the plan out. Raises ConfigError or RetriableError: the installation is as it was, with nothing beside it.

    Whoever opens the registry meanwhile is refused: what would be recorded now would be put aside. `actor`: who does it, for the
    audit log.
    """
    home = plan.settings.home
    check_places(plan.settings)
    with restoring(home), held_alone(home):
        step_back(home)
        destroy(staging(home))
        try:
            return _carry_out(plan, _Means(clock, codec, say, actor))
        except OSError as error:
            text = f"{home} cannot be restored: {(error.strerror or type(error).__name__).lower()}; everything is as it was"
            raise ConfigError(text, code="cannot_restore") from error
        finally:
            destroy(staging(home))


def _carry_out(plan: Plan, means: _Means) -> Restored:
    staged = staging(plan.settings.home)
    staged.mkdir(parents=True, mode=0o700)
    endings = all_endings(plan.settings, plan.lists, plan.keyring, means.clock.now(), former=plan.former_registry)
    # Until the swap: what is done to the restored registry meanwhile is an entry of the restored log, behind what waits for it.
    with copied(plan.settings.data / SPOOL, staged / SPOOL):
        return _put_together(plan, endings, means)


def _put_together(plan: Plan, endings: Sequence[Ending], means: _Means) -> Restored:
    staged, settings = staging(plan.settings.home), _staged(plan)
    continued = plan.continues_log
    _put_files(plan, staged, means.say)
    _put_databases(plan, settings, staged, means.say, without_log=continued)
    if continued:
        means.say("audit log")
        put_own_log(plan.settings, staged)
    try:
        resume(settings, plan.manifest, means.clock, means.actor, continued=continued)
        means.say("shred list")
        done, listed = _bring_back(plan, settings, endings, means, continued=continued)
    except BaseException:
        regret(settings, plan.manifest, means.clock, means.actor)
        raise
    follow(plan.settings, listed)
    return done


def _bring_back(
    plan: Plan, settings: Settings, endings: Sequence[Ending], means: _Means, *, continued: bool
) -> tuple[Restored, list[Ending]]:
    """Behind the restore's entry: what has ended ends again, and all of it is swapped in. Also the shred list that counts now."""
    put_keyring(plan.settings, plan.keyring, settings.keyring_database)
    replay_on_keyring(settings, endings)
    ended = _come_back(plan, settings, means.clock, means.codec)
    begin_anew(settings, plan.manifest, means.clock.now())
    listed = endings_in(settings.keyring_database)
    # Who was shredded is so whatever comes of this restore: a keyring that stays where it is, and what is put aside, must not
    # know more than what is brought back.
    if plan.keyring is None:
        destroy_keyring(staging(plan.settings.home))
        replay_on_keyring(plan.settings, endings)
    former = plan.settings.data / "keyring" / "keyring.db"
    if former.is_file():
        shred_copy(former, endings)
    return Restored(ended, len(endings), *_finish(plan, continued=continued, now=means.clock.now())), listed


def _staged(plan: Plan) -> _Staged:
    registry = plan.settings.registry.model_copy(update={"keyring_url": "", "shred_list_copy": ""})  # not before the swap
    return _Staged.model_construct(**{**vars(plan.settings), "registry": registry}, rules_of_backup=plan.consent_file)


def _finish(plan: Plan, *, continued: bool, now: datetime) -> tuple[Path | None, Path | None]:
    """Swap. What is on servers is no unfinished attempt any more: nobody must take it for one when it has been worked with."""
    filled = _filled(plan, without_log=continued)
    for url in filled:
        unmark(url)
    try:
        return _swap(plan, now)
    except (ConfigError, OSError):
        for url in filled:
            mark(url, plan.manifest.name)
        raise


def _filled(plan: Plan, *, without_log: bool) -> list[str]:
    """The databases on servers that this restore has filled."""
    copies = [one for one in plan.manifest.files if one.store and Path(one.path).suffix != ".db"]
    return [str(getattr(plan.settings, f"{one.store}_database")) for one in copies if not (without_log and is_log(one))]


def _swap(plan: Plan, now: datetime) -> tuple[Path | None, Path | None]:
    """Where the former data and the former rules of consent lie. Neither data are ever there under the other's rules."""
    home, own, theirs = plan.settings.home, plan.settings.consent_file, plan.consent_file
    if theirs is None or not plan.replaces_rules:
        return put_aside(home, plan.settings.data, now), None
    former = beside(own, now) if own.is_file() else None
    if former is not None:
        write_closed(former, own.read_bytes())
    try:
        return put_aside(home, plan.settings.data, now, partial(write_closed, own, theirs.read_bytes())), former
    except (ConfigError, OSError):
        if former is None:
            own.unlink(missing_ok=True)
        elif former.is_file():  # else it is back already
            former.replace(own)
        raise


def _come_back(plan: Plan, settings: Settings, clock: Clock, codec: Codec) -> int:
    """The registry's own part; what was put aside counts, from now on, as a place where something may lie."""
    opened = open_registry(settings, clock, codec)
    try:
        anew = begins_anew(settings)
        ended = come_back(opened.registry, opened.keyring, plan.manifest.made_at)
        if plan.replaces:
            bound = timedelta(days=settings.erasure.former_data_days)
            with opened.registry.work() as work:
                look_again(work, bound, fresh_log=anew)
        opened.registry.shrink()
        return ended
    finally:
        opened.close()


def _put_files(plan: Plan, staged: Path, say: Callable[[str], None]) -> None:
    say("files")
    for one in plan.manifest.files:
        place = Path(one.path)
        if not one.store and place.parts[0] == "data":
            target = staged / place.relative_to("data")
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            shutil.copyfile(plan.backup / place, target)
            target.chmod(0o600)


def _put_databases(plan: Plan, settings: Settings, staged: Path, say: Callable[[str], None], *, without_log: bool) -> None:
    for one in plan.manifest.files:
        if not one.store or (without_log and is_log(one)):
            continue
        say(f"database {one.store}")
        file = plan.backup / one.path
        if file.suffix == ".db":
            load(file, f"sqlite:///{staged / one.store}.db", plan.manifest.name)
            continue
        url = str(getattr(settings, f"{one.store}_database"))
        if restored_from(url) != plan.manifest.name:  # else an earlier attempt came that far
            load(file, url, plan.manifest.name)
