"""A data class with its constructor written out is the same class to all who use it."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from hub.compiled.plain import written_out

SOURCE = '''
from dataclasses import dataclass, field

@dataclass(slots=True)
class Held:
    """What is held."""

    code: str
    """By its code."""
    minutes: int = 5
    rows: dict[str, int] = field(default_factory=dict)
    hidden: int | None = field(default=None, compare=False, repr=False)

    def twice(self) -> int:
        return 2 * self.minutes

@dataclass(frozen=True, slots=True)
class Still:
    code: str

@dataclass
class Plain:
    code: str

class Other:
    code: str = ""
'''


def run(source: str) -> dict[str, type]:
    known: dict[str, type] = {"__name__": __name__}  # type: ignore[dict-item]
    exec(compile(source, "made", "exec"), known)
    return known


@pytest.fixture(scope="module")
def made() -> tuple[type, type]:
    return run(SOURCE)["Held"], run(written_out(SOURCE))["Held"]


def test_it_takes_and_keeps_the_same(made) -> None:
    for kind in made:
        one = kind("a", rows={"b": 1}, hidden=3)
        assert (one.code, one.minutes, one.rows, one.hidden, one.twice()) == ("a", 5, {"b": 1}, 3, 10)
        assert replace(one, minutes=7) == kind("a", 7, {"b": 1})
    assert repr(made[0]("a", 1)) == repr(made[1]("a", 1))
    assert [one.name for one in fields(made[0])] == [one.name for one in fields(made[1])]


def test_what_is_made_anew_for_each_is_not_shared(made) -> None:
    assert made[1]("a").rows is not made[1]("a").rows


def test_a_field_without_a_default_is_still_asked_for(made) -> None:
    with pytest.raises(TypeError):
        made[1]()


def test_frozen_ones_and_those_without_settings_stay_as_they_are() -> None:
    text = written_out(SOURCE)
    assert text.count("def __init__") == 1
    assert "@dataclass(frozen=True)\nclass Still:" in text
    assert "@dataclass\nclass Plain:" in text
    assert "slots" not in text
