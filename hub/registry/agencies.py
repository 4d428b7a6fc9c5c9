"""The source agencies' keys, as the registry knows them: read from `keys/`, and again when something there was replaced.

Two HMAC keys and two tokens of an agency may be valid at a time: the newest, and for a period the former one
(`agency-NAME.hmac.former`, `agency-NAME.token.former`). `hub keys rotate-agency` and `hub keys retire-agency` write these
files by renaming, so that the folder's time tells of every change; the running registry needs no restart.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from hub.contract.models import InfoKind
from hub.errors import ConfigError
from hub.installation import FORMER, load_agencies, read_key, read_secret
from hub.logs import get_logger
from hub.settings import Settings

__all__ = ["AgencyFiles", "AgencyKeys"]

_SHORTEST_TOKEN = 16
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AgencyKeys:
    """One agency: the kinds it may carry, its HMAC key, its bearer token, its connector instances; and the former of both."""

    kinds: frozenset[InfoKind]
    hmac_key: bytes = field(repr=False)
    token: str = field(repr=False)
    instances: tuple[str, ...] = ()
    former_key: bytes | None = field(default=None, repr=False)
    former_token: str | None = field(default=None, repr=False)

    @property
    def hmac_keys(self) -> tuple[bytes, ...]:
        """Every key under which its persons may be looked up, the newest first."""
        former = self.former_key
        return (self.hmac_key,) if former is None or former == self.hmac_key else (self.hmac_key, former)

    @property
    def tokens(self) -> tuple[str, ...]:
        """Every token it may show, the newest first."""
        former = self.former_token
        return (self.token,) if former is None or former == self.token else (self.token, former)


class AgencyFiles(Mapping[str, AgencyKeys]):
    """The agencies of `agencies.yaml` with their keys. Safe to share between threads.

    Raises ConfigError when it is made and something is missing. Later it keeps what it has, and says so in the log, as
    long as the files cannot be read.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._changed_at = self._changed()
        self._known = _read(settings)

    def __getitem__(self, agency: str) -> AgencyKeys:
        return self._current()[agency]

    def __iter__(self) -> Iterator[str]:
        return iter(self._current())

    def __len__(self) -> int:
        return len(self._current())

    def _current(self) -> dict[str, AgencyKeys]:
        changed_at = self._changed()
        if changed_at != self._changed_at:
            with self._lock:
                try:
                    self._known, self._changed_at = _read(self._settings), changed_at
                except ConfigError as error:
                    _log.warning("the agencies' keys cannot be read again; the former ones stay", code=error.code)
        return self._known

    def _changed(self) -> int:
        try:
            return self._settings.keys.stat().st_mtime_ns
        except OSError:
            return 0


def _read(settings: Settings) -> dict[str, AgencyKeys]:
    return {
        agency: AgencyKeys(
            frozenset(entry.kinds),
            read_key(settings, f"agency-{agency}.hmac"),
            _token(settings, f"agency-{agency}.token"),
            _asked(settings, agency),
            read_key(settings, former) if (settings.keys / (former := f"agency-{agency}.hmac{FORMER}")).exists() else None,
            _token(settings, former) if (settings.keys / (former := f"agency-{agency}.token{FORMER}")).exists() else None,
        )
        for agency, entry in load_agencies(settings.home).items()
    }


def _asked(settings: Settings, agency: str) -> tuple[str, ...]:
    """The instances that answer for an agency. One that was prepared beside others and never ran remembers nobody, and would
    never answer; where none is known to have run they may run on another machine.
    """
    found = sorted(name for name, connector in settings.connectors.items() if connector.agency == agency)
    running = [name for name in found if settings.connectors[name].enabled or (settings.data / "connect" / name).exists()]
    return tuple(running or found)


def _token(settings: Settings, name: str) -> str:
    token = read_secret(settings, name)
    if len(token) < _SHORTEST_TOKEN:
        text = f"the token {settings.keys / name} is shorter than {_SHORTEST_TOKEN} characters: remove it and run `hub init`"
        raise ConfigError(text, code="bad_key_file")
    return token
