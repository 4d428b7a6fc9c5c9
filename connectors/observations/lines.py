"""CSV, one line at a time, so that no broken quote or byte reaches further than its own row."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from hub.connector import Unmapped

__all__ = ["Kind", "Lines", "Row", "read_rows"]

_LONGEST_LINE = 8192
_BOM = b"\xef\xbb\xbf"


class Lines(Protocol):
    """A binary stream, as far as it is needed here."""

    def readline(self, size: int, /) -> bytes:
        """At most `size` bytes of the next line; empty at the end."""
        ...


class Kind(Enum):
    """The two kinds of file, told by their columns."""

    OBSERVATIONS = "observations"
    EST = "est"


# What people call the columns; compared without case, spaces, dashes and underscores.
_COLUMNS: dict[Kind, dict[str, tuple[str, ...]]] = {
    Kind.OBSERVATIONS: {
        "id": ("id", "observationid", "observationsid", "löpnummer", "radid"),
        "person": ("person", "personid", "personnummer"),
        "concern": ("concern", "oro", "orosbild"),
        "area": ("area", "område"),
        "observed_at": ("observedat", "observerad", "observeradtid", "tidpunkt", "tid"),
        "observer": ("observer", "observatör", "roll"),
        "retracted": ("retracted", "återtagen", "borttagen"),
    },
    Kind.EST: {
        "week": ("week", "vecka"),
        "area": ("area", "område"),
        "category": ("category", "kategori"),
        "incidents": ("incidents", "antal", "händelser", "antalhändelser"),
    },
}
_OPTIONAL = {"observer", "area", "retracted"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of data. `number` counts lines from 1, the header included; `fields` is None for a line that is no row."""

    number: int
    kind: Kind
    fields: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Layout:
    kind: Kind
    delimiter: str
    names: tuple[str | None, ...]


def read_rows(stream: Lines) -> Iterator[tuple[int, Row | Unmapped]]:
    """Every line of data with its number: a row, or why it is none.

    `unknown_columns`  (once, for the file) the first line is the header of neither kind
    `row_too_long`, `not_utf8`, `malformed_row`, `wrong_columns`  this line alone
    """
    layout: _Layout | None = None
    for number, line in _lines(stream):
        if isinstance(line, str) and not line.strip(" \t;,"):
            continue
        if layout is None:
            layout = _layout(line) if isinstance(line, str) else None
            if layout is None:
                yield number, Unmapped("unknown_columns", intentional=False)
                return
        elif isinstance(line, Unmapped):
            yield number, line
        else:
            yield number, _row(number, line, layout)


def _lines(stream: Lines) -> Iterator[tuple[int, str | Unmapped]]:
    number = 0
    while line := stream.readline(_LONGEST_LINE):
        number += 1
        if number == 1:
            line = line.removeprefix(_BOM)
        if len(line) == _LONGEST_LINE and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = stream.readline(_LONGEST_LINE)
            yield number, Unmapped("row_too_long", intentional=False)
            continue
        try:
            yield number, line.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            yield number, Unmapped("not_utf8", intentional=False)


def _layout(header: str) -> _Layout | None:
    delimiter = ";" if ";" in header else ","
    titles = _split(header, delimiter)
    for kind, columns in _COLUMNS.items():
        meanings = {title: name for name, known in columns.items() for title in known}
        names = tuple(meanings.get(_plain(title)) for title in titles or ())
        found = [name for name in names if name is not None]
        optional = _OPTIONAL if kind is Kind.OBSERVATIONS else set()
        if len(found) == len(set(found)) and set(columns) - optional <= set(found):
            return _Layout(kind, delimiter, names)
    return None


def _row(number: int, line: str, layout: _Layout) -> Row | Unmapped:
    values = _split(line, layout.delimiter)
    if values is None:
        return Unmapped("malformed_row", intentional=False)
    if len(values) != len(layout.names):
        return Unmapped("wrong_columns", intentional=False)
    fields = {name: value.strip() for name, value in zip(layout.names, values, strict=True) if name is not None}
    return Row(number, layout.kind, fields)


def _split(line: str, delimiter: str) -> list[str] | None:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None


def _plain(title: str) -> str:
    return title.strip().casefold().replace("_", "").replace("-", "").replace(" ", "")
