"""Reads the feed: one array of the latest events, conditionally when the server offered a validator."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx

from connectors.fetching import Fetcher, Limits
from connectors.polisen.config import PolisenConfig

__all__ = ["PolisenClient", "Poll"]

_LONGEST_VALIDATOR = 256
_VALIDATORS = {"etag": "If-None-Match", "last_modified": "If-Modified-Since"}


@dataclass(frozen=True, slots=True)
class Poll:
    """One answer of the feed. `content` is None when nothing changed since the validators (304)."""

    content: bytes | None = field(repr=False)
    validators: Mapping[str, str]


class PolisenClient:
    """The one operation of the feed. Errors: those of `connectors.fetching`."""

    def __init__(
        self,
        config: PolisenConfig,
        observe: Callable[[str, int], None],
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = config.url
        limits = Limits(
            timeout_seconds=config.timeout_seconds,
            body_bytes=int(config.max_response_megabytes * 1024 * 1024),
            attempts=config.attempts,
        )
        self._fetcher = Fetcher(limits, observe, transport=transport, sleep=sleep)

    def events(self, validators: Mapping[str, str]) -> Poll:
        """The feed as it is now, or None in `content` when `validators` (of an earlier poll) still hold."""
        headers = {"Accept": "application/json", "User-Agent": "hub-polisen"}
        headers |= {header: validators[name] for name, header in _VALIDATORS.items() if validators.get(name)}
        answer = self._fetcher.get("events", self._url, headers=headers)
        if answer.status == 304:
            return Poll(None, dict(validators))
        offered = {"etag": answer.headers.get("etag", ""), "last_modified": answer.headers.get("last-modified", "")}
        return Poll(answer.content, {name: value for name, value in offered.items() if 0 < len(value) <= _LONGEST_VALIDATOR})

    def close(self) -> None:
        """Release the connections."""
        self._fetcher.close()
