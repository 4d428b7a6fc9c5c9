"""Who was shredded and what has ended, of every list that a restore can find, and that replayed on the keyring.

A restore works on a copy of the keyring until the data are in their place: one that fails or is killed has destroyed no key but
of whom a list had named, and written nothing on a shred list that stood on none. What it ended itself comes to a keyring in a
database of its own, and to the copy of the list on another disk, once it is done (`follow`).
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from hub.backup.copying import copy_sqlite
from hub.errors import ConfigError, HubError, RetriableError
from hub.logs import get_logger
from hub.put_aside import find_asides, staging
from hub.registry.database import migrate, open_database, reading
from hub.registry.keyring import Ending, Keyring, merge_endings, open_keyring, read_shred_list, write_shred_list
from hub.registry.reconcile import unlisted_endings
from hub.settings import Settings

__all__ = ["all_endings", "endings_in", "follow", "put_keyring", "replay_on_keyring"]

_log = get_logger(__name__)


def all_endings(settings: Settings, files: Sequence[Path], keyring: Path | None, now: datetime) -> list[Ending]:
    """Of every list: a restore that overlooked one would bring somebody back. `keyring`: the copy that is restored, if one is.

    What has ended in the registry that is to be put aside counts too where no list says it, as after a crash; `now` if it does
    not say when.
    """
    lists = [read_shred_list(path) for path in files]
    live, known = settings.data / "keyring" / "keyring.db", ""
    if settings.registry.keyring_url or live.is_file():
        known = settings.keyring_database
        lists.append(endings_in(known))
    # What an earlier restore put aside may have been worked with before that: while data/ was another's, or after a wrong step.
    lists += [endings_in(f"sqlite:///{aside.keyring}") for aside in find_asides(settings.home) if aside.keyring]
    if keyring is not None and keyring != live:
        scratch = staging(settings.home) / "keyring" / "keyring.db"
        copy_sqlite(keyring, scratch)
        known = known or f"sqlite:///{scratch}"
        lists.append(endings_in(f"sqlite:///{scratch}"))
    return merge_endings(*lists, _unlisted(settings, known, now) if known else ())


def _unlisted(settings: Settings, keyring_url: str, now: datetime) -> list[Ending]:
    """What has ended in the registry here, as a copy of it says, and the keyring's list does not: its line was cut off.

    That the registry cannot be read any more is the reason of many a restore: then the lists alone count, and the log says so.
    """
    file, folder = settings.data / "registry" / "registry.db", staging(settings.home) / "looked-through"
    if not settings.registry_database.startswith("sqlite") or not file.is_file():
        return []
    keyring = open_keyring(keyring_url)
    try:
        copy_sqlite(file, folder / "registry.db")
        return _ended_in(f"sqlite:///{folder / 'registry.db'}", keyring, now)
    except HubError as error:
        _log.warning("the registry here cannot be read: what has ended in it counts where a shred list says so", code=error.code)
        return []
    finally:
        keyring.close()
        shutil.rmtree(folder, ignore_errors=True)


def _ended_in(url: str, keyring: Keyring, now: datetime) -> list[Ending]:
    engine = open_database(url)
    try:
        migrate(engine)
        with reading(engine) as session:
            return unlisted_endings(session, keyring, now)
    finally:
        engine.dispose()


def endings_in(url: str) -> list[Ending]:
    """The shred list of the keyring at a database URL, oldest first."""
    keyring = open_keyring(url)
    try:
        return keyring.endings()
    finally:
        keyring.close()


def replay_on_keyring(settings: Settings, endings: Sequence[Ending]) -> None:
    """No key that was destroyed is in it any more. Raises RetriableError."""
    keyring: Keyring = open_keyring(settings.keyring_database)
    try:
        keyring.end(endings)
        keyring.tidy()
    finally:
        keyring.close()


def put_keyring(settings: Settings, keyring: Path | None, staged: str) -> None:
    """Copy the keyring that is restored, or, where it is in a database of its own, that one, to the URL where a restore works.

    Raises RetriableError.
    """
    if keyring is not None:
        copy_sqlite(keyring, staging(settings.home) / "keyring" / "keyring.db")
        return
    live = open_keyring(settings.keyring_database)
    try:
        copy = open_keyring(staged)
        try:
            live.copy_to(copy)
        finally:
            copy.close()
    finally:
        live.close()


def follow(settings: Settings, endings: Sequence[Ending]) -> None:
    """What a restore that is done has ended: on the installation's keyring, and in the copy of the list elsewhere.

    Raises RetriableError when the keyring does not answer any more.
    """
    try:
        replay_on_keyring(settings, endings)
        listed = endings_in(settings.keyring_database)
    except RetriableError as error:
        text = "the data are restored, and the keyring does not answer: the registry brings it in step at its start"
        raise RetriableError(text, code="database") from error
    copy = settings.registry.shred_list_copy
    try:
        if copy:
            write_shred_list(settings.home / copy, listed)
    except ConfigError as error:  # the registry tries it again
        _log.warning("the copy of the shred list elsewhere is not written", code=error.code)
