"""Whether a text is YAML that may be composed: asked of its events, a flat stream, before anything is built of it.

A few hundred bytes of YAML can ask for more than a machine has: by references to references, which repeat what they name, and
by brackets in brackets, at which the parser's own stack ends. What is refused says where, and what to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

import yaml

__all__ = ["MERGE", "SAFE_LOADER", "UnreadableYamlError", "Where", "check_form", "decoded"]

# libyaml's where the wheel has it: every process reads a dozen files before it begins, five times as fast.
SAFE_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MERGE = "tag:yaml.org,2002:merge"
_MOST = 100_000
_DEEPEST = 40
_WORDS = (
    ("escape", r"in double quotes \ begins an escape, and this is none: write \\ for a backslash, or use single quotes"),
    ("hexdecimal", r"in double quotes \x, \u and \U want two, four and eight digits: write them, or use single quotes"),
    ("end of stream", "the quotation mark that stands here is never closed: close it"),
    ("expected ','", "the bracket that stands here is not closed, or a comma is missing in it: mend it"),
    ("node content", "a value is missing before this, or a bracket is not closed: write the one, or close the other"),
    ("alphabetic or numeric", "* and & begin a reference to an anchor: put this in quotes where text is meant"),
    ("mapping values", "a colon stands where no name may end: put the text in quotes, or mend the indentation"),
    ("expected '-'", "this is no item of the list above it: begin it with - or mend the indentation"),
    ("expected <block end>", "this does not line up with what stands above it: mend the indentation"),
    ("expected key", "this does not line up with what stands above it: mend the indentation"),
)
"""By a part of the parser's problem: what to do."""
_SHOWN_AT_BEGINNING = frozenset({"end of stream", "expected ','"})

Where: TypeAlias = tuple[int, int]
"""Line and column, both counted from 1."""


class UnreadableYamlError(yaml.YAMLError):
    """A text that is no YAML, or more than the hub reads. The text says what to do, `where` at which line and column."""

    def __init__(self, text: str, where: Where) -> None:
        super().__init__(text)
        self.where = where


def decoded(raw: bytes) -> str:
    """A file's text. Raises UnreadableYamlError where it is not UTF-8."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        where = _place(raw[: error.start].decode("utf-8"))
        raise UnreadableYamlError("is not saved as UTF-8, which begins to show here: save the file as UTF-8", where) from None


def check_form(text: str, *, merges: bool) -> None:
    """Raises UnreadableYamlError for what is no YAML, for more than one document, for more than 40 lists and mappings in one
    another, for more than 100,000 values once references repeat what they name, for a tag (`!!int`,
    which may ask of a text what it is not), and, unless `merges`, for a merge (`<<`).
    """
    scan = _Scan(merges)
    try:
        for event in yaml.parse(text, SAFE_LOADER):
            scan.take(event)
    except yaml.MarkedYAMLError as error:
        raise _explained(error, text) from None
    except yaml.reader.ReaderError as error:
        where = _place(text.encode("utf-8", "replace")[: error.position].decode("utf-8", "ignore"))
        raise UnreadableYamlError("a control character stands here: take it out", where) from None


@dataclass(slots=True)
class _Part:
    """A value with all that its references repeat: how many values, and how many lists and mappings in one another."""

    anchor: str | None = None
    size: int = 1
    depth: int = 0


class _Scan:
    """What stands around the next event: how large each open list or mapping is by now, and what each anchor names."""

    def __init__(self, merges: bool) -> None:
        self._merges = merges
        self._open = [_Part(size=0)]
        self._named: dict[str, _Part | None] = {}
        """What each anchor names; None while that is still open."""
        self._begun = False

    def take(self, event: yaml.Event) -> None:
        if getattr(event, "tag", None) is not None:
            _refuse(event, "! begins a tag: take it out, or put this in quotes where text is meant")
        if isinstance(event, yaml.DocumentStartEvent):
            if self._begun:
                _refuse(event, "a second document begins here: one document a file; give it a file of its own, or take --- out")
            self._begun = True
        elif isinstance(event, yaml.CollectionStartEvent):
            if event.anchor is not None:
                self._named[event.anchor] = None
            self._open.append(_Part(event.anchor, depth=1))
            self._bound_depth(event, 0)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._add(event, self._open.pop())
        elif isinstance(event, yaml.AliasEvent):
            self._add(event, self._repeated(event))
        elif isinstance(event, yaml.ScalarEvent):
            if not self._merges and event.value == "<<" and event.implicit[0]:
                _refuse(event, "<< takes the fields of another place over: write them out here")
            self._add(event, _Part(event.anchor))

    def _repeated(self, event: yaml.AliasEvent) -> _Part:
        if event.anchor not in self._named:
            _refuse(event, f"*{event.anchor} refers to nothing above it: put it in quotes where text is meant")
        part = self._named[event.anchor]
        if part is None:
            _refuse(event, f"*{event.anchor} refers to what it is itself a part of: write out what is meant")
        self._bound_depth(event, part.depth)
        return part

    def _add(self, event: yaml.Event, part: _Part) -> None:
        """A whole value, to what is open around it."""
        if part.anchor is not None:
            self._named[part.anchor] = part
        around = self._open[-1]
        around.size += part.size
        around.depth = max(around.depth, part.depth + 1)
        if around.size > _MOST:
            _refuse(event, f"too much: more than {_MOST} values; each reference to an anchor (*) repeats what it names")

    def _bound_depth(self, event: yaml.Event, more: int) -> None:
        if len(self._open) - 1 + more > _DEEPEST:
            _refuse(
                event, f"more than {_DEEPEST} lists and mappings stand in one another: look for a bracket that is never closed"
            )


def _refuse(event: yaml.Event, text: str) -> NoReturn:
    mark = event.start_mark
    assert mark is not None
    raise UnreadableYamlError(text, (mark.line + 1, mark.column + 1))


def _explained(error: yaml.MarkedYAMLError, text: str) -> UnreadableYamlError:
    problem, mark = error.problem or "", error.problem_mark or yaml.Mark("", 0, 0, 0, None, 0)
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" in indent:
        return UnreadableYamlError("a tab stands here: write spaces instead", (mark.line + 1, indent.index("\t") + 1))
    part, words = next(((part, words) for part, words in _WORDS if part in problem), ("", ""))
    if part in _SHOWN_AT_BEGINNING and error.context_mark is not None:
        mark = error.context_mark
    if not words and "cannot start any token" in problem:
        letter = line[mark.column : mark.column + 1]
        tab = letter == "\t"
        words = "a tab stands here: write spaces instead" if tab else f"a value cannot begin with {letter}: put it in quotes"
    words = words or "cannot be read as YAML: compare this line, and the one above it, with a file that the hub shipped"
    return UnreadableYamlError(words, (mark.line + 1, mark.column + 1))


def _place(before: str) -> Where:
    """Where the text that follows this begins."""
    return before.count("\n") + 1, len(before) - before.rfind("\n")
