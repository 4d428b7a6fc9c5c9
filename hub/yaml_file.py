"""YAML as people write it by hand: a name that stands twice is a slip, and the second one would silently win.

`load_yaml` gives values. `load_marked` gives besides where each of them stands, and what YAML 1.1 reads as something else
than it looks like: `22:00` is 1320, `010` is 8, `yes` is true.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

import yaml

from hub.yaml_form import MERGE, SAFE_LOADER, Where, check_form

__all__ = ["Marked", "RepeatedNameError", "Where", "load_marked", "load_yaml"]

_PREFIX = "tag:yaml.org,2002:"
_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?")
_TRUTH = frozenset({"true", "false"})
_LONGEST = 40
_LARGEST = 10**18

_Path: TypeAlias = tuple[int | str, ...]


class RepeatedNameError(yaml.YAMLError):
    """One mapping names something twice; the text says what and where."""


class _Loader(SAFE_LOADER):  # type: ignore[misc]
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == MERGE:
                continue
            if key.value in seen:
                raise RepeatedNameError(f"{key.value} stands twice, again on line {key.start_mark.line + 1}: keep one of them")
            seen.add(key.value)
        made: dict[Any, Any] = super().construct_mapping(node, deep)
        return made


def load_yaml(text: str) -> Any:
    """The safe part of YAML. Raises YAMLError: UnreadableYamlError for what is none, or too much, RepeatedNameError for a name
    that one mapping holds twice.
    """
    check_form(text, merges=True)
    return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader


@dataclass(slots=True)
class Marked:
    """Plain data: text, numbers, true and false, dates, lists, mappings of text to these; and where each value and name stands.

    `slips`: by where they stand, what is no such data or is read as something else than it looks like, in words that say
    what to write. In its place the data holds what YAML reads, or nothing.
    """

    data: Any = None
    values: dict[_Path, Where] = field(default_factory=dict)
    names: dict[_Path, Where] = field(default_factory=dict)
    slips: list[tuple[_Path, Where, str]] = field(default_factory=list)

    def where(self, path: _Path, *, name: bool = False) -> Where:
        """Where a value stands, or with `name` its name; of what is missing, the innermost thing around it that does."""
        found = self.names.get(path) if name else None
        while found is None and path:
            found, path = self.values.get(path), path[:-1]
        return found or self.values.get((), (1, 1))


def load_marked(text: str) -> Marked:
    """Plain data with its places, without merges (`<<`). Raises UnreadableYamlError for what is no YAML, or too much; all else
    that is wrong stands in `slips`.
    """
    check_form(text, merges=False)
    loader = _Loader(text)
    try:
        node, marked = loader.get_single_node(), Marked()
        if node is not None:
            marked.data = _Reading(loader, marked).value(node, ())
        return marked
    finally:
        loader.dispose()


class _Reading:
    """One document being read: node by node, so that nothing is lost of where it stood."""

    def __init__(self, loader: Any, marked: Marked) -> None:
        self._loader = loader
        self._marked = marked

    def value(self, node: yaml.Node, path: _Path) -> Any:
        self._marked.values[path] = _where(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(each, (*path, place)) for place, each in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return {name: self.value(each, (*path, name)) for name, each in self._entries(node, path)}
        assert isinstance(node, yaml.ScalarNode)
        return self._scalar(node, path)

    def _entries(self, node: yaml.MappingNode, path: _Path) -> Iterator[tuple[str, yaml.Node]]:
        written = [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        first: dict[str, int] = {}
        for key in written:
            line = key.start_mark.line + 1
            if key.value in first:
                self._slip((*path, key.value), key, f"stands twice, first on line {first[key.value]}: keep one of them")
            first.setdefault(key.value, line)
        for key, each in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag != f"{_PREFIX}str":
                name = _shown(key) if isinstance(key, yaml.ScalarNode) else "?"
                self._slip((*path, name), key, "is no name to YAML: a name is text, and a word such as on or 1 needs quotes")
                continue
            self._marked.names[*path, key.value] = _where(key)
            yield key.value, each

    def _scalar(self, node: yaml.ScalarNode, path: _Path) -> Any:
        try:
            value = self._loader.construct_object(node)
        except (ValueError, OverflowError):
            return self._slip(path, node, f"{_shown(node)} is no day or number that exists")
        except yaml.YAMLError:
            return self._slip(path, node, "is no plain text, number, list or mapping")
        if isinstance(value, datetime):
            return self._slip(path, node, f"{_shown(node)} has a time of day: write the date alone")
        if isinstance(value, bool) and node.value.lower() not in _TRUTH:
            self._slip(path, node, f"{_shown(node)} is read as {str(value).lower()}: write that, or where text is meant quotes")
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return self._number(node, path, value)
        return value

    def _number(self, node: yaml.ScalarNode, path: _Path, value: float) -> float | None:
        if abs(value) > _LARGEST:  # of which there may be no text, or no float
            text = "is no number that may stand here: write a smaller one, or where text is meant quotes"
            self._slip(path, node, f"{_shown(node)} {text}")
            return None
        if not _NUMBER.fullmatch(node.value):
            self._slip(path, node, f"{_shown(node)} is read as the number {value}: write it in quotes, or the number plainly")
        return None if math.isnan(value) else value

    def _slip(self, path: _Path, node: yaml.Node, text: str) -> None:
        self._marked.slips.append((path, _where(node), text))


def _where(node: yaml.Node) -> Where:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _shown(node: yaml.ScalarNode) -> str:
    return str(node.value)[:_LONGEST]
