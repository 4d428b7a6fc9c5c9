"""What must be true of persons, told without rows, lookups or keys: a person is a set of numbers with consents.

Blocks, protections and custody belong to numbers, and outlive everything; consents and what was withdrawn belong to a person as
long as she is known under one reference. It imports nothing of the hub.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass
class Given:
    """One consent: who signs in this round and has, when it first came into force, whether its person is held as protected."""

    cooperation: str
    signers: set[str]
    signed: set[str]
    since: datetime | None = None
    rounds: list[tuple[datetime, set[str] | None]] = field(default_factory=list)
    """When all had to sign anew, and who had custody from then on, when that was said."""
    complete: bool = False
    held: bool = False

    def again(self, now: datetime, signers: set[str] | None = None) -> None:
        """All sign again: others, when custody has changed."""
        self.signers, self.signed, self.complete = set(signers or self.signers), set(), False
        self.rounds.append((now, None if signers is None else set(signers)))


@dataclass
class Person:
    numbers: set[str]
    since: datetime
    reference: str | None = None
    consents: list[Given] = field(default_factory=list)
    ended: list[Given] = field(default_factory=list)
    withdrawn: list[tuple[str, datetime]] = field(default_factory=list)

    def custody(self) -> tuple[datetime, set[str]] | None:
        """The latest change of custody that was said, and who has had it since."""
        return _last([(at, who) for one in (*self.consents, *self.ended) for at, who in one.rounds if who is not None])


@dataclass
class Word:
    """A block or a protection of one number: what it meets (empty: everything), since when, and until when it stood.

    It meets every consent of its cooperation, whoever has to sign that.
    """

    by: str
    cooperation: str
    since: datetime
    until: datetime | None = None

    def meets(self, cooperation: str) -> bool:
        return self.cooperation in {"", cooperation}


@dataclass
class World:
    persons: list[Person] = field(default_factory=list)
    words: dict[str, list[Word]] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)
    custody: dict[str, tuple[datetime, set[str]]] = field(default_factory=dict)
    """Of numbers whose owner's consents have all ended: since when who has had custody, as it was said last."""

    def give(self, person: Person, cooperation: str, asked: set[str], signed: set[str], now: datetime) -> None:
        """A consent more: who has custody signs, where that was said, else both guardians; and whom the form itself names."""
        said = _last([person.custody(), *(self.custody.get(number) for number in person.numbers)])
        if said is None:
            given = Given(cooperation, asked or {"guardian_1", "guardian_2"}, signed, rounds=[(now, None)])
        else:
            given = Given(cooperation, said[1] | asked, signed, rounds=[said])
        person.consents.append(given)

    def person(self, number: str) -> Person | None:
        return next((one for one in self.persons if number in one.numbers), None)

    def said(self, numbers: set[str]) -> list[Word]:
        return [word for number in sorted(numbers) for word in self.words.get(number, [])]

    def split(self, person: Person, now: datetime) -> None:
        """Two persons: nobody can tell whose custody was recorded, so everybody who may have it has, of both."""
        said = [who for one in (*person.consents, *person.ended) for _at, who in one.rounds if who is not None]
        for consent in person.consents if said else ():
            consent.again(now, _doubt(said))
        person.ended += person.consents
        person.consents = []

    def doubt(self, number: str, now: datetime) -> None:
        """The same of a number under which nothing is registered."""
        self.custody[number] = (now, _doubt([self.custody[number][1]]))

    def standing(self, person: Person, consent: Given) -> str:
        """Where a consent stands, the weightiest first."""
        words = [word for word in self.said(person.numbers) if word.until is None and word.by != "authority"]
        if any(word.meets(consent.cooperation) for word in words):
            return "blocked"
        if not consent.complete:
            return "waiting" if consent.since is None else "suspended"
        return "held" if consent.held else "in_force"

    def in_force(self, person: Person) -> list[Given]:
        return [one for one in person.consents if self.standing(person, one) == "in_force"]

    def settle(self, now: datetime) -> None:
        """What follows by itself: consents complete, come into force, and persons end with the last that was ever in force."""
        for person in list(self.persons):
            for consent in person.consents:
                consent.complete = consent.complete or consent.signers <= consent.signed
                if consent.since is None and self.standing(person, consent) == "in_force":
                    consent.since = now
            if any(one.since is not None for one in person.consents):
                continue
            if person.reference is not None or not person.consents:
                self.persons.remove(person)
                self.dead |= {person.reference} - {None}
                said = person.custody()
                self.custody |= {} if said is None else dict.fromkeys(person.numbers, said)
                if person.reference is not None and person.consents:  # what waits goes on under a reference of its own
                    self.persons.append(Person(set(person.numbers), now, None, person.consents))
        known = {number for person in self.persons for number in person.numbers}
        for number in set(self.words) - known:  # of whom nothing is registered only what stands is kept, and protections
            self.words[number] = [word for word in self.words[number] if word.until is None or word.by == "authority"]

    def say(self, numbers: set[str], by: str, cooperation: str, now: datetime) -> None:
        for number in numbers:
            said = self.words.setdefault(number, [])
            if not any(word.until is None and (word.by, word.cooperation) == (by, cooperation) for word in said):
                said.append(Word(by, cooperation, now))

    def unsay(self, numbers: set[str], by: str, now: datetime) -> None:
        for word in self.said(numbers):
            if word.by == by and word.until is None:
                word.until = now

    def stands(self, numbers: set[str], by: str) -> bool:
        return any(word.until is None and word.by == by for word in self.said(numbers))

    def kept(self, numbers: set[str]) -> bool:
        """Whether anything is known of numbers under which nothing is registered."""
        return any(number in self.custody or self.words.get(number) for number in numbers)

    def tie(self, numbers: set[str]) -> None:
        """They are one person's, of whom nothing is registered: what is known of one is known of all."""
        said = _last([self.custody.get(number) for number in numbers])
        self.custody |= {} if said is None else dict.fromkeys(numbers, said)
        self._share(numbers)

    def join(self, one: Person | None, other: Person | None, numbers: set[str], now: datetime) -> None:
        """They are one: the one with a reference stays, the older of two; what either said counts for both."""
        if one is not None and other is not None:
            stays, goes = sorted([one, other], key=lambda person: (person.reference is None, person.since))
            custody = {id(stays): goes.custody(), id(goes): stays.custody()}
            doubtful = [c for a, b in ((stays, goes), (goes, stays)) for c in a.consents if _later_no(b, c)]
            for person in (stays, goes):
                _tell(person.consents, custody[id(person)], now)
            for consent in doubtful:
                consent.again(now)
            stays.consents += goes.consents
            stays.numbers |= goes.numbers
            self.persons.remove(goes)
            self.dead |= {goes.reference} - {None}
        else:
            stays = one or other  # type: ignore[assignment]
        stays.numbers |= numbers
        _tell(stays.consents, _last([self.custody.get(number) for number in stays.numbers]), now)
        self._share(stays.numbers)

    def _share(self, numbers: set[str]) -> None:
        for word in self.said(numbers):
            for number in numbers:
                known = self.words.setdefault(number, [])
                if word not in known:
                    known.append(Word(word.by, word.cooperation, word.since, word.until))


def _doubt(said: list[set[str]]) -> set[str]:
    return {"guardian_1", "guardian_2"}.union(*said)


def _last(said: list[tuple[datetime, set[str]] | None]) -> tuple[datetime, set[str]] | None:
    return max((one for one in said if one is not None), key=lambda one: one[0], default=None)


def _tell(consents: list[Given], custody: tuple[datetime, set[str]] | None, now: datetime) -> None:
    """Consents learn that custody changed before all signed who have it, unless they know better."""
    if custody is None:
        return
    since, holders = custody
    for consent in consents:
        known = max((at for at, who in consent.rounds if who is not None), default=None)
        knows_better = known is not None and known >= since
        if not knows_better and (consent.rounds[-1][0] < since or not holders <= consent.signers):
            consent.again(now, holders)


def _later_no(person: Person, consent: Given) -> bool:
    """Whether this other person saw the same cooperation withdrawn after the consent came into force, and it is still running."""
    since = consent.since
    return since is not None and any(what == consent.cooperation and at > since for what, at in person.withdrawn)
