"""Pages of an SS12000 list, in the standard's form and in those that servers in the field have. Pure.

The standard: `{"data": […], "pageToken": null | "…"}`, and a token combines with `limit` only. Yet `/calendarEvents`
declares two parameters as required, so a server that validates against the document refuses a token alone, while one that
follows the text refuses company. Others keep no query behind their token and need all of it again. Hence three ways to ask
for the next page, tried in that order (`followups`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.fetching import Params
from connectors.shallow import parse_shallow
from hub.errors import RejectedError

__all__ = ["Page", "Query", "foreign_code", "parse_deleted", "parse_entity", "parse_page"]

_CODE = re.compile(r"[A-Za-z][A-Za-z_.-]{0,39}")
_HIGHEST_CODE = 9999


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one page, and the token of the next one (None: the last)."""

    rows: list[Any]
    token: str | None


@dataclass(frozen=True, slots=True)
class Query:
    """One list to read: its filters, and which of them the document declares as required."""

    operation: str
    filters: tuple[tuple[str, str], ...] = ()
    required: frozenset[str] = frozenset()

    def first(self, limit: int) -> Params:
        """Parameters of the first page."""
        return [*self.filters, ("limit", limit)]

    def followups(self, token: str, limit: int) -> Iterator[tuple[str, Params]]:
        """The ways to ask for the page behind `token`, by name, the document's own first; equal ones once."""
        tail: Params = [("pageToken", token), ("limit", limit)]
        kept: Sequence[tuple[str, str]] = [pair for pair in self.filters if pair[0] in self.required]
        yield "required", [*kept, *tail]
        if kept:
            yield "alone", tail
        if len(kept) < len(self.filters):
            yield "everything", [*self.filters, *tail]


def parse_page(operation: str, content: bytes) -> Page:
    """One page. Raises RejectedError `malformed_page`: half a list taken for a whole one would lose rows silently."""
    page = _object(operation, content)
    rows = page.get("data")
    if not isinstance(rows, list):
        raise RejectedError(f"{operation}: the answer has no list `data`", code="malformed_page")
    return Page(rows, _token(operation, page))


def parse_deleted(operation: str, content: bytes) -> Page:
    """One page of `/deletedEntities`, whose `data` is no list but `{"attendances": [id, …], …}`: rows (kind, id).

    The kind is the entity's name in small letters and the singular, whichever spelling the server has. Raises as `parse_page`.
    """
    page = _object(operation, content)
    data = page.get("data")
    if not isinstance(data, dict):
        raise RejectedError(f"{operation}: the answer has no object `data`", code="malformed_page")
    named = [(str(name).casefold().removesuffix("s"), ids) for name, ids in data.items() if isinstance(ids, list)]
    rows: list[Any] = [(kind, each.strip().lower()) for kind, ids in named for each in ids if isinstance(each, str)]
    return Page(rows, _token(operation, page))


def parse_entity(operation: str, content: bytes) -> dict[str, Any]:
    """One entity. Raises RejectedError `malformed_page`."""
    return _object(operation, content)


def _object(operation: str, content: bytes) -> dict[str, Any]:
    try:
        page = parse_shallow(content)
    except ValueError:
        raise RejectedError(f"{operation}: the answer is not JSON", code="malformed_page") from None
    if not isinstance(page, dict):
        raise RejectedError(f"{operation}: the answer is no object", code="malformed_page")
    return page


def _token(operation: str, page: dict[str, Any]) -> str | None:
    token = page.get("pageToken")
    if token is None or token == "":  # noqa: PLC1901, RUF100 - 0 is an offset, not the end
        return None
    if isinstance(token, bool) or not isinstance(token, str | int):
        raise RejectedError(f"{operation}: pageToken is neither text nor number", code="malformed_page")
    return str(token)


def foreign_code(content: bytes) -> str:
    """The source's own error code, from `{code,message}`, `{"error":{"code":…}}` or `{"detail":{…}}`; else "".

    Only words and small numbers: what could be a personal number or a text of the payload is not repeated.
    """
    try:
        body = parse_shallow(content)
    except ValueError:
        return ""
    for inner in (body, *(body.get(name) for name in ("error", "detail") if isinstance(body, dict))):
        code = inner.get("code") if isinstance(inner, dict) else None
        if isinstance(code, str) and _CODE.fullmatch(code):
            return code
        if isinstance(code, int) and not isinstance(code, bool) and 0 <= code <= _HIGHEST_CODE:
            return str(code)
    return ""
