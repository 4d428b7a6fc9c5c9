"""What a page of a registration is made of: a question, its choices or lines, and what is wrong with an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["Choice", "Error", "Form", "Input", "Question"]

Form = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Error:
    """What is wrong with the answer to one field, in the visitor's words."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One radio button or check box."""

    value: str
    label: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """One line to fill in; `kind` is the type of the input element."""

    name: str
    label: str
    hint: str = ""
    kind: str = "text"
    optional: bool = False
    narrow: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """One page: a heading that is the question, what helps to answer it, and either choices or lines. `name`: of the choices."""

    step: str
    title: str
    hint: str = ""
    name: str = ""
    choices: tuple[Choice, ...] = ()
    several: bool = False
    inputs: tuple[Input, ...] = ()
    more: Question | None = field(default=None)
    """A second question on the same page, where the two are one to the person who is asked."""
