"""The files of a rule folder as they are written, and what is wrong with them: each with file, line and column."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.contract.covering import without_identifiers
from hub.core.rule_problems import Location, Problem
from hub.core.rule_set import RulesError, RuleSet, parse_rules
from hub.core.rule_text import unfit
from hub.errors import ConfigError
from hub.yaml_file import Marked, load_marked
from hub.yaml_form import UnreadableYamlError, decoded

__all__ = ["SET_FILE", "Fault", "RuleFile", "RuleFolder", "RulesRefusedError", "in_order", "read_folder"]

SET_FILE = "ruleset.yaml"
_NAME = re.compile(r"[a-z0-9_-]+")
_LIKE_ONE = frozenset({".yaml", ".yml"})
_OF_THE_SET = {"rules": "no rule stands here: each has a file of its own beside this one"}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a file: `field` as `when.0.of` (empty: the file as a whole), line and column from 1.

    Neither field nor text repeats what looks like a personal number, though somebody wrote one where a name belongs.
    """

    path: Path
    line: int
    column: int
    field: str
    text: str

    def __post_init__(self) -> None:
        for name in ("field", "text"):
            object.__setattr__(self, name, without_identifiers(getattr(self, name)))

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}:{self.column}"
        told = f"{place}: {self.field}: {self.text}" if self.field else f"{place}: {self.text}"
        return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in told)


def in_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """By file, line and column, as an editor lists them."""
    return tuple(sorted(faults, key=lambda one: (one.path.name, one.line, one.column)))


class RulesRefusedError(ConfigError):
    """A folder that is no rule set; `faults` holds everything that is wrong with it, in the order of files and lines."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = in_order(faults)
        super().__init__("; ".join(map(str, self.faults)), code="bad_rules")


@dataclass(slots=True)
class RuleFile:
    """One file as it was read; `faults` is what was wrong with it by itself."""

    path: Path
    marked: Marked = field(default_factory=Marked)
    faults: list[Fault] = field(default_factory=list)

    @property
    def content(self) -> dict[str, Any]:
        """What it says; nothing where it says no names and values."""
        return self.marked.data if isinstance(self.marked.data, dict) else {}

    def fault(self, problem: Problem) -> Fault:
        """A problem with its place: the value's, where the name is wrong the name's, of what is missing that around it."""
        line, column = self.marked.where(problem.location, name=problem.at_name)
        return Fault(self.path, line, column, ".".join(map(str, problem.location)), problem.text)

    def slipped(self, location: Location) -> bool:
        """Whether a slip is told of this field already, or of something in it."""
        slips = [path for path, _, _ in self.marked.slips]
        return any(path[: len(location)] == location or location[: len(path)] == path for path in slips)


@dataclass(slots=True)
class RuleFolder:
    """A folder as it was read. `rule_set` holds its sound rules, None without a sound `ruleset.yaml`; `files` goes with them."""

    path: Path
    head: RuleFile
    rules: list[RuleFile]
    faults: list[Fault] = field(default_factory=list)
    rule_set: RuleSet | None = None
    files: list[RuleFile] = field(default_factory=list)


def read_folder(path: Path) -> RuleFolder:
    """Every file of a folder, each checked by itself and the set as a whole; `faults` holds all that is wrong so far.

    Raises ConfigError where the folder has no `ruleset.yaml`, or a file cannot be opened.
    """
    folder = RuleFolder(path, _read(path / SET_FILE), [])
    folder.rules = [_read(each) for each in sorted(path.glob("*.yaml")) if each.name != SET_FILE]
    for name, text in _OF_THE_SET.items():
        if folder.head.content.pop(name, None) is not None:
            folder.head.faults.append(folder.head.fault(Problem((name,), text, at_name=True)))
    for each in folder.rules:
        named = each.content.get("id")
        if isinstance(named, str) and named != each.path.stem and _NAME.fullmatch(named):
            text = f"the file {each.path.name} holds the rule {named}: name the file {named}.yaml"
            each.faults.append(each.fault(Problem(("id",), text)))
    _parse(folder)
    for each in (folder.head, *folder.rules):
        each.faults += [each.fault(one) for one in unfit(each.content)]
        folder.faults += each.faults
    folder.faults += _unread(path)
    return folder


def _unread(path: Path) -> Iterator[Fault]:
    """Files that look like rules, and would be passed over in silence."""
    for each in _others(path):
        text = f"is not read, for its name does not end in .yaml: name it {each.stem}.yaml, or take it out of the folder"
        yield Fault(each, 1, 1, "", text)


def _others(path: Path) -> list[Path]:
    found = path.iterdir() if path.is_dir() else ()
    return [each for each in found if each.suffix != ".yaml" and each.suffix.lower() in _LIKE_ONE and each.is_file()]


def _parse(folder: RuleFolder) -> None:
    """The sound part of the set, and what is wrong with the rest. One wrong rule must not hide what is wrong with another."""
    readable = [each for each in folder.rules if isinstance(each.marked.data, dict)]
    try:
        parsed = parse_rules({**folder.head.content, "rules": [each.content for each in readable]})
    except RulesError as error:
        for problem in error.problems:
            _tell(folder.head, readable, problem)
        if not error.problems:
            raise ConfigError(f"{folder.path}: {error}", code="bad_rules") from error
        folder.files = [each for each in readable if not each.faults]
        if folder.head.faults:
            return
        parsed = parse_rules({**folder.head.content, "rules": [each.content for each in folder.files]})
    else:
        folder.files = readable
    sound = [(each, rule) for each, rule in zip(folder.files, parsed.rules, strict=True) if not each.faults]
    folder.files = [each for each, _ in sound]
    folder.rule_set = None if folder.head.faults else parsed.model_copy(update={"rules": tuple(rule for _, rule in sound)})


def _tell(head: RuleFile, rules: list[RuleFile], problem: Problem) -> None:
    where = problem.location
    if where[:1] != ("rules",):
        of, told = head, problem
    elif len(where) > 1 and isinstance(where[1], int):
        of, told = rules[where[1]], problem._replace(location=where[2:])
    else:
        return  # two rules of one id: the name of one of the two files is told already
    if not of.slipped(told.location):
        of.faults.append(of.fault(told))


def _bytes_of(path: Path) -> bytes:
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise OSError(errno.EINVAL, "no plain file")  # a pipe would be waited for, and a device never ends
    return path.read_bytes()


def _read(path: Path) -> RuleFile:
    file = RuleFile(path)
    try:
        file.marked = load_marked(decoded(_bytes_of(path)))
    except FileNotFoundError as error:
        other = next((each.name for each in _others(path.parent) if each.stem == path.stem), None)
        text = f"{path} is missing: restore it; where the whole folder is gone, `hub init` writes the shipped rules"
        if other is not None:
            text = f"{path} is missing: {other} is not read; name it {path.name}"
        raise ConfigError(text, code="no_rules") from error
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise ConfigError(f"{path} cannot be read ({why}): it must be a readable file", code="bad_rules") from error
    except UnreadableYamlError as error:
        file.faults.append(Fault(path, *error.where, "", str(error)))
        return file
    file.faults += [Fault(path, *where, ".".join(map(str, name)), text) for name, where, text in file.marked.slips]
    if not file.faults and not isinstance(file.marked.data, dict):
        file.faults.append(Fault(path, 1, 1, "", "is no mapping of names to values"))
    return file
