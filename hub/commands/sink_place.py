"""Who does something with sinks on the command line, and what with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hub.access.roles import Action
from hub.commands.letter_person import admitted

if TYPE_CHECKING:
    from hub.access.roles import Principal
    from hub.delivery.sink_desk import SinkDesk

__all__ = ["at_desk"]


@contextmanager
def at_desk(home: Path | None, account: str) -> Iterator[tuple[SinkDesk, Principal]]:
    """The desk of the installation's sinks, for an operator. Raises as `admitted`."""
    from hub.bootstrap_deliver import build_sink_desk

    with admitted(home, account, Action.OPERATIONS_ACT) as place, build_sink_desk(place.settings, place.audit) as desk:
        yield desk, place.who
