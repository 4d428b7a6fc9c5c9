"""Whoever records something else than what stands of a report or a case is told what stands, beside the refusal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

__all__ = ["what_stands_is_told"]


@contextmanager
def what_stands_is_told() -> Iterator[None]:
    """Writes it to standard error, after its entry in the log. The AlreadySaidError goes on."""
    from hub.statutory.handing_over import AlreadySaidError

    try:
        yield
    except AlreadySaidError as error:
        stands = ", ".join(part for name in ("outcome", "registered_as") if (part := error.stands.get(name)))
        if stands:
            typer.echo(f"what stands: {stands}", err=True)
        raise
