"""One small thing wrong at a time: the mutants of a source file.

Mutated is what decides: comparisons, conditions, arithmetic, numbers, codes, returns, statements. Left as it is: what only tools
and developers read (annotations, decorators, docstrings, assertions, `__all__`, texts with a space in them).
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

__all__ = ["Mutant", "mutants_of"]

Change: TypeAlias = tuple[ast.AST, str, int | None, Any]
"""(parent, field, place in the field's list, what is put there)."""
_COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_TURNED = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)
_COMPUTED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
_CALLED = {"min": "max", "max": "min", "any": "all", "all": "any"}
_LEFT = (ast.Assert, ast.Import, ast.ImportFrom)
_LEFT_FIELDS = {"annotation", "returns", "decorator_list", "type_params"}
_CLEAR = 24
"""A change is told with so much around it, in characters, that one sees what it is about."""


@dataclass(frozen=True)
class Mutant:
    """One change to one file: `key` says which, without line numbers; `tree()` is the file with it."""

    key: str
    line: int
    tree: Callable[[], ast.Module]


def mutants_of(file: Path) -> list[Mutant]:
    """Every mutant of a file, in the order of the file."""
    source = file.read_text(encoding="utf-8")
    tree = ast.parse(source)
    seen: Counter[str] = Counter()
    found = []
    for number, (change, place, around) in enumerate(_changes(tree)):
        key = f"{place}: {_told(around, change)}"
        seen[key] += 1
        name = key if seen[key] == 1 else f"{key} ({seen[key]})"
        found.append(Mutant(name, getattr(around, "lineno", 1), partial(_mutated, source, number)))
    return found


def _mutated(source: str, number: int) -> ast.Module:
    tree = ast.parse(source)
    change = next(change for place, (change, _, _) in enumerate(_changes(tree)) if place == number)
    _put(change)
    return ast.fix_missing_locations(tree)


def _put(change: Change) -> Any:
    """Make the change; what stood there is returned."""
    parent, field, place, new = change
    if place is None:
        before = getattr(parent, field)
        setattr(parent, field, new)
    else:
        before = getattr(parent, field)[place]
        getattr(parent, field)[place] = new
    return before


def _told(around: ast.AST, change: Change) -> str:
    before = _text(around)
    old = _put(change)
    after = _text(around)
    _put((*change[:3], old))
    return f"{_text(old)} -> {_text(change[3])}" if isinstance(old, ast.stmt) else f"{before} -> {after}"


def _text(node: ast.AST) -> str:
    """Of a statement with a body only its head."""
    text = ast.unparse(node)
    return text.partition("\n")[0] if isinstance(node, ast.stmt) and hasattr(node, "body") else " ".join(text.split())


def _changes(tree: ast.Module) -> Iterator[tuple[Change, str, ast.AST]]:
    """(change, the function it is in, the piece of code to tell it with) of everything that can be changed."""
    yield from _within(tree, (), "module")


def _within(node: ast.AST, above: tuple[ast.AST, ...], place: str) -> Iterator[tuple[Change, str, ast.AST]]:
    if isinstance(node, _LEFT) or _is_a_name_for_tools(node):
        return
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        place = node.name if place == "module" else f"{place}.{node.name}"
    for field, value in ast.iter_fields(node):
        if field in _LEFT_FIELDS:
            continue
        many = isinstance(value, list)
        for number, child in enumerate(value if many else [value]):
            if isinstance(child, ast.AST) and not _is_docstring(node, field, number):
                where = number if many else None
                for new in (*_instead_of(child), *_turned(child, field)):
                    yield (node, field, where, new), place, _around(child, node, above)
                yield from _within(child, (*above, node), place)
    for change in _of_itself(node):
        yield change, place, _around(node, node, above)


def _is_a_name_for_tools(node: ast.AST) -> bool:
    if isinstance(node, ast.AnnAssign):
        return isinstance(node.annotation, ast.Name) and node.annotation.id == "TypeAlias"
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__"


def _is_docstring(parent: ast.AST, field: str, number: int) -> bool:
    """Or the text below a constant or a field that says what it is."""
    one = getattr(parent, field)[number] if field == "body" and isinstance(getattr(parent, field), list) else None
    return isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant) and isinstance(one.value.value, str)


def _around(child: ast.AST, parent: ast.AST, above: Iterable[ast.AST]) -> ast.AST:
    """The smallest piece of code around a change that is long enough to be recognised, at most a plain statement."""
    around = child
    for one in (parent, *reversed(tuple(above))):
        telling = isinstance(around, ast.expr | ast.stmt) and around is not child and len(ast.unparse(around)) >= _CLEAR
        if telling or isinstance(around, ast.stmt) or hasattr(one, "body") or isinstance(one, ast.arguments):
            break
        around = one
    return around if around is not child else parent


def _instead_of(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in a node's place."""
    match node:
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield ast.Constant(value + 1)
        case ast.Constant(value=str() as value) if " " not in value:
            yield ast.Constant(value + "~")
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.BoolOp(values=values, op=op):
            for number in range(len(values)):
                left = [*values[:number], *values[number + 1 :]]
                yield left[0] if len(left) == 1 else ast.BoolOp(op, left)
        case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Raise():
            yield ast.Pass()
        case ast.Continue():
            yield ast.Break()
        case ast.Break():
            yield ast.Continue()
        case _:
            pass


def _turned(node: ast.AST, field: str) -> Iterator[ast.AST]:
    """The condition's opposite, where no other mutant is that."""
    turned_anyhow = isinstance(node, ast.Compare) and isinstance(node.ops[0], _TURNED)
    if field in {"test", "ifs"} and not isinstance(node, ast.UnaryOp) and not turned_anyhow:
        yield ast.UnaryOp(ast.Not(), node)


def _of_itself(node: ast.AST) -> Iterator[Change]:
    """What may change within a node."""
    match node:
        case ast.Compare(ops=ops):
            yield from ((node, "ops", place, _COMPARED[type(op)]()) for place, op in enumerate(ops))
        case ast.BinOp(op=op) | ast.BoolOp(op=op) | ast.AugAssign(op=op) if type(op) in _COMPUTED:
            yield node, "op", None, _COMPUTED[type(op)]()
        case ast.Call(func=ast.Name(id=name)) if name in _CALLED:
            yield node, "func", None, ast.Name(_CALLED[name], ast.Load())
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            yield node, "value", None, ast.Constant(None)
        case _:
            pass
