"""Histories in the database: written from what an older version knew, and the truth of everything beside them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import select

from hub.contract.identifiers import birth_date
from hub.core.consent_rules import Form
from hub.registry import history
from hub.registry.database import migrate
from hub.registry.granting import Signatory
from hub.registry.history import account_of, form_of, history_of
from hub.registry.tables import Consent
from hub.registry.upkeep import refresh
from tests.unit.registry.support import Installation, make_grant, make_identifier

SIG = {"cooperation": "sig", "recipients": ("sig",)}
PEOPLE = [make_identifier(number) for number in range(6)]


def go_back(home: Installation, revision: str) -> None:
    """The database as an older version had it."""
    config = Config()
    config.set_main_option("script_location", str(Path(history.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    with home.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def found(home: Installation) -> dict[str, list[tuple[str, str, tuple[str, ...], tuple[str, ...]]]]:
    shown = {person: home.registry.show(person).consents for person in PEOPLE[:4]}
    return {person: [(one.cooperation, one.state, one.signed, one.required) for one in views] for person, views in shown.items()}


def test_an_older_databases_consents_get_their_histories_and_stand_where_they_stood(home: Installation) -> None:
    home.registry.grant(make_grant(PEOPLE[0]))
    home.registry.grant(make_grant(PEOPLE[1], signed=("guardian_1",)))
    home.registry.grant(make_grant(PEOPLE[2]))
    home.registry.change_custody(PEOPLE[2], (Signatory.GUARDIAN_1,))
    home.registry.grant(make_grant(PEOPLE[3]))
    home.registry.grant(make_grant(PEOPLE[3], **SIG))
    home.clock.advance(timedelta(hours=1))
    home.registry.withdraw(PEOPLE[3], "sig", Signatory.GUARDIAN_2)
    home.registry.grant(make_grant(PEOPLE[4], valid_to="2025-05-01"))
    home.relay.run_once()
    before, records = found(home), len(home.sent())

    go_back(home, "r0004")
    migrate(home.engine)
    refresh(home.registry)
    home.relay.run_once()
    assert found(home) == before
    assert len(home.sent()) == records
    assert home.registry.sign(PEOPLE[1], Signatory.GUARDIAN_2).status == "in_force"
    assert home.registry.sign(PEOPLE[2], Signatory.GUARDIAN_1).status == "in_force"
    assert home.registry.withdraw(PEOPLE[3]).status == "withdrawn"


def test_the_columns_are_what_the_algebra_makes_of_the_facts(home: Installation) -> None:
    home.registry.grant(make_grant(PEOPLE[0]))
    home.registry.grant(make_grant(PEOPLE[0], **SIG, signed=()))
    home.clock.advance(timedelta(days=1))
    home.registry.block(PEOPLE[0], Signatory.YOUTH, "sspf")
    with home.registry.work() as work:
        for consent in work.session.scalars(select(Consent)):
            account = account_of(work, consent, birth_date(PEOPLE[0]))
            assert account.standing.rule == consent.rule
            assert [[start.isoformat(), end.isoformat()] for start, end in account.spans] == consent.spans
            assert account.in_force_since == consent.in_force_at
            assert history_of(consent).registered.at == consent.created_at
            assert form_of(consent) is Form.CHILD


def test_no_fact_holds_who_it_is(home: Installation) -> None:
    home.registry.grant(make_grant(PEOPLE[0]))
    home.registry.block(PEOPLE[0], Signatory.YOUTH)
    with home.registry.work() as work:
        facts = [fact for consent in work.session.scalars(select(Consent)) for fact in consent.facts]
        text = repr([(fact.kind, fact.by, fact.details) for fact in facts])
    assert len(facts) == 4
    assert PEOPLE[0][:8] not in text.replace("-", "")
