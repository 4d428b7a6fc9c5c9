"""`hub statutory uncoded|code|dismiss|undo`: police notices without a readable code, where there is no browser.

As on the pages: every step is in the audit log before it is shown or done, and without the log nothing is. The report itself is
read with `hub statutory show`, which nothing stops.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.commands.acting import acting
from hub.commands.options import Home, Json
from hub.contract.models import PoliceCategory

if TYPE_CHECKING:
    from hub.coding.desk import CodingDesk, ListedNotice, OpenedNotice
    from hub.settings import Settings

__all__ = ["code", "dismiss", "uncoded", "undo"]

_SHORT = 12
_MOST = 1_000
Number = Annotated[
    str, typer.Argument(metavar="NUMBER", help="The notice's number, or its beginning as `hub statutory uncoded` prints it.")
]


def uncoded(home: Home = None, as_json: Json = False) -> None:
    """List police notices that wait for a code, oldest first, then those that can be taken back. Opens no report.

    Example: hub statutory uncoded
    """
    from hub.coding.queue import NoticeState

    with _desk(home) as (settings, desk):
        found = desk.list(acting(settings), frozenset(NoticeState) - {NoticeState.PUBLISHED}, most=_MOST)
        more = desk.waiting() - sum(one.notice.state is NoticeState.WAITING for one in found)
    if more > 0:
        typer.echo(f"{more} more wait. The oldest are listed; the others come up as these are decided.", err=True)
    if as_json:
        typer.echo(json.dumps([_as_json(one) for one in found], indent=2))
    elif not found:
        typer.echo("No notice waits for a code.")
    else:
        _print_table(found)


def code(  # noqa: PLR0917 -- typer reads one option per parameter
    number: Number,
    home: Home = None,
    category: Annotated[PoliceCategory | None, typer.Option(help="What it is about. Without it the report is shown.")] = None,
    at: Annotated[
        str, typer.Option(help="When it happened, 2025-05-16T22:40 (Swedish time); default: as the message says.")
    ] = "",
    area: Annotated[str, typer.Option(help="A configured area, by code or name; default: as the message says, or none.")] = "",
    may_tell_youth: Annotated[bool, typer.Option(help="The police have said that the youth may be told.")] = False,
    content: Annotated[str, typer.Option(help="Which content you have read, as it is printed with the report.")] = "",
    ask_person: Annotated[bool, typer.Option("--ask-person", help="Ask for a personal number that the message lacks.")] = False,
) -> None:
    """Code one notice; without --category show what its report says. Its connector publishes it if consent lets it then.

    --content says which content the code is about: the message may have come with another since it was read, and then nothing
    is coded.

    It is about everybody whom the message names by a number that can be read. A number is asked for, never given as an
    option: command lines are kept by shells.

    Examples: hub statutory code 3f2a… · hub statutory code 3f2a… --content 7a1c…-5b0e… --category narcotics
    """
    from hub.errors import RejectedError

    with _desk(home) as (settings, desk):
        if category is not None and not content:
            text = "say with --content which content you have read: without --category it is shown and named"
            raise RejectedError(text, code="no_content")
        number = desk.whole_number(number)
        opened = desk.open(acting(settings), number)
        if category is None:
            _print_report(opened)
            return
        typed = (typer.prompt("Personal number", hide_input=True),) if ask_person else ()
        answer = _answer(settings, opened, category=category, at=at, area=area, typed=typed, may_tell_youth=may_tell_youth)
        notice = desk.code(acting(settings), number, answer, seen=content)
    typer.echo(f"coded; goes to the hub from {_local(notice.ready_at)}, until then: hub statutory undo {number[:_SHORT]}")


def dismiss(number: Number, home: Home = None) -> None:
    """Put one notice aside: not a matter for the hub. Its report goes on as before.

    Example: hub statutory dismiss 3f2a…
    """
    with _desk(home) as (settings, desk):
        desk.dismiss(acting(settings), desk.whole_number(number))
    typer.echo(f"put aside; bring it back with: hub statutory undo {number}")


def undo(number: Number, home: Home = None) -> None:
    """Let a notice wait again that was coded and not yet published, or put aside.

    Example: hub statutory undo 3f2a…
    """
    with _desk(home) as (settings, desk):
        desk.undo(acting(settings), desk.whole_number(number))
    typer.echo("it waits for a code again")


@contextmanager
def _desk(home: Any) -> Iterator[tuple[Settings, CodingDesk]]:
    from contextlib import closing

    from hub.bootstrap import build_audit, build_coding_desk
    from hub.settings import load_settings

    settings = load_settings(home)
    with closing(build_audit(settings)) as audit, closing(build_coding_desk(settings, audit)) as desk:
        yield settings, desk


def _answer(
    settings: Settings,
    opened: OpenedNotice,
    *,
    category: PoliceCategory,
    at: str,
    area: str,
    typed: tuple[str, ...],
    may_tell_youth: bool,
) -> Any:
    from hub.coding.desk import Answer
    from hub.errors import RejectedError
    from hub.installation import load_places

    occurred_at = _instant(at) if at else opened.draft.occurred_at
    if occurred_at is None:
        raise RejectedError("the message says no time: give it with --at 2025-05-16T22:40", code="no_time")
    places = load_places(settings.home)
    chosen = places.area_code(area) if area else opened.draft.area
    if chosen is not None and chosen not in places.areas:
        raise RejectedError("--area: no such area is configured in areas.yaml; leave it out rather", code="no_area")
    people = frozenset(one.place for one in opened.people if one.readable)
    return Answer(category, occurred_at, chosen, may_tell_youth or opened.draft.may_tell_youth, people, typed)


def _instant(text: str) -> datetime:
    from hub.clock import STOCKHOLM, reachable
    from hub.errors import RejectedError

    try:
        instant = datetime.fromisoformat(text)
        return reachable(instant if instant.tzinfo else instant.replace(tzinfo=STOCKHOLM))
    except ValueError:
        raise RejectedError("--at: give the time as 2025-05-16T22:40", code="no_time") from None


def _print_report(opened: OpenedNotice) -> None:
    draft = opened.draft
    lines = [("sender", draft.sender), ("subject line", draft.title), *draft.said]
    lines += [("document", one.name or one.content_type) for one in draft.documents]
    for label, text in lines:
        typer.echo(f"{label:24} {text}")
    if not lines:
        typer.echo("Nothing of it can be read here: hub statutory show --reveal writes it as it came.")
    if opened.contents > 1:
        typer.echo(f"It came with {opened.contents} different contents; the last is shown.")
    typer.echo(f"Documents are not read by the hub. Code it with --content {opened.content} --category …; see --help.")


def _as_json(one: ListedNotice) -> dict[str, Any]:
    notice, report = one.notice, one.report
    return {
        "number": notice.number,
        "source": one.source,
        "state": notice.state.value,
        "reason": notice.reason,
        "arrived_at": report.envelope.arrived_at.isoformat() if report else None,
        "protect_by": report.clocks.protect_by.isoformat() if report else None,
        "decide_by": report.clocks.decide_by.isoformat() if report else None,
        "can_be_undone": notice.can_be_undone,
    }


def _print_table(found: list[ListedNotice]) -> None:
    from rich.console import Console
    from rich.table import Column, Table

    table = Table(
        Column("Notice", no_wrap=True),
        Column("Arrived", no_wrap=True),
        "Protection assessed by",
        "Decided by",
        "State",
        "Why",
        title="Notices without a code",
    )
    for one in found:
        clocks, arrived = (one.report.clocks, one.report.envelope.arrived_at) if one.report else (None, one.notice.found_at)
        dates = (f"{clocks.protect_by}", f"{clocks.decide_by}") if clocks else ("does not open", "-")
        table.add_row(one.notice.number[:_SHORT], _local(arrived), *dates, one.notice.state.value, one.notice.reason)
    Console().print(table)


def _local(instant: datetime | None) -> str:
    from hub.clock import STOCKHOLM

    return f"{instant.astimezone(STOCKHOLM):%Y-%m-%d %H:%M}" if instant else "-"
