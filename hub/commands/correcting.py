"""`hub statutory correct`: a case number that was recorded of a report is put right; both are kept."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from hub.commands.acting import acting
from hub.commands.options import As, Home
from hub.commands.standing_words import what_stands_is_told

__all__ = ["correct"]


def correct(  # noqa: PLR0917 -- typer reads one option per parameter
    entry: Annotated[str, typer.Argument(metavar="ENTRY", help="A report's entry as `hub statutory list --json` prints it.")],
    instead_of: Annotated[str, typer.Option(help="The wrong number, as it stands.")],
    registered_as: Annotated[str, typer.Option(help="The right number, as the receiver's case system has it; kept sealed.")],
    why: Annotated[
        str, typer.Option(help="mistyped, other_case (another case's number) or renumbered (the case got a new one).")
    ],
    account: As = "",
    home: Home = None,
) -> None:
    """Put the case number of a report right. Logged first; the wrong number is kept behind the right one, with the reason.

    It needs keys/statutory.private. Exits 3 and prints the number that stands when it is not the one that you say is wrong.

    Example: hub statutory correct 1f0c9a-77ab --instead-of "SN 2025/711" --registered-as "SN 2025/117" --why mistyped
    """
    from hub.bootstrap import build_audit, build_clock
    from hub.bootstrap_kept import build_report_desk
    from hub.errors import RejectedError
    from hub.settings import load_settings
    from hub.statutory.handing_over import Correction

    if why not in set(Correction):
        raise RejectedError(f"--why is one of {', '.join(Correction)}", code="no_reason")
    settings = load_settings(home)
    with closing(build_audit(settings, build_clock(settings))) as audit, what_stands_is_told():
        actor = acting(settings, account, audit=audit)
        build_report_desk(settings, audit).correct(
            actor, entry, instead_of=instead_of, registered_as=registered_as, why=Correction(why)
        )
    typer.echo("put right")
