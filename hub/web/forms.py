"""What a form of ours sends: read whole before a view runs, and no longer than any form of ours is."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import Request

__all__ = ["field", "fields", "read_form"]

_LONGEST_BYTES = 65536
_MOST_FIELDS = 500


async def read_form(request: Request) -> None:
    """Keep the request's form for `field` and `fields`. Raises HTTPException 413 when it is too long, 400 when it is no form."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST_BYTES:
            raise HTTPException(413)
    try:
        found = parse_qs(body.decode("utf-8", errors="replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise HTTPException(400) from error
    request.state.form = found


def fields(request: Request) -> Mapping[str, list[str]]:
    """Every field with its values."""
    found: Mapping[str, list[str]] = request.state.form
    return found


def field(request: Request, name: str) -> str:
    """One field's value; empty when it was not sent."""
    return (fields(request).get(name) or [""])[0]
