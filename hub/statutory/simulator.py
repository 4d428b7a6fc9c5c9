"""Plays the case system of a receiver that fetches from a folder: registers every report once and leaves a receipt.

It behaves as such systems do: it knows a report by its key, takes what it has registered away, and may be behind. What it has
registered stands in `register.jsonl` of its own folder, a line for each effect, so that a trial can count them.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

from hub.statutory.disk import PosixDisk, write_whole

__all__ = ["CaseSystem"]

_REGISTER: Final = "register.jsonl"


class CaseSystem:
    """`inbox` is the receiver's folder, `own` where it keeps its register."""

    def __init__(self, inbox: Path, own: Path) -> None:
        self._inbox = inbox
        self._own = own
        for folder in (inbox, own):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._known = {line["key"]: line["registered_as"] for line in self.register()}
        self.repeats = 0
        """How often a report came that it had registered before: no effect, another receipt."""

    def register(self) -> list[dict[str, Any]]:
        """Every effect so far, the first registered first; half a line at the end is none."""
        try:
            lines = (self._own / _REGISTER).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in lines if line.endswith("}")]

    def fetch(self, most: int = 1000) -> int:
        """Register what lies whole in the folder, at most so many; how many effects that had."""
        effects = 0
        for told in sorted(self._inbox.glob("*.json"))[:most]:
            facts = json.loads(told.read_bytes())
            content = told.with_suffix(".report").read_bytes()
            if hashlib.sha256(content).hexdigest() != facts["sha256"] or len(content) != facts["size"]:
                continue  # not what it says: left where it is, for somebody to look
            effects += self._register(facts["key"], content)
            told.unlink()
            told.with_suffix(".report").unlink()
        return effects

    def _register(self, key: str, content: bytes) -> int:
        fresh = key not in self._known
        if fresh:
            case = f"SIM {len(self._known) + 1:05}"
            line = {"key": key, "registered_as": case, "sha256": hashlib.sha256(content).hexdigest()}
            with (self._own / _REGISTER).open("a", encoding="utf-8") as register:
                register.write(json.dumps(line) + "\n")
            self._known[key] = case
        self.repeats += not fresh
        receipt = json.dumps({"key": key, "registered_as": self._known[key]}).encode()
        write_whole(PosixDisk(), self._inbox / f"{key}.receipt", receipt, self._inbox)
        return int(fresh)
