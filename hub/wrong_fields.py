"""What is wrong with settings and files, in plain words: the place and the rule, never the value."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import ValidationError

__all__ = ["wrong_fields"]

_TABLE = "should hold names and their values"
_PLAIN = {
    "dict_type": _TABLE,
    "model_type": _TABLE,
    "missing": "is missing",
    "extra_forbidden": "has no meaning here; is it misspelt?",
}


def wrong_fields(error: ValidationError, source: Callable[[str], str] = lambda _: "") -> str:
    """What is wrong, by field and rule, on one line; the values are not repeated. `source` may add where a field came from."""
    found = []
    for item in error.errors(include_input=False, include_url=False):
        place = ".".join(map(str, item["loc"]))
        rule = _PLAIN.get(item["type"]) or item["msg"].removeprefix("Value error, ")
        found.append(f"{place}{source(place)}: {rule}" if place else rule)
    return "; ".join(found)
