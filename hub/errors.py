"""Every error names the reaction it asks for.

HubError
├── ConfigError      stop before start: a setting, file or key is wrong; the text says what to change
├── ContractError    dead-letter: bytes or a message that break the contract; repeating cannot help
├── RejectedError    refuse with a reason: a well-formed request that a rule does not permit
│   ├── StaleDirectoryError  refuse to publish until the subject directory is fresh again
│   ├── PausedError          ask the source nothing until somebody resumes the connector
│   └── BreakerOpenError     ask the source nothing for a while: it failed again and again
├── RetriableError   retry (tenacity, bounded, jittered): a foreign system or a store that may answer later
│   └── InDoubtError         repeat under the same identity: it may have its effect already, or have it yet
└── FatalError       exit without commit: going on could lose or double an effect

No text of an error ever holds a personal identifier, a payload or a secret; name the field and the rule.
Foreign exceptions are translated at the edge where they arise.
"""

from __future__ import annotations

import traceback
from pathlib import Path

__all__ = [
    "BreakerOpenError",
    "ConfigError",
    "ContractError",
    "FatalError",
    "HubError",
    "InDoubtError",
    "PausedError",
    "RejectedError",
    "RetriableError",
    "StaleDirectoryError",
    "places_passed",
]

_INNERMOST = 8


def places_passed(error: BaseException) -> list[str]:
    """Where an exception came through, innermost last: `file.py:12 function`. Its text and variables may hold a record."""
    frames = traceback.extract_tb(error.__traceback__)[-_INNERMOST:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]


class HubError(Exception):
    """Base of all; `code` is a stable, countable reason (label-safe: a-z, 0-9, underscore)."""

    def __init__(self, message: str, *, code: str = "unspecified") -> None:
        super().__init__(message)
        self.code = code


class ConfigError(HubError):
    """Stop before start. The message says which setting and what would be right."""


class ContractError(HubError):
    """Dead-letter. `code` is the refusal's class, for example `unknown_schema_id`."""


class RejectedError(HubError):
    """Refuse and count under `code`; the caller must not retry unchanged."""


class StaleDirectoryError(RejectedError):
    """The connector's copy of the subject directory is older than its limit: publish nothing, fetch again."""


class BreakerOpenError(RejectedError):
    """The source failed again and again and is left alone for a while: go on without it, and ask again later."""


class PausedError(RejectedError):
    """Somebody paused the connector: its source is asked nothing until she, or somebody else, resumes it."""


class RetriableError(HubError):
    """Try again later; `retry_after` in seconds when the other side said so."""

    def __init__(self, message: str, *, code: str = "unavailable", retry_after: float | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after


class InDoubtError(RetriableError):
    """It may have had its effect, or have it yet: never say that it had none, and repeat it under the same identity."""


class FatalError(HubError):
    """Leave the process without committing; the supervisor starts it again."""
