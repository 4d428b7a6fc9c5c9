"""Reads lists of an SS12000 server page by page, with the connector's bearer token."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import httpx

from connectors.fetching import Fetcher, Limits, Params
from connectors.ss12000.config import Ss12000Config
from connectors.ss12000.instants import written
from connectors.ss12000.paging import Page, Query, foreign_code, parse_page
from hub.connector import SourceContext
from hub.errors import ConfigError, RejectedError

__all__ = ["Ss12000Client"]

_SPAN = frozenset({"startTime.onOrAfter", "startTime.onOrBefore"})
_REFUSED_FORM = frozenset({"status_400", "status_422"})


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
        self._secret = context.secret
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

    def close(self) -> None:
        """Release the connections."""
        self._fetcher.close()

    def _pages(self, query: Query, complete: Callable[[list[Any]], bool] = lambda _: True) -> Iterator[list[Any]]:
        page = self._get(query.operation, query.first(self._config.page_size))
        expanded = complete(page.rows)
        yield page.rows
        seen: set[str] = set()
        while page.token is not None:
            if page.token in seen or len(seen) >= self._config.max_pages:
                raise RejectedError(f"{query.operation}: the pages do not end", code="page_loop")
            seen.add(page.token)
            page = self._follow(query, page.token, complete if expanded else lambda _: True)
            yield page.rows

    def _follow(self, query: Query, token: str, complete: Callable[[list[Any]], bool]) -> Page:
        """The page behind a token, in the first form that this server takes and answers completely."""
        forms = dict(query.followups(token, self._config.page_size))
        known = self._form.get(query.operation)
        names = sorted(forms, key=lambda name: name != known)  # stable: the form that worked goes first
        poorer: Page | None = None
        refusal: RejectedError | None = None
        for name in names:
            try:
                page = self._get(query.operation, forms[name])
            except RejectedError as error:
                if error.code not in _REFUSED_FORM:
                    raise
                refusal = refusal or error
                continue
            if not page.rows or complete(page.rows):
                self._form[query.operation] = name
                return page
            poorer = poorer or page
        if poorer is not None:
            return poorer
        raise refusal or RejectedError(f"{query.operation}: no way to the next page", code="page_loop")

    def _get(self, operation: str, params: Params) -> Page:
        token = self._secret("token").strip()
        if not token.isascii() or not token.isprintable() or not token:
            raise ConfigError("the secret `token` must be one line: the bearer token (JWT) of the source", code="bad_token")
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        answer = self._fetcher.get(operation, f"{self._config.base_url}/{operation}", params=params, headers=headers)
        return parse_page(operation, answer.content)


def _has_attendance(rows: list[Any]) -> bool:
    """Whether `expand=attendance` was honoured: a server may forget it behind a token, and every absence with it."""
    embedded = (row.get("_embedded") for row in rows if isinstance(row, dict))
    return any(isinstance(item, dict) and "attendance" in item for item in embedded)
