"""JSON of a stranger, read so that one hostile value in it does not keep the rest from being read.

Python's parser gives up the whole of a text in which anything nests about a thousand levels deep, has a number of more than
4,300 digits or a byte that is no UTF-8; a listing would then be unread for ever. Nothing that the hub looks at lies deep.
"""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["DEEPEST", "parse_shallow"]

DEEPEST = 64
"""Levels of lists and objects that are kept; what lies deeper is replaced by null."""

_TOKENS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[{]|[\]}]', re.DOTALL)
_MOST_DIGITS = 100


def parse_shallow(content: bytes | str) -> Any:
    """The value of a JSON text. Raises ValueError, and nothing else, for what is no JSON."""
    try:
        return json.loads(_cut(content if isinstance(content, str) else _decoded(content)), parse_int=_whole)
    except RecursionError:  # the caller's own stack is almost full
        raise ValueError("nested too deeply") from None


def _decoded(content: bytes) -> str:
    encoding = json.detect_encoding(content)
    try:
        return content.decode(encoding, "surrogatepass")
    except UnicodeDecodeError:
        return content.decode(encoding, "replace")


def _whole(digits: str) -> int | None:
    """A number that long is no identity, time or count of anybody's."""
    return int(digits) if len(digits) <= _MOST_DIGITS else None


def _cut(text: str) -> str:
    """The same text, or one without what lies too deep."""
    depth, kept, begin = 0, [], 0
    for token in _TOKENS.finditer(text):
        sign = text[token.start()]
        if sign in "[{":
            depth += 1
            if depth == DEEPEST + 1:
                kept.append(text[begin : token.start()])
                begin = len(text)  # unless it is closed again
        elif sign in "]}":
            depth -= 1
            if depth == DEEPEST:
                kept.append("null")
                begin = token.end()
    return text if not kept else "".join((*kept, text[begin:]))
