"""Who was shredded and what has ended, of every list that a restore can find, and that replayed on the keyring."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hub.backup.copying import copy_sqlite
from hub.put_aside import find_asides, staging
from hub.registry.keyring import Ending, Keyring, merge_endings, open_keyring, read_shred_list
from hub.settings import Settings

__all__ = ["all_endings", "replay_on_keyring"]


def all_endings(settings: Settings, files: Sequence[Path], keyring: Path | None) -> list[Ending]:
    """Of every list: a restore that overlooked one would bring somebody back. `keyring`: the copy that is restored, if one is."""
    lists = [read_shred_list(path) for path in files]
    live = settings.data / "keyring" / "keyring.db"
    if settings.registry.keyring_url or live.is_file():
        lists.append(_endings_in(settings.keyring_database))
    # What an earlier restore put aside may have been worked with before that: while data/ was another's, or after a wrong step.
    lists += [_endings_in(f"sqlite:///{aside.keyring}") for aside in find_asides(settings.home) if aside.keyring]
    if keyring is not None and keyring != live:
        lists.append(_endings_of_copy(settings, keyring))
    return merge_endings(*lists)


def _endings_of_copy(settings: Settings, keyring: Path) -> list[Ending]:
    scratch = staging(settings.home) / "keyring" / "keyring.db"
    copy_sqlite(keyring, scratch)
    return _endings_in(f"sqlite:///{scratch}")


def _endings_in(url: str) -> list[Ending]:
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
