"""A youth's state as former versions of the hub wrote it: all of it JSON."""

from __future__ import annotations

import json
from typing import Any

from hub.core.state import YouthState

__all__ = ["former_bytes"]


def former_bytes(state: YouthState, version: int = 2) -> bytes:
    """Version 1 knew no answers, and not how many minutes a lesson offered."""
    consent = None if state.consent is None else state.consent.model_dump_json()
    rows = {kind: {key: held.row() for key, held in events.items()} for kind, events in state.events.items() if events}
    body: list[Any] = [consent, rows, state.answers]
    if version == 1:
        body = [consent, {kind: {key: row[:-1] for key, row in events.items()} for kind, events in rows.items()}]
    content = {
        "v": version, "y": state.youth_ref, "b": body,
        "o": state.episodes, "s": state.spent, "d": state.due, "r": state.rules_digest, "w": state.wake_ms,
    }  # fmt: skip
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
