"""Who was shredded and what has ended, of every list that a restore can find, and that replayed on the keyring.

A restore works on a copy of the keyring until the data are in their place: one that fails or is killed has destroyed no key but
of whom a list had named, and written nothing on a shred list that stood on none. What it ended itself comes to a keyring in a
database of its own, and to the copy of the list on another disk, once it is done (`follow`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from hub.backup.copying import copy_sqlite
from hub.backup.unlisted import unlisted
from hub.errors import ConfigError, RetriableError
from hub.logs import get_logger
from hub.put_aside import find_asides, staging
from hub.registry.keyring import Ending, Keyring, merge_endings, open_keyring, read_shred_list, write_shred_list
from hub.settings import Settings

__all__ = ["all_endings", "endings_in", "follow", "put_keyring", "replay_on_keyring"]

_log = get_logger(__name__)


def all_endings(
    settings: Settings, files: Sequence[Path], keyring: Path | None, now: datetime, *, former: str = ""
) -> list[Ending]:
    """Of every list: a restore that overlooked one would bring somebody back. `keyring`: the copy that is restored, if one is.

    What has ended in the registry that is replaced counts too where no list says it, as after a crash; `now` if it does not say
    when. `former`: its address, where it is not under `data/`.
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
    return merge_endings(*lists, unlisted(settings, known, former, now) if known else ())


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
