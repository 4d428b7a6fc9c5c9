"""The drill: on SQLite and on PostgreSQL, who was shredded stays shredded; and it can fail."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from hub.backup import create, drill
from hub.cli import app
from tests.command_line import CliRunner


@pytest.fixture
def urls(databases: Callable[..., str], request: pytest.FixtureRequest) -> list[str]:
    return [] if "sqlite" in request.node.callspec.id else [databases() for _ in range(4)]


def test_who_withdrew_after_the_backup_is_not_brought_back_by_it(urls: list[str]) -> None:
    said: list[str] = []
    given = [part for url in urls for part in ("--database-url", url)]
    done = CliRunner().invoke(app, ["backup", "drill", "--json", *given])
    assert done.exit_code == 0, (done.output, done.exception)
    said = [proof["what"] for proof in json.loads(done.stdout)["proofs"] if proof["holds"]]
    assert said == [
        "before, as a control: her data key is there",
        "before, as a control: her sealed fields open",
        "before, as a control: her agencies are told of her",
        "before, as a control: her consent is in force on the bus",
        "restored, who had withdrawn: no data key of hers is there",
        "restored, who had withdrawn: none of her sealed fields opens",
        "restored, who had withdrawn: no agency is told of her",
        "restored, who had withdrawn: no record on the bus says that a consent of hers is in force",
        "restored, who had blocked: no agency is told of her",
        "restored, who had blocked: no record on the bus says that a consent of hers is in force",
        "restored, who is protected: no agency is told of her",
        "restored, who is protected: no record on the bus says that a consent of hers is in force",
        "restored, who changed nothing: her data key is there",
        "restored, who changed nothing: her sealed fields open",
        "restored, who changed nothing: her agencies are told of her",
        "restored, who changed nothing: her consent is in force on the bus",
        "restored, whom the new machine's own rules of consent would end: her data key is there",
        "restored, whom the new machine's own rules of consent would end: her sealed fields open",
        "restored, whom the new machine's own rules of consent would end: her agencies are told of her",
        "restored, whom the new machine's own rules of consent would end: her consent is in force on the bus",
    ]


def test_without_the_shred_list_or_the_rules_of_consent_the_drill_would_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """The old backup and the old keyring do hold her: only the list keeps her out. An older version's backup has no rules."""
    monkeypatch.setattr(drill, "_endings", lambda _settings: [])
    monkeypatch.setattr(create, "DECIDING", tuple(name for name in create.DECIDING if name != "consent.yaml"))
    proofs = {proof.what: proof.holds for proof in drill.play_drill()}
    assert [what for what, holds in proofs.items() if not holds] == [
        "restored, who had withdrawn: no data key of hers is there",
        "restored, who had withdrawn: none of her sealed fields opens",
        "restored, who had withdrawn: no agency is told of her",
        "restored, who had withdrawn: no record on the bus says that a consent of hers is in force",
        "restored, who had blocked: no agency is told of her",
        "restored, who had blocked: no record on the bus says that a consent of hers is in force",
        "restored, who is protected: no agency is told of her",
        "restored, who is protected: no record on the bus says that a consent of hers is in force",
        "restored, whom the new machine's own rules of consent would end: her data key is there",
        "restored, whom the new machine's own rules of consent would end: her sealed fields open",
        "restored, whom the new machine's own rules of consent would end: her agencies are told of her",
        "restored, whom the new machine's own rules of consent would end: her consent is in force on the bus",
    ]


def test_it_says_in_words_what_it_proved() -> None:
    done = CliRunner().invoke(app, ["backup", "drill"])
    assert done.exit_code == 0, (done.output, done.exception)
    assert "yes  restored, who had withdrawn: none of her sealed fields opens" in done.output
    assert "… one withdraws everything, one blocks it, one is marked as protected" in done.output


def test_too_few_databases_are_refused() -> None:
    done = CliRunner().invoke(app, ["backup", "drill", "--database-url", "postgresql://localhost/x"])
    assert done.exit_code == 2
