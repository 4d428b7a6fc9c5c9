"""What associations have done in a year, as a page and as a table for a spreadsheet: the basis for grants."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from hub.access.roles import Action, Principal
from hub.access.trail import actor_of
from hub.audit.actions import Action as Logged
from hub.audit.entries import Entry
from hub.clock import stockholm_date
from hub.presence.figures import YearLine, year_of
from hub.presence.spreadsheet import as_csv
from hub.web.language import Words
from hub.web.presence.room import Room
from hub.web.presence.showing import hours
from hub.web.rendering import Renderer, Web

__all__ = ["YearPages"]

_FIRST_YEAR: Final = 2020
_BACK: Final = 5


class YearPages:
    """Views behind guarded doors."""

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._room = Room(web, renderer)
        self._web = web

    def page(self, request: Request, principal: Principal) -> Response:
        """By association and area; the present year unless another is asked for."""

        def view() -> Response:
            words, year = self._room.renderer.words(request), self._year(request)
            rows = [self._row(line, words) for line in self._lines(principal, year)]
            this = stockholm_date(self._web.clock.now()).year
            return self._room.page(
                request, "year", principal, rows=rows, headings=_headings(words), year=year,
                years=range(this, max(_FIRST_YEAR, this - _BACK) - 1, -1), here=f"{self._room.base}/year?year={year}",
            )  # fmt: skip

        return self._room.answered(request, principal, view)

    def table(self, request: Request, principal: Principal) -> Response:
        """The same as a file."""

        def view() -> Response:
            words, year = self._room.renderer.words(request), self._year(request)
            rows = [self._row(line, words) for line in self._lines(principal, year)]
            content = as_csv([_headings(words), *rows])
            headers = {"Content-Disposition": f'attachment; filename="narvaro-{year}.csv"'}
            return Response(content, media_type="text/csv; charset=utf-8", headers=headers)

        return self._room.answered(request, principal, view)

    def _lines(self, principal: Principal, year: int) -> list[YearLine]:
        self._web.audit.append(
            Entry(actor_of(principal, Action.PRESENCE_PLAN, self._web.presence_team), Logged.STATISTICS_SHOWN, purpose="presence")
        )
        return year_of(self._room.desk.engine, year, self._room.title)

    def _row(self, line: YearLine, words: Words) -> list[str | int]:
        return [
            line.association, self._room.title(line.area), line.offered, line.accepted, line.carried_out,
            hours(line.minutes, words), hours(line.adult_minutes, words), line.youths,
        ]  # fmt: skip

    def _year(self, request: Request) -> int:
        sent = request.query_params.get("year", "")
        this = stockholm_date(self._web.clock.now()).year
        return (
            int(sent)
            if sent.isascii() and sent.isdigit() and _FIRST_YEAR <= int(sent[:4]) <= this + 1 and len(sent) == 4
            else this
        )


def _headings(words: Words) -> list[str]:
    return [
        words.text("Association"), words.text("Area"), words.text("Offered"), words.text("Accepted"),
        words.text("Carried out"), words.text("Hours"), words.text("Hours of all adults"), words.text("Young people met"),
    ]  # fmt: skip
