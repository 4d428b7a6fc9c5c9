"""What was typed on a command line may be a person's number put where it does not belong: no error repeats it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from typer import BadParameter, TyperException
from typer.core import TyperGroup

from hub.contract.covering import without_identifiers

__all__ = ["Discreet", "Silent"]


class Discreet(TyperGroup):
    """Commands whose usage errors show no personal identifier."""

    def make_context(self, *args: Any, **more: Any) -> Any:
        with self._reworded():
            return super().make_context(*args, **more)

    def invoke(self, ctx: Any) -> Any:
        with self._reworded():
            return super().invoke(ctx)

    @contextmanager
    def _reworded(self) -> Iterator[None]:
        try:
            yield
        except TyperException as error:
            error.message = self._say(error)
            raise

    def _say(self, error: TyperException) -> str:
        return without_identifiers(error.message)


class Silent(Discreet):
    """Commands about persons: their usage errors show nothing that was typed, be it a number, a name or a half of either."""

    def _say(self, error: TyperException) -> str:
        if isinstance(error, BadParameter):
            return error.message if hasattr(error, "param_type") else _allowed(error)
        if hasattr(error, "possibilities"):
            return "No such option."
        if hasattr(error, "option_name") or type(error).__name__ == "NoArgsIsHelpError":
            return error.message
        return (
            "A word too many, or no such command. An identifier never stands on the command line: it is asked for, "
            "or read with --identifier-from FILE (- for stdin)."
        )


def _allowed(error: BadParameter) -> str:
    _, listed, choices = error.message.rpartition(" is not one of ")
    return f"it must be one of {choices}" if listed else "that is not possible here."
