"""Histories of grants, signatures, blocks, custody, withdrawals, merges, splits and markings against a model of persons."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hub.contract.models import InfoKind
from hub.core.consent_rules import Signatory
from hub.errors import RejectedError
from hub.registry.granting import Marking
from hub.registry.identities import merge, split
from hub.registry.protecting import protect, unprotect
from hub.registry.vault import subject_hash
from tests.unit.registry.identity_model import Given, Person, World
from tests.unit.registry.support import SCHOOL, START, Installation, make_grant, make_identifier

NUMBERS = [make_identifier(number) for number in range(3)]
COOPERATIONS = {"sspf": ("outreach",), "sig": ("sig",)}
BOTH, SOLE = {"guardian_1", "guardian_2"}, {"guardian_1"}
anybody = st.sampled_from(NUMBERS)
blockers = st.sampled_from(["youth", "guardian_2"])  # whose say no recorded custody takes away here


def no_record(_youth_id: str) -> None: ...


class Histories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="hub-histories-")
        self.home = Installation(Path(self.folder.name))
        self.registry = self.home.registry
        self.world = World()

    def teardown(self) -> None:
        self.home.close()
        self.folder.cleanup()

    def now(self) -> datetime:
        return self.home.clock.advance(timedelta(minutes=2))

    def refused(self, code: str, call, *arguments: object) -> None:
        with pytest.raises(RejectedError) as caught:
            call(*arguments)
        assert caught.value.code == code

    def protected(self, numbers: set[str]) -> bool:
        return self.world.stands(numbers, "authority")

    def settle(self, now: datetime) -> None:
        """The model settles, and takes over the references that the registry has drawn."""
        self.world.settle(now)
        for person in self.world.persons:
            if person.reference is None and any(one.since is not None for one in person.consents):
                (person.reference,) = set(self.registry.references(sorted(person.numbers)))
                assert person.reference not in {None, *self.world.dead}

    @initialize(cooperations=st.tuples(*[st.sampled_from(sorted(COOPERATIONS))] * 2))
    def two_persons_to_begin_with(self, cooperations: tuple[str, str]) -> None:
        for number, cooperation in zip(NUMBERS, cooperations, strict=False):
            self.grant(number, cooperation, BOTH)

    @rule(number=anybody, cooperation=st.sampled_from(sorted(COOPERATIONS)), signed=st.sampled_from([BOTH, BOTH, {"guardian_1"}]))
    def grant(self, number: str, cooperation: str, signed: set[str], asked: frozenset[str] = frozenset()) -> None:
        now, person = self.now(), self.world.person(number)
        roles = {"signed": tuple(sorted(signed)), "required": tuple(sorted(asked))}
        request = make_grant(number, cooperation=cooperation, recipients=COOPERATIONS[cooperation], **roles)
        if self.protected({number}):
            return self.refused("manual_handling", self.registry.grant, request)
        if person is not None and any(one.cooperation == cooperation for one in person.consents):
            return self.refused("already_granted", self.registry.grant, request)
        self.registry.grant(request)
        if person is None:
            person = Person({number}, now)
            self.world.persons.append(person)
        self.world.give(person, cooperation, set(asked), set(signed), now)
        return self.settle(now)

    @rule(number=anybody, cooperation=st.sampled_from(sorted(COOPERATIONS)))
    def grant_in_sole_custody(self, number: str, cooperation: str) -> None:
        self.grant(number, cooperation, SOLE, frozenset(SOLE))

    @rule(number=anybody, role=st.sampled_from(sorted(BOTH)))
    def sign(self, number: str, role: str) -> None:
        now, person = self.now(), self.world.person(number)
        if person is None:
            return self.refused("no_consent", self.registry.sign, number, Signatory(role))
        if self.protected(person.numbers):
            return self.refused("manual_handling", self.registry.sign, number, Signatory(role))
        running = self.world.in_force(person)
        asked = [one for one in person.consents if one not in running and role in one.signers]
        if not asked:
            return self.refused("nothing_to_sign", self.registry.sign, number, Signatory(role))
        self.registry.sign(number, Signatory(role))
        for consent in asked:
            consent.signed.add(role)
        return self.settle(now)

    @rule(number=anybody, by=blockers, cooperation=st.sampled_from([None, *sorted(COOPERATIONS)]))
    def block(self, number: str, by: str, cooperation: str | None) -> None:
        now, person = self.now(), self.world.person(number)
        if person is None:
            return self.refused("no_consent", self.registry.block, number, Signatory(by), cooperation)
        met = [one for one in person.consents if cooperation in {None, one.cooperation}]
        if not met:
            return self.refused("nothing_to_block", self.registry.block, number, Signatory(by), cooperation)
        if by != "youth" and not any(by in one.signers for one in met):
            return self.refused("not_a_signatory", self.registry.block, number, Signatory(by), cooperation)
        self.registry.block(number, Signatory(by), cooperation)
        self.world.say(person.numbers, by, cooperation or "", now)
        return self.settle(now)

    @rule(number=anybody, by=blockers)
    def unblock(self, number: str, by: str) -> None:
        now, person = self.now(), self.world.person(number)
        lift = (self.registry.unblock, number, Signatory(by))
        if person is None:
            if self.protected({number}) or not self.world.stands({number}, by):
                return self.refused("no_consent", *lift)
            self.registry.unblock(number, Signatory(by))
            self.world.unsay({number}, by, now)
            return self.settle(now)
        if self.protected(person.numbers):
            return self.refused("manual_handling", *lift)
        words = [word for word in self.world.said(person.numbers) if word.by == by and word.until is None]
        if not any(word.meets(one.cooperation) for word in words for one in person.consents):
            return self.refused("no_block", *lift)  # it meets nothing that is registered
        self.registry.unblock(number, Signatory(by))
        self.world.unsay(person.numbers, by, now)
        return self.settle(now)

    @rule(number=anybody, signers=st.sampled_from([BOTH, {"guardian_2"}]))
    def change_custody(self, number: str, signers: set[str]) -> None:
        now, person = self.now(), self.world.person(number)
        roles = tuple(map(Signatory, sorted(signers)))
        if person is None:
            return self.refused("no_consent", self.registry.change_custody, number, roles)
        self.registry.change_custody(number, roles)
        for consent in person.consents:
            consent.again(now, signers)
        return self.settle(now)

    @rule(number=anybody, cooperation=st.sampled_from([None, *sorted(COOPERATIONS)]))
    def withdraw(self, number: str, cooperation: str | None) -> None:
        now, person = self.now(), self.world.person(number)
        if person is None:
            return self.refused("no_consent", self.registry.withdraw, number, cooperation)
        chosen = [one for one in person.consents if cooperation in {None, one.cooperation}]
        if not chosen:
            return self.refused("nothing_to_withdraw", self.registry.withdraw, number, cooperation)
        self.registry.withdraw(number, cooperation)
        person.consents = [one for one in person.consents if one not in chosen]
        person.ended += chosen
        person.withdrawn += [(one.cooperation, now) for one in chosen]
        return self.settle(now)

    @precondition(lambda self: self.world.persons)
    @rule(former=anybody, present=anybody)
    def merge(self, former: str, present: str) -> None:
        now = self.now()
        one, other = self.world.person(former), self.world.person(present)
        if one is None and other is None:
            if former == present or not self.world.kept({former, present}):
                return self.refused("no_consent", merge, self.registry, former, present, no_record)
            merge(self.registry, former, present, no_record)
            return self.world.tie({former, present})
        if one is other or former == present:
            return self.refused("already_one", merge, self.registry, former, present, no_record)
        merge(self.registry, former, present, no_record)
        self.world.join(one, other, {former, present}, now)
        self.hold(self.world.person(present))
        return self.settle(now)

    @rule(number=anybody)
    def split(self, number: str) -> None:
        now, person = self.now(), self.world.person(number)
        if person is None and number not in self.world.custody:
            return self.refused("no_consent", split, self.registry, number, no_record)
        split(self.registry, number, no_record)
        if person is None:
            return self.world.doubt(number, now)
        self.world.split(person, now)
        return self.settle(now)

    @rule(number=anybody, marking=st.sampled_from(list(Marking)))
    def protect(self, number: str, marking: Marking) -> None:
        now, person = self.now(), self.world.person(number)
        assert protect(self.registry, number, marking, no_record) == (person is not None)
        self.world.say({number} if person is None else person.numbers, "authority", "", now)
        self.hold(person)
        self.settle(now)

    @rule(number=anybody)
    def unprotect(self, number: str) -> None:
        now, person = self.now(), self.world.person(number)
        numbers = {number} if person is None else person.numbers
        if not self.protected(numbers):
            return self.refused("not_protected", unprotect, self.registry, number, "decision-1", no_record)
        unprotect(self.registry, number, "decision-1", no_record)
        self.world.unsay(numbers, "authority", now)
        for consent in person.consents if person is not None else []:
            consent.held = False
        return self.settle(now)

    @precondition(lambda self: len(self.world.persons) > 1)
    @rule(place=st.integers(0, 1))
    def merge_two_persons(self, place: int) -> None:
        """As `merge`, which by chance meets two persons too seldom."""
        former, present = (min(self.world.persons[one].numbers) for one in (place, 1 - place))
        self.merge(former, present)

    @precondition(lambda self: self.world.persons)
    @rule(signers=st.sampled_from([BOTH, {"guardian_2"}]), by=blockers, cooperation=st.sampled_from([None, "sspf"]))
    def let_a_person_change(self, signers: set[str], by: str, cooperation: str | None) -> None:
        """Custody, a block and its lifting of somebody who is registered."""
        number = min(self.world.persons[0].numbers)
        self.block(number, by, cooperation)
        self.unblock(number, by)
        self.change_custody(number, signers)

    def hold(self, person: Person | None) -> None:
        for consent in person.consents if person is not None and self.protected(person.numbers) else ():
            consent.held = True

    @invariant()
    def every_number_has_its_persons_reference(self) -> None:
        people = [self.world.person(number) for number in NUMBERS]
        assert self.registry.references(NUMBERS) == [person.reference if person else None for person in people]

    @invariant()
    def every_consent_stands_where_the_model_says(self) -> None:
        named = {"held": "suspended"}
        for person in self.world.persons:
            shown = [one for one in self.registry.show(min(person.numbers)).consents if one.state != "withdrawn"]
            wanted = [(one.cooperation, named.get(rule, rule)) for one in person.consents for rule in [self.state(person, one)]]
            assert sorted((one.cooperation, str(one.state)) for one in shown) == sorted(wanted)

    def state(self, person: Person, consent: Given) -> str:
        return self.world.standing(person, consent)

    @invariant()
    def nothing_that_happened_under_a_block_or_a_protection_is_covered_and_what_was_before_is(self) -> None:
        for person in self.world.persons:
            running = {one.cooperation for one in self.world.in_force(person)}
            assert self.counts(person, START - timedelta(days=30)) == bool(running)
            for word in self.world.said(person.numbers):
                if not {cooperation for cooperation in running if not word.meets(cooperation)}:
                    assert not self.counts(person, word.since + timedelta(minutes=1)), word

    def counts(self, person: Person, at: datetime) -> bool:
        asked = {"source": SCHOOL, "recipient": None, "kind": InfoKind.SCHOOL_ABSENCE, "at": at}
        decision = self.registry.decide(min(person.numbers), **asked)
        assert decision.scope_id is not None
        assert decision.permit == (decision.rule == "permitted")
        return decision.permit

    @invariant()
    def agencies_see_those_in_force_by_all_their_numbers_and_nobody_else(self) -> None:
        before = {entry["youth_ref"] for entry in self.home.told().entries if not entry["removed"]}
        visible = {one.reference: one.numbers for one in self.world.persons if self.world.in_force(one)}
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
        assert {ref for ref, status in last.items() if status == "withdrawn"} == self.world.dead & set(last)


FIRST, SECOND, THIRD = NUMBERS
OTHERS = {"guardian_2"}
SCRIPTS = [
    [("change_custody", FIRST, OTHERS), ("merge", FIRST, SECOND), ("sign", FIRST, "guardian_2")],
    [("change_custody", SECOND, OTHERS), ("sign", SECOND, "guardian_2"), ("merge", FIRST, SECOND)],
    [("change_custody", FIRST, OTHERS), ("withdraw", SECOND, None), ("grant", SECOND, "sig", BOTH), ("merge", FIRST, SECOND)],
    [("block", FIRST, "youth", None), ("unblock", FIRST, "youth"), ("merge", FIRST, SECOND), ("withdraw", FIRST, "sspf")],
    [("block", SECOND, "youth", None), ("merge", FIRST, SECOND), ("split", FIRST), ("grant", FIRST, "sig", BOTH)],
    [("block", FIRST, "youth", "sspf"), ("withdraw", FIRST, None), ("merge", FIRST, SECOND), ("grant", SECOND, "sspf", BOTH)],
    [
        ("block", FIRST, "guardian_2", None),
        ("withdraw", FIRST, None),
        ("unblock", FIRST, "guardian_2"),
        ("unblock", FIRST, "youth"),
    ],
    [("protect", FIRST, Marking.OWN), ("unprotect", FIRST), ("merge", FIRST, SECOND), ("grant", THIRD, "sspf", BOTH)],
    [("protect", THIRD, Marking.EXIT), ("unprotect", THIRD), ("merge", SECOND, THIRD), ("grant", THIRD, "sspf", BOTH)],
    [("protect", FIRST, Marking.OWN), ("now",), ("now",), ("merge", FIRST, SECOND), ("unprotect", FIRST)],
    [("protect", THIRD, Marking.OWN), ("now",), ("now",), ("merge", SECOND, THIRD), ("unprotect", SECOND), ("split", FIRST)],
    [
        ("grant", FIRST, "sig", {"guardian_1"}),
        ("block", FIRST, "youth", None),
        ("withdraw", FIRST, "sspf"),
        ("unblock", FIRST, "youth"),
    ],
    [("block", FIRST, "guardian_2", None), ("grant_in_sole_custody", FIRST, "sig"), ("unblock", FIRST, "guardian_2")],
    [("block", FIRST, "guardian_2", None), ("withdraw", FIRST, None), ("grant_in_sole_custody", FIRST, "sspf")],
    [("grant_in_sole_custody", THIRD, "sspf"), ("block", SECOND, "guardian_2", None), ("merge", THIRD, SECOND)],
    [("change_custody", FIRST, OTHERS), ("grant", FIRST, "sig", SOLE), ("sign", FIRST, "guardian_2")],
    [("change_custody", FIRST, OTHERS), ("grant_in_sole_custody", FIRST, "sig"), ("withdraw", FIRST, "sspf")],
    [
        ("change_custody", FIRST, OTHERS),
        ("change_custody", SECOND, BOTH),
        ("grant", FIRST, "sig", BOTH),
        ("merge", FIRST, SECOND),
    ],
    [
        ("change_custody", FIRST, OTHERS),
        ("grant", FIRST, "sig", SOLE),
        ("withdraw", FIRST, "sspf"),
        ("grant", FIRST, "sspf", SOLE),
    ],
    [("grant_in_sole_custody", FIRST, "sig"), ("block", FIRST, "guardian_2", None), ("withdraw", FIRST, "sspf")],
    [("change_custody", FIRST, OTHERS), ("withdraw", FIRST, None), ("grant", FIRST, "sspf", SOLE), ("sign", FIRST, "guardian_2")],
    [("change_custody", FIRST, OTHERS), ("withdraw", FIRST, None), ("merge", FIRST, SECOND), ("grant", FIRST, "sspf", SOLE)],
    [("change_custody", FIRST, OTHERS), ("grant_in_sole_custody", THIRD, "sig"), ("merge", THIRD, FIRST)],
    [("change_custody", FIRST, OTHERS), ("grant", THIRD, "sig", BOTH), ("merge", THIRD, FIRST)],
    [("change_custody", FIRST, OTHERS), ("split", FIRST), ("grant", FIRST, "sig", SOLE), ("withdraw", FIRST, None)],
    [("change_custody", FIRST, BOTH), ("split", FIRST), ("grant_in_sole_custody", FIRST, "sig")],
    [("change_custody", FIRST, OTHERS), ("merge", FIRST, SECOND), ("split", SECOND), ("grant", SECOND, "sig", SOLE)],
    [("change_custody", FIRST, OTHERS), ("withdraw", FIRST, None), ("split", FIRST), ("grant", FIRST, "sspf", SOLE)],
]


@pytest.mark.parametrize("number", range(len(SCRIPTS)))
def test_histories_that_chance_seldom_makes_agree_with_the_model_after_every_step(number: int) -> None:
    machine = Histories()
    try:
        machine.two_persons_to_begin_with(("sspf", "sig"))
        for name, *arguments in SCRIPTS[number]:
            getattr(machine, name)(*arguments)
            for check in INVARIANTS:
                check(machine)
    finally:
        machine.teardown()


INVARIANTS = [
    Histories.every_number_has_its_persons_reference,
    Histories.every_consent_stands_where_the_model_says,
    Histories.nothing_that_happened_under_a_block_or_a_protection_is_covered_and_what_was_before_is,
    Histories.agencies_see_those_in_force_by_all_their_numbers_and_nobody_else,
    Histories.the_last_record_of_whoever_is_gone_says_withdrawn,
]
Histories.TestCase.settings = settings(max_examples=20, stateful_step_count=14, deadline=None)
TestHistories = Histories.TestCase
