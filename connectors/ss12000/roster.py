"""Who is who at the school, for one poll and in memory only: school id → national identifier. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from hub.connector import Unmapped
from hub.contract.identifiers import canonical_identifier
from hub.errors import RejectedError

__all__ = ["Roster", "is_marked", "read_roster"]

_UNMARKED = "ingen"
_MARKINGS = ("sekretess", "skydd")
_OUTSIDE_THE_HOUSEHOLD = frozenset({"god man", "utsedd behörig"})
_TEN_POSITIONS = re.compile(r"(\d{2})(\d{2})(\d{2})\d{4}", re.ASCII)
_BIRTH_DATE = re.compile(r"(\d{2})(\d{2})-(\d{2})-(\d{2})(?:T.*)?", re.ASCII)
_COORDINATION = 60


@dataclass(frozen=True, slots=True)
class Roster:
    """Answers one question. Never printed: both sides of it name persons."""

    numbers: Mapping[str, str] = field(repr=False)
    protected: frozenset[str] = field(repr=False)
    known: frozenset[str] = field(repr=False)
    certain: frozenset[str] = field(repr=False, default=frozenset())

    def protected_persons(self) -> list[str]:
        """National identifiers of everybody whom a marking of the standard protects, herself or through her household.

        A marking that nobody knows keeps facts in as well, but is no ground to stop what others told of her.
        """
        return sorted({self.numbers[school_id] for school_id in self.certain if school_id in self.numbers})

    def person_of(self, reference: Any) -> str | Unmapped:
        """The national identifier behind a `PersonReference`, or why there is none.

        `protected` comes first and is intentional: skyddade personuppgifter never enter correlation (DOMAIN §3).
        """
        school_id = _id_of(reference)
        if school_id is None:
            return Unmapped("malformed_reference", intentional=False)
        if school_id in self.protected or is_marked(reference):
            return Unmapped("protected", intentional=True)
        if school_id not in self.known:
            return Unmapped("unknown_person", intentional=False)
        number = self.numbers.get(school_id)
        return number if number is not None else Unmapped("no_identifier", intentional=False)

    def number_of(self, reference: Any) -> str | None:
        """The national identifier behind a `PersonReference`, a protected one's too: it tells no fact, it leaves hers alone."""
        school_id = _id_of(reference)
        return None if school_id is None else self.numbers.get(school_id)


def read_roster(rows: Iterable[Any], today: date | None = None) -> Roster:
    """Fold all of `/persons`.

    A protected person protects the household (DOMAIN §3): the children of a responsible adult who is protected, and
    whoever shares a responsible adult with a protected person. Who has several rows, as at two schools, is one person: what
    protects one of them protects all, and her number has one spelling. `today` (a Stockholm date) tells whose is a number of ten
    positions with a dash; without it numbers are one person's only as they are spelled.
    """
    numbers: dict[str, str] = {}
    marked: set[str] = set()
    certain: set[str] = set()
    adults: dict[str, frozenset[str]] = {}
    for row in rows:
        school_id = _id_of(row)
        if school_id is None:
            continue
        responsibles = [item.get("person") for item in _items(row.get("responsibles")) if _of_the_household(item)]
        adults[school_id] = frozenset(adult for item in responsibles if (adult := _id_of(item)) is not None)
        for person in (row, *responsibles):
            if is_marked(person) and (key := _id_of(person)) is not None:
                marked.add(key)
                certain |= {key} if _is_certain(person) else set()
        number = _number(row)
        if number is not None:
            numbers[school_id] = number
    same = list(_rows_of_one(numbers, today))
    numbers |= {school_id: numbers[ids[0]] for ids in same for school_id in ids}
    protected, sure = (_all_rows(_households(_all_rows(each, same), adults), same) for each in (marked, certain))
    return Roster(numbers, protected, frozenset(adults), sure)


def _rows_of_one(numbers: Mapping[str, str], today: date | None) -> Iterator[Sequence[str]]:
    """The school ids of each person who has several, whatever the spelling of her number."""
    alike: dict[str, list[str]] = {}
    for school_id, number in numbers.items():
        alike.setdefault("".join(filter(str.isalnum, unicodedata.normalize("NFKC", number)))[-10:], []).append(school_id)
    for ids in alike.values():
        found: dict[str, list[str]] = {}
        for school_id in ids if len(ids) > 1 else ():
            found.setdefault(_canonical(numbers[school_id], today), []).append(school_id)
        yield from (each for each in found.values() if len(each) > 1)


def _canonical(number: str, today: date | None) -> str:
    try:
        return canonical_identifier(number, today=today) if today else number
    except RejectedError:
        return number


def _all_rows(marked: Iterable[str], same: Iterable[Sequence[str]]) -> frozenset[str]:
    """Those who are marked, under each of their school ids."""
    some = frozenset(marked)
    return some.union(*(ids for ids in same if not some.isdisjoint(ids)))


def _households(marked: frozenset[str], adults: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Those who are marked and whoever a marking touches."""
    touched = marked | {adult for school_id in marked for adult in adults.get(school_id, ())}
    return frozenset(marked | {school_id for school_id, responsible in adults.items() if responsible & touched})


def is_marked(person: Any) -> bool:
    """Whether `securityMarking` says anything but "Ingen". A value nobody knows protects; an absent one does not."""
    marking = person.get("securityMarking") if isinstance(person, dict) else None
    return marking is not None and str(marking).strip().casefold() != _UNMARKED


def _is_certain(person: Mapping[str, Any]) -> bool:
    return str(person["securityMarking"]).strip().casefold().startswith(_MARKINGS)


def _of_the_household(responsible: Any) -> bool:
    """A god man or an appointed deputy answers for many children who have nothing else in common."""
    if not isinstance(responsible, dict):
        return False
    return str(responsible.get("relationType")).strip().casefold() not in _OUTSIDE_THE_HOUSEHOLD


def _number(row: Mapping[str, Any]) -> str | None:
    civic = row.get("civicNo")
    value = civic.get("value") if isinstance(civic, dict) else civic
    if not isinstance(value, str) or not value.strip():
        return None
    return _with_century(value.strip(), row.get("birthDate"))


def _with_century(number: str, birth_date: Any) -> str:
    """Ten positions say no century; the source's own birth date does, when the two agree. Otherwise nothing is guessed."""
    short = _TEN_POSITIONS.fullmatch(number)
    born = _BIRTH_DATE.fullmatch(birth_date) if isinstance(birth_date, str) else None
    if short is None or born is None:
        return number
    day = int(short[3]) - _COORDINATION if int(short[3]) > _COORDINATION else int(short[3])
    agrees = (short[1], short[2], day) == (born[2], born[3], int(born[4]))
    return born[1] + number if agrees else number


def _id_of(item: Any) -> str | None:
    """An id in one spelling: some servers write UUIDs in capitals in one list and not in another."""
    value = item.get("id") if isinstance(item, dict) else None
    return value.strip().lower() if isinstance(value, str) and value.strip() else None


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
