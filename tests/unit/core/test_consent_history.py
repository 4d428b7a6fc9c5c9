"""The algebra against the tables of `consent_table`, which know nothing of it."""

from __future__ import annotations

import ast
import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.consent_file import load_consent_rules
from hub.contract.models import ConsentRecord, ConsentStatus, Cooperation, InfoKind
from hub.core import consent_facts as algebra
from hub.core.consent import PERMITTED, Decision, Purpose, decide
from hub.core.consent_history import course
from hub.core.consent_rules import AgeSpan, AtSigningAge, ConsentRules, Dated, Form, Period, Signatory
from hub.core.consent_scopes import HISTORY_DENIALS, Account, account, decide_history, record_status, shown_scopes
from hub.resources import defaults_folder
from tests.unit.core.consent_cases import LARGEST, MUNICIPALITIES, Case, make_case
from tests.unit.core.consent_mutants import mutants
from tests.unit.core.consent_table import Asked, Consent, Tables
from tests.unit.core.make import YOUTH

MORE = "HUB_CONSENT_HISTORIES"
HISTORIES = int(os.environ.get(MORE, "300"))
SAMPLE = 1500
NUMBER = st.integers(0, LARGEST)
CASES = st.builds(
    make_case,
    NUMBER,
    st.lists(st.tuples(NUMBER, st.lists(NUMBER, max_size=9)), min_size=1, max_size=3),
    st.lists(NUMBER, min_size=6, max_size=6),
)


def shipped(name: str) -> ConsentRules:
    return load_consent_rules(defaults_folder() / "consent" / f"{name}.yaml")


def invented() -> ConsentRules:
    """The municipality of the tables that changes its mind twice."""
    days = [row[1] for row in Tables().municipalities if row[0] == "invented"]

    def dated(*values):
        return Dated(tuple(Period(date.fromisoformat(day), value) for day, value in zip(days, values, strict=True)))

    others = shipped("norrkoping")
    return ConsentRules(
        youth_signs_from=dated(15, 13, 16),
        at_signing_age=dated(AtSigningAge.CONTINUE, AtSigningAge.SUSPEND, AtSigningAge.SUSPEND),
        cooperations={
            Cooperation.SSPF: dated(AgeSpan(10, 18), AgeSpan(10, 17), AgeSpan(10, 17)),
            Cooperation.SIG: dated(AgeSpan(12, 20), AgeSpan(12, 20), AgeSpan(12, 19)),
        },
        longest_days=others.longest_days,
        forms=others.forms,
        signatories=others.signatories,
    )


RULES = {name: invented() if name == "invented" else shipped(name) for name in MUNICIPALITIES}


def as_fact(at, kind, what) -> algebra.Fact:
    """A plain fact in the algebra's words."""

    def roles(names):
        return frozenset(map(Signatory, names))

    made: dict[str, Callable[[], algebra.Fact]] = {
        "registered": lambda: algebra.Registered(at, Form(what[0]), roles(what[1])),
        "custody": lambda: algebra.CustodyChanged(at, roles(what)),
        "again": lambda: algebra.CustodyChanged(at, roles(what), recorded=False),
        "narrowed": lambda: algebra.Narrowed(
            at,
            what["agencies"],
            what["recipients"],
            None if what["kinds"] is None else frozenset(map(InfoKind, what["kinds"])),
            what["until"],
        ),
        "withdrawn": lambda: algebra.Withdrawn(at, None if what is None else Signatory(what)),
        "ended": lambda: algebra.Ended(at, algebra.Rule(what)),
        "halted": lambda: algebra.Halted(at),
        "resumed": lambda: algebra.Resumed(at),
        "barred": lambda: algebra.Barred(at, *what),
        "signed": lambda: algebra.Signed(at, Signatory(what)),
        "declined": lambda: algebra.Declined(at, Signatory(what)),
        "blocked": lambda: algebra.Blocked(at, Signatory(what)),
        "unblocked": lambda: algebra.Unblocked(at, Signatory(what)),
    }
    return made[kind]()


def as_history(consent: Consent) -> algebra.History:
    terms = algebra.Terms(
        consent.scope,
        Cooperation(consent.cooperation),
        consent.agencies,
        consent.recipients,
        frozenset(map(InfoKind, consent.kinds)),
        consent.begins,
        consent.ends,
        consent.earlier,
    )
    return algebra.History(terms, tuple(as_fact(*fact) for fact in consent.facts))


def question_of(asked: Asked) -> dict:
    return {
        "purpose": Purpose(asked.purpose),
        "source": asked.source,
        "recipient": asked.recipient,
        "kind": None if asked.kind is None else InfoKind(asked.kind),
        "at": asked.at,
        "cooperation": None if asked.cooperation is None else Cooperation(asked.cooperation),
    }


def record_of(accounts: list[Account], now) -> ConsentRecord | None:
    """What the registry would publish."""
    status = record_status(accounts)
    scopes = () if status in {None, ConsentStatus.WITHDRAWN} else shown_scopes(accounts)
    return None if status is None else ConsentRecord(
        youth_ref=YOUTH, version=3, status=status, age_years=None, age_valid_until=None, area=None, legal_basis="public_task",
        scopes=scopes, recorded_at=now,
    )  # fmt: skip


def decisions(case: Case, rules: ConsentRules | None = None) -> list[tuple[Decision, Decision]]:
    """Each question decided twice: over the histories, and over the record that is published of them."""
    rules = rules or RULES[case.municipality]
    histories = [as_history(consent) for consent in case.consents]
    made = []
    for asked, now in case.questions:
        found = [account(history, case.born, rules, now) for history in histories]
        accounts = [one for one in found if one is not None]
        question = question_of(asked)
        made.append((decide_history(accounts, **question, version=3), decide(record_of(accounts, now), **question)))
    return made


def disagreement(tables: Tables, case: Case, decided: list[tuple[Decision, Decision]]) -> str | None:
    """The first difference between the tables and the algebra in one case."""
    looks = tables.look(case.municipality, case.born, case.consents)
    for (asked, now), (full, public) in zip(case.questions, decided, strict=True):
        rule, scope = tables.decide(looks, asked, now)
        if (full.rule, full.scope_id) != (rule, scope):
            return f"{asked} at {now}: the table says {rule} ({scope}), the algebra {full.rule} ({full.scope_id})"
        if full.permit != (rule == PERMITTED) or public.permit != full.permit:
            return f"{asked} at {now}: {rule}, the history permits {full.permit}, the record {public.permit} ({public.rule})"
        if full.permit and public.scope_id != scope:
            return f"{asked} at {now}: the record rests on {public.scope_id} instead of {scope}"
    return None


def test_the_algebra_decides_as_the_tables_do(capsys: pytest.CaptureFixture[str]) -> None:
    decided: Counter[str] = Counter()
    seen = Counter[str]()
    tables = Tables()

    @settings(
        max_examples=HISTORIES,
        deadline=None,
        derandomize=MORE not in os.environ,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(CASES)
    def agree(case: Case) -> None:
        made = decisions(case)
        assert disagreement(tables, case, made) is None
        decided.update(full.rule for full, _public in made)
        seen.update(youths=1, consents=len(case.consents), facts=sum(len(one.facts) for one in case.consents))

    agree()
    with capsys.disabled():
        print(f"\n{seen['consents']} histories of {seen['youths']} youths, {seen['facts']} facts, {decided.total()} decisions:")
        print("  " + ", ".join(f"{rule} {number}" for rule, number in decided.most_common()))
    assert seen["consents"] >= HISTORIES


@pytest.fixture(scope="module")
def sample() -> list[tuple[Case, list[tuple[Decision, Decision]]]]:
    """Cases drawn without hypothesis, decided once for all mutants."""
    chance = random.Random(20250519)

    def numbers(count: int) -> list[int]:
        return [chance.randint(0, LARGEST) for _ in range(count)]

    cases = [
        make_case(
            numbers(1)[0], [(numbers(1)[0], numbers(chance.randint(0, 9))) for _ in range(chance.randint(1, 3))], numbers(6)
        )
        for _ in range(SAMPLE)
    ]
    return [(case, decisions(case)) for case in cases]


def test_the_sample_has_every_answer_and_each_is_the_tables(sample) -> None:
    tables = Tables()
    assert [wrong for case, decided in sample if (wrong := disagreement(tables, case, decided))] == []
    assert {full.rule for _case, decided in sample for full, _public in decided} == HISTORY_DENIALS | {PERMITTED}


@pytest.mark.parametrize("name", mutants())
def test_a_table_with_one_thing_wrong_disagrees(name: str, sample) -> None:
    wrong = mutants()[name]
    where = name.split(maxsplit=1)[0]
    asked = [(case, decided) for case, decided in sample if where not in RULES or case.municipality == where]
    assert any(disagreement(wrong, case, decided) for case, decided in asked)


def wrong_rules(rules: ConsentRules) -> dict[str, ConsentRules]:
    """A municipality's rules with one thing wrong each, on the algebra's side."""

    def older(span: AgeSpan) -> AgeSpan:
        return AgeSpan(span.first, None if span.last is None else span.last + 1)

    def moved(dated: Dated, change: Callable) -> Dated:
        return Dated(tuple(Period(period.valid_from, change(period.value)) for period in dated.periods))

    other = {AtSigningAge.CONTINUE: AtSigningAge.SUSPEND, AtSigningAge.SUSPEND: AtSigningAge.CONTINUE}
    offered = rules.cooperations
    return {
        "the youth signs a year later": replace(rules, youth_signs_from=moved(rules.youth_signs_from, lambda age: age + 1)),
        "sspf a year longer": replace(rules, cooperations={**offered, Cooperation.SSPF: moved(offered[Cooperation.SSPF], older)}),
        "sig a year longer": replace(rules, cooperations={**offered, Cooperation.SIG: moved(offered[Cooperation.SIG], older)}),
        "at that age the other way": replace(rules, at_signing_age=moved(rules.at_signing_age, lambda then: other[then])),
    }


@pytest.mark.parametrize("name", wrong_rules(RULES["invented"]))
def test_an_algebra_with_one_rule_wrong_disagrees(name: str, sample) -> None:
    wrong = wrong_rules(RULES["invented"])[name]
    cases = [case for case, _decided in sample if case.municipality == "invented"]
    assert any(disagreement(Tables(), case, decisions(case, wrong)) for case in cases)


@pytest.mark.parametrize("kind", ["blocked", "halted", "barred", "custody", "withdrawn", "narrowed"])
def test_an_algebra_that_never_hears_of_it_disagrees(kind: str, sample) -> None:
    def deaf(case: Case) -> Case:
        consents = [replace(one, facts=tuple(fact for fact in one.facts if fact[1] != kind)) for one in case.consents]
        return replace(case, consents=consents)

    assert any(disagreement(Tables(), case, decisions(deaf(case))) for case, _decided in sample)


def test_a_denial_and_a_permit_name_consent_version_and_rule(sample) -> None:
    """What is refused for a time under a block, a protection or another history's word is told like any other refusal."""
    found = Counter(full.rule for _case, decided in sample for full, _public in decided)
    assert found["not_in_force_then"] > 10
    for _case, decided in sample:
        for full, _public in decided:
            assert (full.consent_version, full.scope_id is None) == ((None, True) if full.rule == "no_consent" else (3, False))
            assert full.rule in HISTORY_DENIALS | {PERMITTED}


def test_a_guardian_who_takes_a_signature_back_before_the_other_signs_has_signed_nothing() -> None:
    one, other = Signatory.GUARDIAN_1, Signatory.GUARDIAN_2
    days = [datetime(2025, 1, day, 12, tzinfo=UTC) for day in range(10, 17)]
    terms = algebra.Terms(
        "00000000-0000-4000-8000-000000000001", Cooperation.SSPF, frozenset({"school-a"}), frozenset({"outreach"}),
        frozenset(InfoKind), days[0], days[0] + timedelta(days=300),
    )  # fmt: skip
    said = [algebra.Signed(days[1], one), algebra.Declined(days[2], one), algebra.Signed(days[3], other)]
    said += [algebra.Declined(days[4], other), algebra.Signed(days[5], one), algebra.Signed(days[6], other)]
    form = algebra.Registered(days[0], Form.CHILD, frozenset({one, other}))
    found = course(algebra.History(terms, (form, *said)), date(2012, 1, 1), shipped("norrkoping"))
    stands = [found.at(day) for day in days]
    assert [one is not None and one.signed for one in stands] == [
        frozenset(), {one}, frozenset(), {other}, frozenset(), {one}, {one, other},
    ]  # fmt: skip
    assert [one is not None and one.status is algebra.Status.IN_FORCE for one in stands] == [*[False] * 6, True]


def test_the_tables_import_nothing_of_the_hub() -> None:
    for name in ("consent_law", "consent_table", "consent_mutants", "consent_cases"):
        tree = ast.parse((Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8"))
        modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        assert not [module for module in modules if module.split(".")[0] == "hub"]
