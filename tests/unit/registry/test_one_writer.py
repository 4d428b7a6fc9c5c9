"""The registry has one writer at a time, on a real PostgreSQL too: who comes second sees what the first has done.

Else a word given by a person's number would meet nobody while another transaction moves that number to another row, and what is
said ahead would be missed by a registration that is under way.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from hub.contract.models import InfoKind
from hub.core.consent_rules import Signatory
from hub.errors import RejectedError, RetriableError
from hub.registry import deeds, lifecycle
from hub.registry.database import CONFLICT, open_database, writing
from hub.registry.granting import Marking
from hub.registry.grants import check, enter, find_youth
from hub.registry.identities import merge
from hub.registry.protecting import protect
from hub.registry.registry import Registry
from hub.registry.work import Work
from tests.postgres import Cluster
from tests.unit.registry.conftest import migrate_both
from tests.unit.registry.support import POLICE, SCHOOL, Installation, make_grant, make_identifier
from tests.unit.registry.test_races import at_once, waits_for_it

pytestmark = pytest.mark.postgres

FORMER, PRESENT = make_identifier(), make_identifier(1)
G1, G2, YOUTH = Signatory.GUARDIAN_1, Signatory.GUARDIAN_2, Signatory.YOUTH
SIG = {"cooperation": "sig", "recipients": ("sig",), "agencies": (POLICE,), "kinds": ("police_notice",)}
Deed = Callable[[Registry], Any]


@pytest.fixture
def url(postgres: Cluster) -> Iterator[str]:
    with postgres.database(migrate_both) as made:
        yield made


@pytest.fixture
def home(tmp_path: Path, url: str) -> Iterator[Installation]:
    installation = Installation(tmp_path, url=url, keyring_url=url)
    yield installation
    installation.close()


class Meanwhile:
    """What another process does while a transaction is open: begun by a call, once; `answer` waits for it to be through."""

    def __init__(self, home: Installation, postgres: Cluster, deed: Deed) -> None:
        self._found: list[object] = []
        self._thread = threading.Thread(target=lambda: self._found.extend(at_once(lambda: deed(home.registry))))
        self._postgres = postgres

    def __call__(self, _youth_id: str = "") -> None:
        if self._thread.ident is None:
            self._thread.start()
            waits_for_it(self._postgres)

    def answer(self) -> object:
        self._thread.join(30)
        return self._found[0]


def stands(home: Installation, person: str = PRESENT) -> list[tuple[str, tuple[str, ...]]]:
    """Where the person's open consents stand, and by whom they are blocked; none where nothing is registered."""
    try:
        found = home.registry.show(person).consents
    except RejectedError:
        return []
    return [(one.state, one.blocked_by) for one in found if one.state != "withdrawn"]


def told(home: Installation) -> bool:
    return home.registry.decide(PRESENT, source=SCHOOL, recipient="outreach", kind=InfoKind.SCHOOL_ABSENCE).permit


WORDS: dict[str, tuple[Deed, list[tuple[str, tuple[str, ...]]]]] = {
    "withdrawn": (lambda registry: registry.withdraw(PRESENT), []),
    "blocked": (lambda registry: registry.block(PRESENT, YOUTH, ahead=True), [("blocked", ("youth",))]),
}


@pytest.mark.parametrize("word", WORDS)
def test_a_word_given_while_what_waits_goes_to_another_row_meets_it_there(home, postgres: Cluster, word: str) -> None:
    deed, found = WORDS[word]
    home.registry.grant(make_grant(PRESENT))
    home.registry.grant(make_grant(PRESENT, **SIG, signed=("guardian_1",)))
    other = Meanwhile(home, postgres, deed)
    with home.registry.work() as work:
        youth = find_youth(work, PRESENT)
        assert youth is not None
        deeds.withdraw(work, [one for one in youth.consents if one.cooperation == "sspf"], None, oral=False)
        lifecycle.settle(work, youth)
        work.session.flush()
        other()
    assert not isinstance(other.answer(), Exception)
    if stands(home):
        home.registry.sign(PRESENT, G2)
    assert stands(home) == found


@pytest.mark.parametrize("word", WORDS)
def test_a_word_given_by_a_number_that_is_being_merged_meets_all(home, postgres: Cluster, word: str) -> None:
    deed, found = WORDS[word]
    home.registry.grant(make_grant(FORMER))
    home.registry.grant(make_grant(PRESENT, **SIG))
    other = Meanwhile(home, postgres, deed)
    merge(home.registry, FORMER, PRESENT, other)
    assert not isinstance(other.answer(), Exception)
    assert stands(home) == found * 2


def test_who_is_marked_as_protected_by_a_number_that_is_being_merged_is_stopped(home, postgres: Cluster) -> None:
    home.registry.grant(make_grant(FORMER))
    home.registry.grant(make_grant(PRESENT, **SIG))
    other = Meanwhile(home, postgres, lambda registry: protect(registry, PRESENT, Marking.OWN, lambda _youth_id: None))
    merge(home.registry, FORMER, PRESENT, other)
    assert (other.answer(), told(home)) == (True, False)


AHEAD: dict[str, tuple[Deed, str]] = {
    "block": (lambda registry: registry.block(PRESENT, YOUTH, ahead=True), "blocked"),
    "custody": (lambda registry: registry.change_custody(PRESENT, (G1,), ahead=True), "suspended"),
}


@pytest.mark.parametrize("said", AHEAD)
def test_what_is_said_ahead_while_the_first_consent_is_registered_meets_it(home, postgres: Cluster, said: str) -> None:
    deed, state = AHEAD[said]
    other = Meanwhile(home, postgres, deed)
    with home.registry.work() as work:
        enter(work, check(work, make_grant(PRESENT, required=("guardian_2",), signed=("guardian_2",)), home.registry.rules))
        work.session.flush()
        other()
    assert not isinstance(other.answer(), Exception)
    assert [state for state, _ in stands(home)] == [state]


def test_nobody_works_in_a_session_that_is_neither_a_look_nor_the_one_writer(home: Installation) -> None:
    with Session(home.engine) as session, pytest.raises(ValueError, match="writing"):
        Work(session, home.clock.now(), home.tools)


def test_a_look_writes_nothing(home: Installation) -> None:
    with pytest.raises(RetriableError), home.registry.view() as session:
        session.execute(text("INSERT INTO memo VALUES ('some', 'text')"))
    assert home.rows("memo") == 0


def test_who_has_waited_for_the_writer_too_long_is_told_to_run_it_again(home: Installation, url: str) -> None:
    impatient = open_database(f"{url}?options=-c%20lock_timeout%3D20")
    with home.registry.work(), pytest.raises(RetriableError) as caught, writing(impatient):
        pass
    impatient.dispose()
    assert caught.value.code == CONFLICT


def test_a_look_waits_for_no_writer(home: Installation) -> None:
    home.registry.grant(make_grant(PRESENT))
    with home.registry.work():
        assert told(home)
