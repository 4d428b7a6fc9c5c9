"""Rotation of an agency's HMAC key and bearer token, with a period in which the former ones are valid too.

1. `rotate_agency` writes the new ones; the running registry takes them up at once and tells every entry under both keys.
2. The connector gets the new files (on the same machine it reads them by itself) and says so at its next fetch.
3. `retire_agency` ends the period. It refuses while a connector has still asked with a former one lately, or never with the new.

Each step is repeatable: a file is replaced whole, the former one is written first.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from hub.contract.ids import key_id
from hub.errors import ConfigError, RejectedError
from hub.installation import FORMER, load_agencies, write_closed
from hub.registry.agencies import AgencyFiles, AgencyKeys
from hub.registry.registry import Registry
from hub.registry.tables import AgencyVersion
from hub.settings import Settings

__all__ = ["AgencyKeyState", "agency_key_states", "retire_agency", "rotate_agency"]

_LATELY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class AgencyKeyState:
    """One key or token of an agency: a name that says nothing of it, and when a connector had it last (UTC)."""

    agency: str
    what: str
    key: str
    former: bool
    used_at: datetime | None


def agency_key_states(settings: Settings, registry: Registry) -> list[AgencyKeyState]:
    """Every valid key and token, the newest of each kind first."""
    with registry.view() as session:
        used = {row.agency: row.used for row in session.scalars(select(AgencyVersion))}
    return [state for agency, keys in AgencyFiles(settings).items() for state in _states(agency, keys, used.get(agency, {}))]


def rotate_agency(settings: Settings, agency: str, record: Callable[[], None]) -> None:
    """A new HMAC key and a new token; the former ones stay valid. `record` is called when nothing stands in the way any more.

    Raises RejectedError `rotation_under_way`, ConfigError, and what `record` raises, before anything is changed.
    """
    _known(settings, agency)
    names = [f"agency-{agency}.hmac", f"agency-{agency}.token"]
    _refuse_second(settings, agency, names)
    record()
    _refuse_second(settings, agency, names)  # while that was written down, another may have begun
    fresh = [base64.b64encode(secrets.token_bytes(32)).decode(), secrets.token_urlsafe(32)]
    for name, text in zip(names, fresh, strict=True):
        path = settings.keys / name
        write_closed(settings.keys / f"{name}{FORMER}", path.read_bytes())
        write_closed(path, f"{text}\n".encode())


def retire_agency(
    settings: Settings, registry: Registry, agency: str, now: datetime, record: Callable[[], None], *, force: bool = False
) -> None:
    """End the period in which the former key and token are valid. `record` is called before they go.

    Raises RejectedError `nothing_to_retire`, and unless `force` is set `still_used`: with its key taken away a connector
    publishes nothing until it has the new one.
    """
    _known(settings, agency)
    former = [path for what in ("hmac", "token") if (path := settings.keys / f"agency-{agency}.{what}{FORMER}").exists()]
    if not former:
        raise RejectedError(f"{agency} has no former keys: nothing to retire", code="nothing_to_retire")
    if not force:
        _refuse_if_used([state for state in agency_key_states(settings, registry) if state.agency == agency], now)
    record()
    for path in former:
        try:
            path.unlink()
        except OSError as error:
            raise ConfigError(f"{path} cannot be removed: {error.strerror}", code="cannot_write") from error


def _refuse_second(settings: Settings, agency: str, names: Sequence[str]) -> None:
    if any((settings.keys / f"{name}{FORMER}").exists() for name in names):
        text = f"{agency} has former keys already: `hub keys retire-agency {agency}` ends that rotation first"
        raise RejectedError(text, code="rotation_under_way")


def _refuse_if_used(states: list[AgencyKeyState], now: datetime) -> None:
    retiring = {state.what for state in states if state.former}
    for state in sorted(states, key=lambda one: not one.former):
        if state.what not in retiring:
            continue
        if state.former and state.used_at is not None and now - state.used_at < _LATELY:
            text = f"a connector of {state.agency} asked with the former {state.what} at {state.used_at:%H:%M} UTC"
            raise RejectedError(f"{text}: give it the new file, and wait an hour (or --force)", code="still_used")
        if not state.former and state.used_at is None and any(one.used_at for one in states):
            text = f"no connector of {state.agency} has asked with the new {state.what} yet"
            raise RejectedError(f"{text}: give it the new file first (or --force)", code="still_used")


def _states(agency: str, keys: AgencyKeys, used: Mapping[str, str]) -> list[AgencyKeyState]:
    valid = [("hmac", key_id(key), number) for number, key in enumerate(keys.hmac_keys)]
    valid += [("token", key_id(token.encode()), number) for number, token in enumerate(keys.tokens)]
    return [
        AgencyKeyState(agency, what, name, number > 0, datetime.fromisoformat(used[name]) if name in used else None)
        for what, name, number in valid
    ]


def _known(settings: Settings, agency: str) -> None:
    known = sorted(load_agencies(settings.home))
    if agency not in known:
        raise RejectedError(f"no agency {agency}; agencies.yaml has: {', '.join(known)}", code="unknown_agency")
