"""What a source is given before mypyc compiles it: data classes with a constructor written out.

`dataclass` writes one as Python, at run time, and a compiled class would be made by that, in many times the time of its own.
A compiled class has slots anyway, and `slots=True` would make a second class beside it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["written_out"]


class _Edit(NamedTuple):
    line: int
    """Behind which, or (`replaces`) instead of which, the text stands; lines count from 1."""
    text: str
    replaces: bool


def written_out(source: str) -> str:
    """The source with its data classes so. Frozen ones keep their constructor: they are made seldom."""
    lines = source.split("\n")
    edits = [edit for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef) for edit in _edits(node)]
    for line, text, replaces in sorted(edits, reverse=True):
        lines[line - 1 if replaces else line : line] = [text]
    return "\n".join(lines)


def _edits(node: ast.ClassDef) -> Iterator[_Edit]:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id == "dataclass":
            kept = [one for one in decorator.keywords if one.arg != "slots"]
            frozen = any(one.arg == "frozen" for one in kept)
            words = [ast.unparse(one) for one in kept] + ([] if frozen else ["init=False"])
            yield _Edit(decorator.lineno, f"@dataclass({', '.join(words)})", replaces=True)
            fields = [one for one in node.body if isinstance(one, ast.AnnAssign)]
            if fields and not frozen:
                yield _Edit(_end_of_fields(node), "\n".join(_constructor(fields)), replaces=False)


def _end_of_fields(node: ast.ClassDef) -> int:
    """The last line of the last field, or of the text below it."""
    end = node.lineno
    for before, one in zip([None, *node.body], node.body, strict=False):
        if isinstance(one, ast.AnnAssign) or (isinstance(one, ast.Expr) and isinstance(before, ast.AnnAssign)):
            end = one.end_lineno or end
    return end


def _constructor(fields: list[ast.AnnAssign]) -> Iterator[str]:
    parameters, body = [], []
    for one in fields:
        name, kind = ast.unparse(one.target), ast.unparse(one.annotation)
        default, factory = _default(one.value)
        if factory:
            parameters.append(f"{name}: {kind} | None = None")
            body.append(f"        self.{name} = {factory}() if {name} is None else {name}")
        else:
            parameters.append(f"{name}: {kind}{f' = {default}' if default else ''}")
            body.append(f"        self.{name} = {name}")
    yield f"    def __init__(self, {', '.join(parameters)}) -> None:"
    yield from body


def _default(value: ast.expr | None) -> tuple[str, str]:
    """A field's default, or what makes one anew each time."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "field":
        told = {one.arg: ast.unparse(one.value) for one in value.keywords}
        return told.get("default", ""), told.get("default_factory", "")
    return ("" if value is None else ast.unparse(value)), ""
