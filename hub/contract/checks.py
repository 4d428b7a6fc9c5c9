"""What a model asks of a field, in the form in which a generated reader checks it: bounds itself, texts by pydantic's rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import Annotated, Any, cast, get_args, get_origin

import annotated_types
from pydantic import AfterValidator, TypeAdapter
from pydantic.fields import FieldInfo

from hub.contract.fields import Message

__all__ = ["has_rules_of_its_own", "is_dear", "number_bounds", "parts", "remembering", "validator"]

_REMEMBERED = 1024


def parts(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """A field's bare type, and its rules one by one."""
    if get_origin(hint) is not Annotated:
        return hint, ()
    base, *metadata = get_args(hint)
    return base, tuple(_rules(metadata))


def _rules(metadata: list[Any]) -> Iterator[Any]:
    for item in metadata:
        if isinstance(item, FieldInfo):
            yield from item.metadata
        else:
            yield item


def number_bounds(hint: Any, least: int, most: int) -> tuple[int, int] | None:
    """The least and the most that a whole number may be, within those given; None when the field asks for something else."""
    base, rules = parts(hint)
    for rule in rules:
        match rule:
            case annotated_types.Ge(ge=int(bound)):
                least = max(least, bound)
            case annotated_types.Le(le=int(bound)):
                most = min(most, bound)
            case _:
                return None
    return (least, most) if base is int else None


def is_dear(rules: tuple[Any, ...]) -> bool:
    """Whether a rule is written in Python. So it is with codes, and of these a few come again and again."""
    return any(isinstance(rule, AfterValidator) for rule in rules)


def has_rules_of_its_own(model: type[Message]) -> bool:
    """Whether it checks more than its fields one by one: then pydantic builds it."""
    made = model.__pydantic_decorators__
    return bool(made.validators or made.field_validators or made.root_validators or made.model_validators) or bool(
        model.__pydantic_post_init__ or model.__pydantic_custom_init__ or model.__private_attributes__
    )


@cache
def validator(hint: Any) -> Callable[[Any], Any]:
    """Pydantic's own check of one field: the value, or ValidationError, which is a ValueError."""
    return TypeAdapter(hint).validator.validate_python


@cache
def remembering(hint: Any) -> Callable[[bytes], str]:
    """The same of a code's bytes: those found right lately are known again. What is refused is not kept."""
    check = validator(hint)

    @lru_cache(_REMEMBERED)
    def known(raw: bytes) -> str:
        return cast("str", check(raw.decode()))

    return known
