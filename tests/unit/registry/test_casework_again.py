"""What another process was in the way of, a deadlock say, is done again and not told to the officer; a withdrawal above all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.access.roles import Principal, Role
from hub.audit.log import AuditLog
from hub.core.consent_rules import Signatory
from hub.database import build_engine
from hub.errors import RetriableError
from hub.registry.casework import Casework
from hub.registry.database import CONFLICT
from hub.registry.registry import Registry
from hub.registry.work import Work
from tests.prepared import prepare
from tests.unit.registry.support import Installation, make_grant, make_identifier

PERSON = make_identifier()
OFFICER = Principal("account-4", "SSPF-samtycken", {Role.CONSENT_OFFICER: frozenset({"outreach", "sspf"})})
YOUTH = Signatory.YOUTH


class Crossed(Registry):
    """The next transaction is undone at its end, as when another process's is in its way."""

    coming = 0

    @contextmanager
    def work(self) -> Iterator[Work]:
        with super().work() as work:
            yield work
            if self.coming:
                self.coming -= 1
                raise RetriableError("another process was there", code=CONFLICT)


DEEDS: dict[str, tuple[Callable[[Casework, str], Any], list[str]]] = {
    "register": (lambda work, _: work.register(OFFICER, make_grant(valid_to="2025-11-01"), None, "D 1"), ["in_force"] * 2),
    "block": (lambda work, consent: work.block(OFFICER, consent, YOUTH), ["blocked"]),
    "withdraw": (lambda work, consent: work.withdraw(OFFICER, consent, None, everything=True), ["withdrawn"]),
    "withdraw_of": (lambda work, _: work.withdraw_of(OFFICER, PERSON, None, None), ["withdrawn"]),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_a_deed_that_another_process_was_in_the_way_of_is_done_again_once(
    sqlite_home: Installation, tmp_path: Path, deed: str
) -> None:
    call, stands = DEEDS[deed]
    audit = AuditLog(
        build_engine(prepare(f"sqlite:///{tmp_path / 'audit.db'}", "audit/migrations")), bytes(32), sqlite_home.clock
    )
    registry = Crossed(sqlite_home.engine, sqlite_home.tools, sqlite_home.registry.rules, sqlite_home.clock)
    with closing(audit):
        registry.grant(make_grant(PERSON))
        registry.coming = 1
        call(Casework(registry, audit), registry.consents()[0].consent_id)
    assert ([one.state for one in registry.consents()], registry.coming) == (stands, 0)
