"""What comes back from the shred list into an older history counts from the instant at which it was, whatever else comes back."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from hub.contract.models import InfoKind
from hub.core.consent_rules import Signatory
from hub.registry.deeds import Less
from hub.registry.keyring import merge_endings
from hub.registry.reconcile import Reconciled, reconcile
from hub.registry.tables import ConsentFact
from tests.unit.registry.older import copy_of, put_back
from tests.unit.registry.support import POLICE, SCHOOL, Installation, make_grant, make_identifier

PERSON = make_identifier()


def passed(home: Installation, days: int = 1) -> datetime:
    return home.clock.advance(timedelta(days=days))


def restored(home: Installation, copy: dict[str, list[dict]]) -> Reconciled:
    put_back(home, copy)
    return reconcile(home.registry, home.keyring, home.clock.now())


def counted(home: Installation, at: datetime, source: str = POLICE) -> bool:
    kind = InfoKind.POLICE_NOTICE if source == POLICE else InfoKind.SCHOOL_ABSENCE
    return home.registry.decide(PERSON, source=source, recipient=None, kind=kind, at=at).permit


def history(home: Installation) -> list[tuple[str, datetime]]:
    with home.registry.view() as session:
        return [(one.kind, one.at) for one in session.scalars(select(ConsentFact).order_by(ConsentFact.position))]


@pytest.mark.parametrize("blocked_first", [True, False])
def test_a_block_and_a_narrowing_each_count_from_their_own_instant_whichever_was_first(
    home: Installation, *, blocked_first: bool
) -> None:
    home.registry.grant(make_grant(PERSON))
    backup = copy_of(home)
    passed(home)
    deeds = [
        lambda: home.registry.block(PERSON, Signatory.YOUTH),
        lambda: home.registry.narrow(PERSON, Less(agencies=frozenset({POLICE}))),
    ]
    first, then = deeds if blocked_first else deeds[::-1]
    before = home.clock.now() - timedelta(hours=1)
    first()
    between = passed(home)
    passed(home)
    then()
    after, facts = passed(home), history(home)
    for _twice in range(2):
        assert restored(home, backup).ended == 1
        assert history(home) == facts
        assert reconcile(home.registry, home.keyring, home.clock.now()) == Reconciled(0, 0)
    passed(home)
    home.registry.unblock(PERSON, Signatory.YOUTH)
    assert [counted(home, at, SCHOOL) for at in (before, between, after)] == [True, not blocked_first, False]
    assert not counted(home, after)


def test_where_lists_that_parted_leave_nothing_of_a_consent_it_is_halted_until_somebody_has_looked(home: Installation) -> None:
    home.registry.grant(make_grant(PERSON))
    backup = copy_of(home)
    passed(home)
    home.registry.narrow(PERSON, Less(agencies=frozenset({POLICE})))
    one = home.keyring.endings()
    with home.keyring.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM shred_list")
    restored(home, backup)
    home.registry.narrow(PERSON, Less(agencies=frozenset({SCHOOL})))
    home.keyring.end(merge_endings(one))
    passed(home)
    assert restored(home, backup).ended == 1
    assert home.registry.show(PERSON).status == "suspended"
    assert reconcile(home.registry, home.keyring, home.clock.now()) == Reconciled(0, 0)
    home.registry.withdraw(PERSON)
