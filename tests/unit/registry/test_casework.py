"""An officer whose own consent has ended, or was registered anew: nothing that she is answered says that another cooperation
kept the person.

With her last consent the registry forgets whose it was; where another cooperation has one it does not. Two worlds differ in that
one alone, and every answer must be the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.access.roles import Principal, Role
from hub.audit.actions import Action as Logged
from hub.audit.log import AuditLog
from hub.core.consent_rules import Signatory
from hub.database import build_engine
from hub.errors import RejectedError
from hub.registry.casework import Casework
from hub.registry.granting import Marking
from hub.registry.parties import read_parties
from hub.registry.upkeep import refresh
from tests.prepared import prepare
from tests.unit.registry.support import POLICE, SIGNED, Installation, make_grant, make_identifier

PERSON = make_identifier()
SIG = Principal("account-3", "SIG-samtycken", {Role.CONSENT_OFFICER: frozenset({"sig"})})
TERMS = {"cooperation": "sig", "recipients": ("sig",), "agencies": (POLICE,), "kinds": ("police_notice",)}
_UNTOLD = {"youth_id", "youth_ref", "requested_at", "effect_at", "completed_at"}


class Officer:
    """What the officer of SIG is answered, with her own consents by their order."""

    def __init__(self, home: Installation, audit: AuditLog) -> None:
        self.home = home
        self.work = Casework(home.registry, audit)
        self.mine: list[str] = []
        self.told: list[Any] = []

    def ask(self, deed: Callable[..., Any], *arguments: Any, **named: Any) -> None:
        """One answer or refusal."""
        self.home.clock.advance(timedelta(minutes=1))
        try:
            answer = deed(SIG, *arguments, **named)
        except RejectedError as error:
            answer = error.code
        self.told.append((deed.__name__, self._plain(answer)))

    def _plain(self, answer: Any) -> Any:
        if isinstance(answer, list):
            return [self._plain(one) for one in answer]
        if hasattr(answer, "__dataclass_fields__"):
            told = {name: self._plain(value) for name, value in asdict(answer).items() if name not in _UNTOLD}
            return told | ({"acknowledged": None} if told.get("in_force_at", told) is None else {})  # of such no page tells it
        return self.mine.index(answer) if answer in self.mine else answer

    def register(self, name: str, signed: Collection[str], last: str = "2025-12-01") -> str:
        self.home.clock.advance(timedelta(minutes=1))
        request = make_grant(**TERMS, signed=tuple(signed), valid_from="2025-05-19", valid_to=last)
        case = self.work.register(SIG, request, read_parties({"name": name}) if name else None, "")
        self.mine.append(case.consent_id)
        return case.consent_id

    def end(self, one: str) -> None:
        self.ask(self.work.withdraw, one, None, everything=False)

    def look(self) -> None:
        for one in self.mine:
            case = self.work.case(SIG, one)
            self.told.append((self._plain(case), self._plain(self.work.erasing(case))))
            self.ask(lambda _, case: self.work.beside(SIG, case), case)
            self.ask(self.work.named, one, PERSON, Logged.CONSENT_PRINTED)
        self.ask(self.work.of_person, PERSON)
        self.ask(self.work.erasures)

    def do(self, at: str) -> None:
        """Every deed at one consent."""
        for deed in (self.work.sign, self.work.decline, self.work.block, self.work.unblock):
            self.ask(deed, at, Signatory.GUARDIAN_1)
        self.ask(self.work.unblock, at, Signatory.YOUTH)
        self.ask(self.work.change_custody, at, (Signatory.GUARDIAN_1,))
        for by in (Signatory.GUARDIAN_1, None):
            self.ask(self.work.withdraw, at, by, everything=True)


def renewed(officer: Officer, signed: Collection[str]) -> None:
    """Ended, registered anew, ended, and once more; a block of the youth's outlives the first."""
    first = officer.register("Kim Testsson", signed)
    officer.ask(officer.work.block, first, Signatory.YOUTH)
    officer.end(first)
    officer.do(first)
    second = officer.register("Prov Testsson", signed)
    officer.end(second)
    third = officer.register("", signed)
    officer.look()
    officer.do(first)
    officer.ask(officer.work.unblock, third, Signatory.YOUTH)
    officer.look()
    officer.end(third)
    officer.register("", signed)


def passed_on(officer: Officer, signed: Collection[str]) -> None:
    """One ends while another of hers waits, which is signed afterwards."""
    first = officer.register("Kim Testsson", signed)
    second = officer.register("", signed[:1], "2025-11-01")
    officer.end(first)
    officer.look()
    officer.ask(officer.work.sign, second, Signatory.GUARDIAN_2)
    officer.look()
    officer.do(first)


def expired(officer: Officer, signed: Collection[str]) -> None:
    """Its time is over; a later one is in force before the day is."""
    officer.register("Kim Testsson", signed, "2025-05-21")
    officer.home.clock.advance(timedelta(days=3))
    refresh(officer.home.registry)
    officer.register("", signed)


def marked(officer: Officer, signed: Collection[str]) -> None:
    """Hers has ended, then the person is marked as protected."""
    first = officer.register("Kim Testsson", signed)
    officer.end(first)
    officer.ask(officer.work.hand_over, PERSON, Marking.OWN)
    officer.do(first)


def lifted_elsewhere(officer: Officer, signed: Collection[str]) -> None:
    """Hers was blocked when it ended, and the youth has the block lifted by her number."""
    first = officer.register("", signed)
    officer.ask(officer.work.block, first, Signatory.YOUTH)
    officer.end(first)
    officer.home.registry.unblock(PERSON, Signatory.YOUTH)


@pytest.mark.parametrize(
    ("live", "signed"), [(renewed, ()), (passed_on, SIGNED), (expired, SIGNED), (marked, ()), (lifted_elsewhere, SIGNED)]
)
def test_what_ended_or_was_registered_anew_is_answered_alike_whether_another_cooperation_kept_the_person(
    tmp_path: Path, live: Callable[[Officer, Collection[str]], None], signed: Collection[str]
) -> None:
    told = []
    for there in (True, False):
        folder = tmp_path / str(there)
        folder.mkdir()
        home = Installation(folder)
        audit = AuditLog(build_engine(prepare(f"sqlite:///{folder / 'audit.db'}", "audit/migrations")), bytes(32), home.clock)
        with closing(home), closing(audit):
            if there:
                home.registry.grant(make_grant(PERSON))
            officer = Officer(home, audit)
            live(officer, signed)
            officer.look()
        told.append(officer.told)
    for number, (here, alone) in enumerate(zip(*told, strict=True)):
        assert here == alone, number
