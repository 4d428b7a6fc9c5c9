"""A fault that springs once, in another process: a file names it, and is removed as it springs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from hub.settings import Settings

__all__ = ["Fault", "Trap", "arm", "armed_file"]


@dataclass(frozen=True)
class Fault:
    """`when`: the call does nothing (`before`), half (`half`) or all (`after`) of its work; `nth`: of the calls from then on."""

    point: str
    when: str
    nth: int = 1


def armed_file(settings: Settings) -> Path:
    """There while a fault is armed."""
    return settings.home / "fault.json"


def arm(settings: Settings, fault: Fault) -> None:
    """Whole or not at all: a worker may look at any time."""
    file = armed_file(settings)
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(fault)), encoding="utf-8")
    fresh.replace(file)


class Trap:
    """Looks for the file at every call: what is armed while a worker works must be met in its midst."""

    def __init__(self, settings: Settings) -> None:
        self._file = armed_file(settings)
        self._calls = 0

    def springs(self, point: str, when: str) -> bool:
        """Whether this call is the one; then the trap is gone."""
        try:
            armed = Fault(**json.loads(self._file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return False
        if (armed.point, armed.when) != (point, when):
            return False
        self._calls += 1
        if self._calls < armed.nth:
            return False
        self._file.unlink()
        return True

    def pass_by(self, point: str, when: str = "before") -> None:
        """Raise when it springs."""
        if self.springs(point, when):
            raise RuntimeError("a fault was wanted here")
