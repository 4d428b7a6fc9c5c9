"""Narrowing on the shred list: a backup that was made before it does not let the consent cover again what was left out."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect, select, text

from hub.contract.models import InfoKind
from hub.registry.deeds import Less
from hub.registry.narrow_lines import lines_of
from hub.registry.reconcile import Reconciled, reconcile
from hub.registry.tables import Consent, ConsentFact
from tests.unit.registry.older import copy_of, put_back
from tests.unit.registry.support import POLICE, SCHOOL, Installation, make_grant, make_identifier

PERSON, OTHER = make_identifier(), make_identifier(1)
END = datetime(2025, 8, 31, 22, tzinfo=UTC)
MOST = Less(frozenset({POLICE}), frozenset({"sspf"}), frozenset({InfoKind.POLICE_NOTICE}), END)


def passed(home: Installation, days: int = 1) -> datetime:
    return home.clock.advance(timedelta(days=days))


def restored(home: Installation, copy: dict[str, list[dict]]) -> Reconciled:
    put_back(home, copy)
    return reconcile(home.registry, home.keyring, home.clock.now())


def reach(home: Installation, person: str = PERSON) -> tuple[object, ...]:
    (one,) = home.registry.show(person).consents
    return one.state, one.agencies, one.recipients, one.kinds, one.valid_to


def permits(home: Installation, at: datetime, source: str = SCHOOL) -> bool:
    kind = InfoKind.POLICE_NOTICE if source == POLICE else InfoKind.SCHOOL_ABSENCE
    return home.registry.decide(PERSON, source=source, recipient=None, kind=kind, at=at).permit


def kept(home: Installation) -> list[tuple[object, ...]]:
    """When something was left out, and what has stayed since."""
    with home.registry.view() as session:
        query = select(ConsentFact).where(ConsentFact.kind == "narrowed").order_by(ConsentFact.position)
        found = [(one.at, one.details) for one in session.scalars(query)]
    stays: dict[str, object] = {}
    return [(at, dict(stays)) for at, details in found if not stays.update(details)]  # type: ignore[func-returns-value]


def test_what_was_left_out_since_the_backup_is_left_out_again_and_of_nobody_else(home: Installation) -> None:
    for person in (PERSON, OTHER):
        home.registry.grant(make_grant(person))
    backup, whole = copy_of(home), reach(home, OTHER)
    passed(home)
    home.registry.narrow(PERSON, MOST)
    narrowed = reach(home)
    assert narrowed == ("in_force", (SCHOOL,), ("outreach",), ("school_absence",), END)
    for _twice in range(2):
        passed(home)
        assert restored(home, backup).ended == 1
        assert (reach(home), reach(home, OTHER)) == (narrowed, whole)
        assert reconcile(home.registry, home.keyring, home.clock.now()) == Reconciled(0, 0)
    assert restored(home, copy_of(home)).ended == 0


def test_each_narrowing_counts_as_it_did_before_the_restore(home: Installation) -> None:
    home.registry.grant(make_grant(PERSON))
    times = [passed(home)]
    backup = copy_of(home)
    passed(home)
    home.registry.narrow(PERSON, Less(agencies=frozenset({POLICE})))
    times.append(passed(home))
    passed(home)
    home.registry.narrow(PERSON, Less(until=END))
    times += [passed(home), END]
    before = [permits(home, at, source) for source in (SCHOOL, POLICE) for at in times]
    facts = kept(home)
    assert restored(home, backup).ended == 1
    assert [permits(home, at, source) for source in (SCHOOL, POLICE) for at in times] == before
    assert kept(home) == facts
    assert reach(home)[-1] == END


def test_an_end_that_has_passed_since_ends_the_restored_consent(home: Installation) -> None:
    home.registry.grant(make_grant(PERSON))
    backup = copy_of(home)
    passed(home)
    home.registry.narrow(PERSON, Less(until=END))
    passed(home, 120)
    assert restored(home, backup).ended == 1
    assert not permits(home, home.clock.now())


def test_who_was_shredded_since_is_ended_though_her_consent_was_narrowed_before(home: Installation) -> None:
    home.registry.grant(make_grant(PERSON))
    backup = copy_of(home)
    passed(home)
    home.registry.narrow(PERSON, MOST)
    home.registry.withdraw(PERSON)
    assert restored(home, backup).ended == 1
    assert home.registry.references([PERSON]) == [None]


def test_a_narrowing_that_a_crash_kept_off_the_list_comes_on_it(home: Installation) -> None:
    home.registry.grant(make_grant(PERSON))
    backup = copy_of(home)
    passed(home)
    home.registry.narrow(PERSON, MOST)
    with home.keyring.engine.begin() as connection:
        assert connection.execute(text("DELETE FROM shred_list WHERE state = 'narrowed'")).rowcount == 4
    assert reconcile(home.registry, home.keyring, home.clock.now()) == Reconciled(0, 4)
    assert reconcile(home.registry, home.keyring, home.clock.now()) == Reconciled(0, 0)
    narrowed = reach(home)
    restored(home, backup)
    assert reach(home) == narrowed


def test_a_line_of_any_name_finds_room_on_the_list(home: Installation) -> None:
    (column,) = [one for one in inspect(home.keyring.engine).get_columns("shred_list") if one["name"] == "subject"]
    names = ("agencies", "recipients", "kinds")
    first = ConsentFact(kind="registered", at=END, details={name: ["x" * 200, "y"] for name in names})
    fact = ConsentFact(kind="narrowed", at=END, details={**{name: ["y"] for name in names}, "until": END.isoformat()})
    consent = Consent(consent_id=str(uuid.uuid4()), facts=[first, fact])
    lines = list(lines_of(consent, [fact]))
    assert len(lines) == 4
    assert max(len(line.subject) for line in lines) <= column["type"].length


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from([
            Less(agencies=frozenset({POLICE})), Less(recipients=frozenset({"sspf"})), Less(until=END),
            Less(kinds=frozenset({InfoKind.POLICE_NOTICE})), Less(until=END - timedelta(days=30)),
        ]),
        min_size=1, max_size=5, unique=True,
    ),
    st.data(),
)  # fmt: skip
def test_whenever_the_backup_was_made_the_restored_consent_covers_no_more(
    home: Installation, steps: list[Less], data: st.DataObject
) -> None:
    person = make_identifier(len(home.registry.consents(None)))
    home.registry.grant(make_grant(person))
    made = data.draw(st.integers(0, len(steps)))
    backup = copy_of(home)
    for number, less in enumerate(steps, 1):
        home.clock.advance(timedelta(minutes=1))
        if less.until is None or less.until < reach(home, person)[-1]:  # type: ignore[operator]
            home.registry.narrow(person, less)
        backup = copy_of(home) if number == made else backup
    before = reach(home, person)
    restored(home, backup)
    assert reach(home, person) == before
