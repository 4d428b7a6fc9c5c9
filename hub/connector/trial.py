"""How a connector is tried: on its own simulator, over datasets that travel with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

__all__ = ["DATASETS", "Trial"]

DATASETS = {
    "usual": "some facts, enough for several batches",
    "empty": "nothing to tell",
    "broken": "`usual`, and between its facts at least two that cannot be mapped",
    "corrected": "`usual` some time later: facts edited and facts taken back, in more than one batch; the others as they were",
    "late": "`usual` some time later: one more fact, of a time before the newest of `usual`; the others as they were",
    "moved": "`usual` some time later: whom a fact is about was corrected, in more than one batch; of places alone: not needed",
}
"""The folders of a source's trial, and what each holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What the suite, and whoever looks at a connector for the first time, needs to run it without the foreign system.

    `config` is what an operator would write under `[connectors.NAME.source]`; in its strings `{url}` becomes the simulator's
    address, `{dataset}` the folder that holds the dataset, and `{host}` and `{port}` where `front` listens. Let the connector try
    once and not wait long: the suite puts the server in trouble. `facts` is how many facts of `usual` must be told, and
    `refused` how many records of `broken` must be `Unmapped`, counted by a person and not by the connector. `messages`, where
    there is a statutory lane: how many raw messages of `usual` and of `broken` must be stored.
    """

    config: Mapping[str, Any]
    now: datetime
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)
    """The simulator's."""
    datasets: Path | None = None
    """A folder with one folder for each of `DATASETS`; a sink needs none."""
    facts: int = 0
    refused: int = 0
    messages: Mapping[str, int] = field(default_factory=dict)
    front: Callable[[str], AbstractContextManager[int]] | None = None
    """(the simulator's address) → a server on loopback that speaks the foreign system's own protocol, and its port: for what is
    not spoken to over HTTP. It carries everything on to the simulator, and says what that answered in its own protocol."""
