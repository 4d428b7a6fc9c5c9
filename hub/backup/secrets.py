"""Takes passwords out of the copy of `hub.toml`: a backup opens nothing, so it must not open a database either."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["without_secrets"]

_IN_ADDRESS = re.compile(r"(://[^:/@]*):([^@]*)@")  # as SQLAlchemy reads a URL
_ANYWHERE = re.compile(r"(://[^:/@\s\"']*):([^@/\s\"']+)@")  # in a comment, too, where an address has no end
_IN_QUERY = re.compile(r"([?&])((?:ssl)?password)=[^&\"'\s#]*", re.IGNORECASE)
_SECRET_NAME = re.compile(r"(password|passwd|secret|token|api_?key|private_?key)$", re.IGNORECASE)


def without_secrets(content: str) -> tuple[str | None, list[str]]:
    """The same file without any password, and what was taken out, by setting; None: it cannot be done, leave the file out.

    What stands in files of `keys/`, as every secret should, or behind `?password_file=`, is not here.
    """
    try:
        found = dict(_secrets(tomllib.loads(content), ""))
    except tomllib.TOMLDecodeError:
        return None, ["hub.toml: all of it, for it is no TOML"]
    changed = content
    for value, stripped in {*found.values()}:
        for quote in ('"', "'"):
            changed = changed.replace(f"{quote}{value}{quote}", f"{quote}{stripped}{quote}")
    changed = _IN_QUERY.sub(r"\1", _ANYWHERE.sub(r"\1@", changed))
    told = [f"{name}: {'the password' if stripped else 'its value'}" for name, (_value, stripped) in found.items()]
    try:
        left = dict(_secrets(tomllib.loads(changed), ""))
    except tomllib.TOMLDecodeError:
        left = found
    if left:  # written in another way than it reads
        return None, ["hub.toml: all of it, for its passwords could not be taken out"]
    if changed != content and not told:
        told = ["a password in a comment"]
    return changed, told


def _secrets(section: Mapping[str, Any], where: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """(setting, (its value, what may stay of it)) of all that holds a secret."""
    for name, value in section.items():
        place = f"{where}{name}"
        if isinstance(value, Mapping):
            yield from _secrets(value, f"{place}.")
        elif isinstance(value, list):
            yield from _secrets({str(number): one for number, one in enumerate(value)}, f"{place}.")
        elif isinstance(value, str) and value:
            stripped = "" if _SECRET_NAME.search(name) else _IN_QUERY.sub(r"\1", _IN_ADDRESS.sub(r"\1@", value))
            if stripped != value:
                yield place, (value, stripped)
