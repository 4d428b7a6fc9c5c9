"""Reads lists of an SS12000 server page by page, with the connector's bearer token."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from itertools import chain
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from connectors.fetching import Answer, Fetcher, Limits, Params
from connectors.ss12000.authorization import Authorization
from connectors.ss12000.config import Ss12000Config
from connectors.ss12000.instants import written
from connectors.ss12000.paging import Page, Query, foreign_code, parse_deleted, parse_entity, parse_page
from hub.connector import SourceContext
from hub.errors import ConfigError, HubError, RejectedError, RetriableError

__all__ = ["Ss12000Client"]

_SPAN = frozenset({"startTime.onOrAfter", "startTime.onOrBefore"})
_DAYS = frozenset({"startDate", "endDate"})
_REFUSED_FORM = frozenset({"status_400", "status_422"})
_NOT_OFFERED = frozenset({"status_400", "status_403", "status_404", "status_405", "status_422", "status_501"})
_EXPIRED = "status_401"
_GONE = frozenset({"status_404", "status_410"})
_BROKE = "status_500"
Read = TypeVar("Read")


class Ss12000Client:
    """The operations that the connector uses. Errors: those of `connectors.fetching`, and RejectedError

    `malformed_page`  an answer is no page
    `page_loop`       a token came again, or the pages have no end (`max_pages`)
    """

    def __init__(
        self,
        config: Ss12000Config,
        context: SourceContext,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._config = config
        self._authorization = Authorization(config, context, transport=transport, sleep=sleep)
        self._form: dict[str, str] = {}
        limits = Limits(
            timeout_seconds=config.timeout_seconds,
            body_bytes=int(config.max_response_megabytes * 1024 * 1024),
            attempts=config.attempts,
        )
        self._fetcher = Fetcher(limits, context.observe_request, transport=transport, sleep=sleep, describe=foreign_code)

    def persons(self) -> Iterator[list[Any]]:
        """Every person, page by page."""
        return self._pages(Query("persons"))

    def calendar_events(self, start: datetime, end: datetime) -> Iterator[list[Any]]:
        """Lessons that start within the span, with their attendance, page by page."""
        filters = (
            ("startTime.onOrAfter", written(start)),
            ("startTime.onOrBefore", written(end)),
            ("expand", "attendance"),
        )
        return self._pages(Query("calendarEvents", filters, _SPAN), complete=_has_attendance)

    def absences(self, start: datetime, end: datetime) -> Iterator[list[Any]]:
        """Reported absences that touch the span, page by page."""
        filters = (("startTime.onOrBefore", written(end)), ("endTime.onOrAfter", written(start)))
        return self._pages(Query("absences", filters))

    def sums(self, day: date) -> Iterator[list[Any]]:
        """Sums of one day by student and activity, page by page."""
        filters = (("startDate", day.isoformat()), ("endDate", day.isoformat()))
        return self._pages(Query("aggregatedAttendance", filters, _DAYS))

    def changed(self, operation: str, after: datetime) -> Iterator[list[Any]] | None:
        """Rows of `attendances` or `absences` that were modified after an instant; None when the server offers no such list."""
        return _offered(self._pages(Query(operation, (("meta.modified.after", written(after)),))))

    def changed_lessons(self, start: datetime, end: datetime, after: datetime) -> Iterator[list[Any]] | None:
        """Lessons that start within the span and were modified after an instant; None when the server offers no such list."""
        span = (("startTime.onOrAfter", written(start)), ("startTime.onOrBefore", written(end)))
        return _offered(self._pages(Query("calendarEvents", (*span, ("meta.modified.after", written(after))), _SPAN)))

    def deleted(self, after: datetime) -> Iterator[list[Any]] | None:
        """(kind of entity, id) of what was deleted after an instant, page by page; None when the server does not tell."""
        filters = (("after", written(after)), ("entities", "Attendance"), ("entities", "Absence"))
        return _offered(self._pages(Query("deletedEntities", filters), parse=parse_deleted))

    def calendar_event(self, event_id: str) -> Any | None:
        """One lesson; None when there is none of that id any more."""
        path = f"calendarEvents/{quote(event_id, safe='')}"
        try:
            return self._answer("calendarEvent", path, [], lambda answer: parse_entity("calendarEvent", answer.content))
        except RejectedError as error:
            if error.code in _GONE:
                return None
            raise

    def subscriptions(self) -> Iterator[list[Any]]:
        """Every subscription of ours there, page by page."""
        return self._pages(Query("subscriptions"))

    def subscribe(self, name: str, target: str, kinds: Sequence[str]) -> dict[str, Any]:
        """Have `target` called when entities of these kinds (EndPointsEnum) change; the answer is the subscription.

        Whoever repeats it has two: look for one first.
        """
        body = {"name": name, "target": target, "resourceTypes": [{"resource": kind} for kind in kinds]}
        return parse_entity("subscriptions", self._call("POST", "subscriptions", body).content)

    def renew(self, subscription_id: str) -> dict[str, Any]:
        """Put off the end of a subscription; the answer is the subscription as it is then."""
        answer = self._call("PATCH", f"subscriptions/{quote(subscription_id, safe='')}", None)
        return parse_entity("subscription", answer.content)

    def unsubscribe(self, subscription_id: str) -> None:
        """End a subscription; one that is none any more is no error."""
        try:
            self._call("DELETE", f"subscriptions/{quote(subscription_id, safe='')}", None)
        except RejectedError as error:
            if error.code not in _GONE:
                raise

    def _call(self, method: str, path: str, body: Any) -> Answer:
        url, operation = f"{self._config.base_url}/{path}", "subscriptions"
        return self._with_token(lambda headers: self._fetcher.call(method, operation, url, headers=headers, body=body))

    def close(self) -> None:
        """Release the connections."""
        self._fetcher.close()
        self._authorization.close()

    def _pages(
        self,
        query: Query,
        complete: Callable[[list[Any]], bool] = lambda _: True,
        parse: Callable[[str, bytes], Page] = parse_page,
    ) -> Iterator[list[Any]]:
        page = self._get(query.operation, query.first(self._config.page_size), parse)
        yield page.rows
        seen: set[str] = set()
        unfit: set[str] = set()
        while page.token is not None:
            if page.token in seen or len(seen) >= self._config.max_pages:
                raise RejectedError(f"{query.operation}: the pages do not end", code="page_loop")
            seen.add(page.token)
            page = self._follow(query, page.token, complete, parse, unfit=unfit)
            yield page.rows

    def _follow(
        self,
        query: Query,
        token: str,
        complete: Callable[[list[Any]], bool],
        parse: Callable[[str, bytes], Page],
        *,
        unfit: set[str],
    ) -> Page:
        """The page behind a token, in the first form that this server takes and answers completely.

        Each page is judged by itself: the pages before it may have had nothing that could be forgotten. When no form brings
        more, there is no more. `unfit` collects the forms that this list was refused in: they are not tried again for it.
        Whatever a server answers to a form that never brought it a whole page may be of the form; to one that did it is not.
        """
        forms = dict(query.followups(token, self._config.page_size))
        known = self._form.get(query.operation)
        names = sorted((name for name in forms if name not in unfit), key=lambda name: name != known)  # stable: what worked first
        poorer: Page | None = None
        refusal: HubError | None = None
        for name in names:
            try:
                page = self._get(query.operation, forms[name], parse)
            except (RejectedError, RetriableError) as error:
                if error.code not in _REFUSED_FORM and (name == known or not _may_be_the_form(error)):
                    raise
                unfit.add(name)
                refusal = refusal or error
                continue
            if not page.rows or complete(page.rows):
                self._form[query.operation] = name
                return page
            poorer = poorer or page
        if poorer is not None:
            return poorer
        raise refusal or RejectedError(f"{query.operation}: no way to the next page", code="page_loop")

    def _get(self, operation: str, params: Params, parse: Callable[[str, bytes], Page]) -> Page:
        return self._answer(operation, operation, params, lambda answer: parse(operation, answer.content))

    def _answer(self, operation: str, path: str, params: Params, reader: Callable[[Answer], Read]) -> Read:
        url = f"{self._config.base_url}/{path}"
        return self._with_token(lambda headers: self._fetcher.read(operation, url, reader, params=params, headers=headers))

    def _with_token(self, ask: Callable[[dict[str, str]], Read]) -> Read:
        """Ask, and once again with another token when the first one has expired on the way."""
        token = self._authorization.token()
        try:
            return ask(_headers(token))
        except ConfigError as error:
            if error.code != _EXPIRED or (other := self._authorization.renewed(token)) is None:
                raise
        return ask(_headers(other))


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Accept": "application/json"}


def _may_be_the_form(error: HubError) -> bool:
    """Whether a server may answer so to a form that it does not know: no page, or it broke."""
    return isinstance(error, RejectedError) or error.code == _BROKE


def _offered(pages: Iterator[list[Any]]) -> Iterator[list[Any]] | None:
    """The list with its first page read, or None when the server refuses that one: a later refusal is a fault."""
    try:
        first = next(pages)
    except HubError as error:
        if error.code in _NOT_OFFERED:
            return None
        raise
    return chain([first], pages)


def _has_attendance(rows: list[Any]) -> bool:
    """Whether `expand=attendance` was honoured: a server may forget it behind a token, and every absence with it."""
    embedded = (row.get("_embedded") for row in rows if isinstance(row, dict))
    return any(isinstance(item, dict) and "attendance" in item for item in embedded)
