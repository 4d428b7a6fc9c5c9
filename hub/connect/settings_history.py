"""Which settings an instance has run with: a version for each change, as its process found them when it started.

Beside the instance's stores, in a file of its own, so that whoever asks what was changed before something broke finds it in one
place. Secrets are no settings (they lie in `keys/`), and what looks like a personal identifier is covered before it is written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from hub.contract.covering import without_identifiers
from hub.logs import get_logger
from hub.sections import ConnectorSettings

__all__ = ["Change", "Version", "changes", "note_settings", "read_versions", "settings_told"]

_log = get_logger(__name__)
_FILE = "settings.json"
_REMEMBERED = 100


@dataclass(frozen=True, slots=True)
class Version:
    """In use since an instant (UTC). `settings`: by the field's place in hub.toml, as text."""

    number: int
    since: datetime
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One field; empty text: it was, or is, not there."""

    field: str
    before: str
    after: str


def settings_told(settings: ConnectorSettings) -> dict[str, str]:
    """An instance's settings as they are remembered and shown."""
    return dict(_flat(settings.model_dump(mode="json"), ""))


def note_settings(folder: Path, settings: ConnectorSettings, now: datetime) -> None:
    """Remember them as the newest version, unless they are. A disk that takes nothing is no reason not to start: it is logged."""
    try:
        _note(folder, settings, now)
    except OSError as error:
        _log.warning("settings_not_noted", error=type(error).__name__)


def _note(folder: Path, settings: ConnectorSettings, now: datetime) -> None:
    known, told = read_versions(folder), settings_told(settings)
    if known and known[0].settings == told:
        return
    number = known[0].number + 1 if known else 1
    kept = [Version(number, now, told), *known][:_REMEMBERED]
    text = json.dumps([{"number": one.number, "since": one.since.isoformat(), "settings": one.settings} for one in kept])
    temporary = folder / f"{_FILE}.tmp"
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
    temporary.replace(folder / _FILE)


def read_versions(folder: Path) -> list[Version]:
    """The newest first; none before the first start, or when the file cannot be read: it is told of what is, not of what was."""
    try:
        found = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        return [Version(one["number"], datetime.fromisoformat(one["since"]), one["settings"]) for one in found]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    """What differs, by field."""
    fields = sorted({*before, *after})
    return [
        Change(field, before.get(field, ""), after.get(field, ""))
        for field in fields
        if before.get(field, "") != after.get(field, "")
    ]


def _flat(found: Mapping[str, Any], above: str) -> Sequence[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, value in found.items():
        if isinstance(value, Mapping):
            pairs += _flat(value, f"{above}{name}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            pairs.append((f"{above}{name}", without_identifiers(text)))
    return pairs
