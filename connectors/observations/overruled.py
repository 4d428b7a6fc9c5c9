"""Which rows of a file a word that was told later overrules, though the file has them still. Pure.

What was corrected must not come back when the folder is read anew and the file that corrected it has left, or has the row no
more. So it is noted with the file that has the outdated row: ids alone, and not whose they are or what was said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.observations.export import Export, same_person
from hub.connector import PersonRecord

__all__ = ["outdated", "overrule"]

_Said = Mapping[str, PersonRecord]


def outdated(export: Export, others: Sequence[_Said]) -> set[str]:
    """Of a file that comes late: what newer ones have said before, unless all `others` that say it say it alike."""
    said = {name: [each for each in others if name in each] for name in export.passed}
    return {name for name, each in said.items() if not each or not all(_alike(name, export.persons, other) for other in each)}


def overrule(known: Mapping[str, Any], said: _Said, export: Export, words: set[str], handed: _Said) -> set[str]:
    """The outdated rows of another file after `export`, of which `words` were told, and `handed` as other files say them.

    `known`: what the cursor has of that file, `said`: its observations, where known.
    """
    has = {*known.get("rows", []), *known.get("places", []), *known.get("doubtful", []), *said}
    alike = {name for name in words & has if _alike(name, said, export.persons)}
    again = {name for name in handed if _alike(name, said, handed)}
    return ({*known.get("outdated", [])} | (words & has)) - alike - again


def _alike(name: str, one: _Said, other: _Said) -> bool:
    """Whether both say the same of the same person. Of weekly rows nobody remembers what they said."""
    if name not in one or name not in other:
        return False
    first, second = one[name], other[name]
    return same_person(first, second) and replace(first, person_id=second.person_id) == second
