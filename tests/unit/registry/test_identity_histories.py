"""Histories of grants, withdrawals, merges, splits and markings against a model that is written as a table of persons.

The model knows nothing of rows, lookups or keys: a person is a set of numbers with consents, and what must be true after each
step is said of persons only.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hub.errors import RejectedError
from hub.registry.granting import Marking
from hub.registry.identities import merge, split
from hub.registry.protecting import protect, unprotect
from hub.registry.vault import subject_hash
from tests.unit.registry.support import SCHOOL, Installation, make_grant, make_identifier

NUMBERS = [make_identifier(number) for number in range(4)]
COOPERATIONS = {"sspf": ("outreach",), "sig": ("sig",)}
anybody = st.sampled_from(NUMBERS)


@dataclass
class Given:
    """One consent of the model: `wants_signing` after a doubtful merge, `held` while its person is protected."""

    cooperation: str
    since: datetime
    wants_signing: bool = False
    held: bool = False

    @property
    def in_force(self) -> bool:
        return not (self.wants_signing or self.held)


@dataclass
class Person:
    numbers: set[str]
    since: datetime
    reference: str
    consents: list[Given] = field(default_factory=list)
    withdrawn: list[tuple[str, datetime]] = field(default_factory=list)


def no_record(_youth_id: str) -> None: ...


class Histories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="hub-histories-")
        self.home = Installation(Path(self.folder.name))
        self.persons: list[Person] = []
        self.protected: set[str] = set()
        self.dead: set[str] = set()

    def teardown(self) -> None:
        self.home.close()
        self.folder.cleanup()

    def person(self, number: str) -> Person | None:
        return next((one for one in self.persons if number in one.numbers), None)

    def now(self) -> datetime:
        return self.home.clock.advance(timedelta(minutes=1))

    def refused(self, code: str, call, *arguments: object) -> None:
        with pytest.raises(RejectedError) as caught:
            call(*arguments)
        assert caught.value.code == code

    def end(self, person: Person) -> None:
        self.persons.remove(person)
        self.dead.add(person.reference)

    @rule(number=anybody, cooperation=st.sampled_from(sorted(COOPERATIONS)))
    def grant(self, number: str, cooperation: str) -> None:
        now, person = self.now(), self.person(number)
        request = make_grant(number, cooperation=cooperation, recipients=COOPERATIONS[cooperation])
        if number in self.protected:
            return self.refused("manual_handling", self.home.registry.grant, request)
        if person is not None and any(one.cooperation == cooperation for one in person.consents):
            return self.refused("already_granted", self.home.registry.grant, request)
        reference = self.home.registry.grant(request).youth_ref
        assert reference is not None
        if person is None:
            assert reference not in self.dead | {one.reference for one in self.persons}
            person = Person({number}, now, reference)
            self.persons.append(person)
        person.consents.append(Given(cooperation, now))
        return None

    @rule(number=anybody, cooperation=st.sampled_from([None, *sorted(COOPERATIONS)]))
    def withdraw(self, number: str, cooperation: str | None) -> None:
        now, person = self.now(), self.person(number)
        if person is None:
            return self.refused("no_consent", self.home.registry.withdraw, number, cooperation)
        chosen = [one for one in person.consents if cooperation in {None, one.cooperation}]
        if not chosen:
            return self.refused("nothing_to_withdraw", self.home.registry.withdraw, number, cooperation)
        self.home.registry.withdraw(number, cooperation)
        person.consents = [one for one in person.consents if one not in chosen]
        person.withdrawn += [(one.cooperation, now) for one in chosen]
        if not person.consents:
            self.end(person)
        return None

    @precondition(lambda self: self.persons)
    @rule(former=anybody, present=anybody)
    def merge(self, former: str, present: str) -> None:
        self.now()
        one, other = self.person(former), self.person(present)
        if one is None and other is None:
            return self.refused("no_consent", merge, self.home.registry, former, present, no_record)
        if one is other or former == present:
            return self.refused("already_one", merge, self.home.registry, former, present, no_record)
        merge(self.home.registry, former, present, no_record)
        if one is not None and other is not None:
            stays, goes = sorted([one, other], key=lambda person: person.since)
            doubtful = [c for c in stays.consents if _later_no(goes, c)] + [c for c in goes.consents if _later_no(stays, c)]
            for consent in doubtful:
                consent.wants_signing = True
            stays.consents += goes.consents
            stays.numbers |= goes.numbers
            self.end(goes)
        else:
            stays = one or other  # type: ignore[assignment]
        stays.numbers |= {former, present}
        if stays.numbers & self.protected:
            self.hold(stays)
        return None

    @rule(number=anybody)
    def split(self, number: str) -> None:
        self.now()
        person = self.person(number)
        if person is None:
            return self.refused("no_consent", split, self.home.registry, number, no_record)
        split(self.home.registry, number, no_record)
        self.end(person)
        return None

    @rule(number=anybody, marking=st.sampled_from(list(Marking)))
    def protect(self, number: str, marking: Marking) -> None:
        self.now()
        person = self.person(number)
        assert protect(self.home.registry, number, marking, no_record) == (person is not None)
        self.protected.add(number)
        if person is not None:
            self.hold(person)

    @rule(number=anybody)
    def unprotect(self, number: str) -> None:
        self.now()
        person = self.person(number)
        if number not in self.protected:
            return self.refused("not_protected", unprotect, self.home.registry, number, "decision-1", no_record)
        unprotect(self.home.registry, number, "decision-1", no_record)
        self.protected -= {number} if person is None else person.numbers
        for consent in person.consents if person is not None else []:
            consent.held = False
        return None

    def hold(self, person: Person) -> None:
        self.protected |= person.numbers
        for consent in person.consents:
            consent.held = True

    @invariant()
    def every_number_has_its_persons_reference(self) -> None:
        people = [self.person(number) for number in NUMBERS]
        assert self.home.registry.references(NUMBERS) == [person.reference if person else None for person in people]

    @invariant()
    def agencies_see_those_in_force_by_all_their_numbers_and_nobody_else(self) -> None:
        before = {entry["youth_ref"] for entry in self.home.told().entries if not entry["removed"]}
        visible = {one.reference: one.numbers for one in self.persons if any(consent.in_force for consent in one.consents)}
        assert before <= set(visible)  # what may be seen no more is gone before anything is published
        while self.home.relay.run_once():
            pass
        key = self.home.agencies[SCHOOL].hmac_key
        entries = [entry for entry in self.home.told().entries if not entry["removed"]]
        seen = {entry["youth_ref"]: sorted(entry["subject_hashes"]) for entry in entries}
        assert seen == {ref: sorted(subject_hash(key, number) for number in numbers) for ref, numbers in visible.items()}
        assert len({entry["link_key"] for entry in entries}) == len(entries)

    @invariant()
    def the_last_record_of_whoever_is_gone_says_withdrawn(self) -> None:
        last = {record.youth_ref: str(record.status) for record in self.home.sent()}
        assert {ref for ref, status in last.items() if status == "withdrawn"} == self.dead & set(last)


def _later_no(person: Person, consent: Given) -> bool:
    """Whether this other row saw the same cooperation withdrawn after the consent came into force, and it is still running."""
    return any(cooperation == consent.cooperation and at > consent.since for cooperation, at in person.withdrawn)


Histories.TestCase.settings = settings(max_examples=12, stateful_step_count=14, deadline=None)
TestHistories = Histories.TestCase
