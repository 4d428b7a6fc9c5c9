"""What `hub consent withdraw` says before it is done, where somebody can be asked, and after it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import typer

from hub.commands.consent_texts import as_json_youth, line, print_json, print_youth
from hub.contract.models import Cooperation
from hub.errors import ConfigError, RetriableError
from hub.registry.states import OPEN

if TYPE_CHECKING:
    from hub.core.consent_rules import Signatory
    from hub.registry.views import ConsentView, YouthView

__all__ = ["ask", "print_withdrawn", "told_after", "told_before"]

_UNSEEN = (
    "What the person has cannot be shown: the audit log does not answer, and nothing is shown unlogged. The withdrawal is taken "
    "all the same; its entry waits on this machine's disk."
)


def ask(look: Callable[[], YouthView], cooperation: Cooperation | None, by: Signatory | None, *, yes: bool) -> None:
    """Say at a terminal what will happen, and go on only when that is wanted; elsewhere, and with `--yes`, nothing is asked.

    `look` shows what there is. Raises typer.Abort, and RejectedError when there is nothing.
    """
    if yes or not sys.stdin.isatty():
        return
    try:
        told = list(told_before(look(), cooperation, by))
    except (RetriableError, ConfigError) as error:
        if isinstance(error, RetriableError) and error.code != "audit":
            raise
        told = [_UNSEEN]
    for text in told:
        typer.echo(text, err=True)
    typer.confirm("Withdraw now?", abort=True, err=True)


def told_before(view: YouthView, cooperation: Cooperation | None, by: Signatory | None) -> Iterator[str]:
    """Which consents will end, whether everything is erased with them, and which blocks will outlive that."""
    there = [one for one in view.consents if one.state in OPEN]
    ending = [one for one in there if cooperation in {None, one.cooperation} and _may(one, by)]
    if not ending:
        return
    if cooperation is None:  # whoever signs one of them ends all, but a guardian no adult's form
        ending = [one for one in there if one in ending or by == "youth" or one.required != ("youth",)]
    yield "Will end, at once and for ever:"
    for one in ending:
        yield f"  {line(one)}"
    stay = len(there) - len(ending)
    if stay:
        yield f"{stay} other{' stays' if stay == 1 else 's stay'}; what only these covered is erased."
        return
    yield "It is the last there is: everything is erased, and nothing leads from the person to a reference any more."
    blocks = sorted({role for one in there for role in one.blocked_by})
    for role in blocks:
        yield (
            f"The block by {role} outlives this, kept under a keyed hash of the number: a later consent is under it too. "
            f"`hub consent unblock --by {role}` lifts it, before or after."
        )
    yield f"So does any{' other' if blocks else ''} block that has outlived an earlier consent."


def print_withdrawn(view: YouthView, *, as_json: bool) -> None:
    """What has ended, and what that has left."""
    if as_json:
        print_json({**as_json_youth(view), "erased": view.erased, "kept_blocks": view.kept_blocks})
        return
    print_youth(view, as_json=False)
    for text in told_after(view):
        typer.echo(text)


def told_after(view: YouthView) -> Iterator[str]:
    """What a withdrawal has left of a person."""
    if not view.erased:
        return
    yield "It was the last: everything is erased, and nothing leads from the person to a reference any more."
    if view.kept_blocks:
        yield f"Kept under a keyed hash of the number: the block by {', '.join(view.kept_blocks)} (`hub consent unblock`)"


def _may(consent: ConsentView, by: Signatory | None) -> bool:
    return by is None or by in {*consent.required, *consent.signed}
