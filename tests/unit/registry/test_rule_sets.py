"""Which rules are in force: kept for ever under their version, announced in every partition, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from hub.audit.entries import Actor
from hub.audit.log import AuditLog
from hub.audit.opening import migrate_audit
from hub.audit.reading import Filter, the_latest
from hub.contract.topics import RULES
from hub.core.rule_set import Rule, RuleSet, rules_content, rules_digest
from hub.database import build_engine
from hub.errors import RejectedError, RetriableError
from hub.registry.rule_sets import LONGEST_NOTE, RuleSets, forget_rules
from tests.unit.core.make_rules import SHIPPED
from tests.unit.registry.support import Installation

HEAD = Actor("account-7", role="command")


def version_of(name: str, **changes: Any) -> RuleSet:
    """The shipped rules under a version of one's own; `changes` are of the first rule about a person."""
    first, *others = sorted(SHIPPED.rules, key=lambda rule: not isinstance(rule, Rule))
    return SHIPPED.model_copy(update={"version": name, "rules": (first.model_copy(update=changes), *others)})


@pytest.fixture
def audit(home: Installation, tmp_path: Path) -> Iterator[AuditLog]:
    audit = AuditLog(build_engine(f"sqlite:///{tmp_path / 'audit.db'}"), bytes(32), home.clock)
    migrate_audit(audit.engine)
    yield audit
    audit.close()


@pytest.fixture
def rule_sets(home: Installation, audit: AuditLog) -> RuleSets:
    return RuleSets(home.registry, audit, HEAD, 4)


def markers(home: Installation) -> list[tuple[int | None, str]]:
    """(partition, version) of what has gone out."""
    home.relay.run_once()
    sent = [record for record in home.kafka.published if record.topic == RULES.name]
    return [(record.partition, (record.key or b"").decode()) for record in sent]


def refused(call: Any) -> str:
    with pytest.raises(RejectedError) as caught:
        call()
    return caught.value.code


def test_what_is_activated_is_kept_announced_in_every_partition_and_logged(
    rule_sets: RuleSets, home: Installation, audit: AuditLog
) -> None:
    found = rule_sets.activate(version_of("2026.1"), "decided by the council")
    assert (found.number, found.version, found.by, found.note) == (1, "2026.1", "account-7", "decided by the council")
    assert rule_sets.active() == found
    assert rules_content(found.rules) == rules_content(version_of("2026.1"))
    assert markers(home) == [(partition, "2026.1") for partition in range(4)]
    marker = home.sent(RULES.name)[0]
    assert (marker.content, marker.sha256) == (rules_content(found.rules), rules_digest(found.rules))
    [entry] = the_latest(audit.engine, Filter(), 10)
    assert (entry.action, entry.account, entry.purpose, entry.rule) == ("rules_changed", "account-7", "activate", "activation-1")


def test_the_first_start_activates_the_folder_and_no_later_one_does(rule_sets: RuleSets, home: Installation) -> None:
    assert rule_sets.begin(lambda: SHIPPED)
    assert not rule_sets.begin(lambda: version_of("changed"))
    assert [one.version for one in rule_sets.history()] == [SHIPPED.version]
    assert len(markers(home)) == 4


def test_what_is_in_force_is_announced_again_where_kafka_is_another_or_has_other_partitions(
    rule_sets: RuleSets, home: Installation, audit: AuditLog
) -> None:
    rule_sets.activate(version_of("2026.1"))
    assert not rule_sets.begin(lambda: SHIPPED)
    with home.registry.work() as work:
        forget_rules(work)
    assert rule_sets.begin(lambda: SHIPPED)
    assert RuleSets(home.registry, audit, HEAD, 5).begin(lambda: SHIPPED)
    assert {version for _, version in markers(home)} == {"2026.1"}
    assert len(markers(home)) == 4 + 4 + 5


def test_a_version_is_one_content_for_ever(rule_sets: RuleSets, home: Installation) -> None:
    rule_sets.activate(version_of("2026.1"))
    rule_sets.activate(version_of("2026.2", respond_within_days=9))
    assert refused(lambda: rule_sets.activate(version_of("2026.1", respond_within_days=9))) == "version_taken"
    assert refused(lambda: rule_sets.activate(version_of("2026.2", respond_within_days=9))) == "already_in_force"
    assert [version for _, version in markers(home)] == ["2026.1"] * 4 + ["2026.2"] * 4


def test_a_rollback_is_an_activation_of_what_was_in_force_before(rule_sets: RuleSets, home: Installation) -> None:
    assert refused(rule_sets.earlier) == "no_earlier_version"
    for name in ("1", "2", "3"):
        rule_sets.activate(version_of(name))
    assert refused(lambda: rule_sets.earlier("9")) == "unknown_version"
    assert rule_sets.activate(rule_sets.earlier(), "too many").version == "2"
    assert rule_sets.activate(rule_sets.earlier("1")).version == "1"
    assert rule_sets.earlier().version == "2"
    assert [(one.number, one.version, one.note) for one in rule_sets.history()] == [
        (5, "1", ""), (4, "2", "too many"), (3, "3", ""), (2, "2", ""), (1, "1", ""),
    ]  # fmt: skip
    assert [version for _, version in markers(home)][-8:] == ["2"] * 4 + ["1"] * 4
    ids = [dict(record.headers)["ce_id"] for record in home.kafka.published if record.topic == RULES.name]
    assert len(set(ids)) == 5  # each activation is an event of its own


def test_what_workers_cannot_weigh_is_not_activated(rule_sets: RuleSets, home: Installation) -> None:
    first = next(rule for rule in SHIPPED.rules if isinstance(rule, Rule))
    when = (first.when[0].model_copy(update={"on_school_days": True}),)  # and the set has no school calendar
    assert refused(lambda: rule_sets.activate(version_of("2026.1", when=when))) == "bad_rules"
    assert rule_sets.active() is None
    assert markers(home) == []


@pytest.mark.parametrize("note", ["x" * (LONGEST_NOTE + 1), "about 200001019801"])
def test_a_note_is_short_and_holds_no_number_of_a_person(rule_sets: RuleSets, note: str) -> None:
    assert refused(lambda: rule_sets.activate(version_of("1"), note)) == "bad_note"


def test_rules_that_do_not_fit_a_marker_are_refused(rule_sets: RuleSets) -> None:
    assert refused(lambda: rule_sets.activate(version_of("1", rationale="x" * 100_000))) == "rules_too_large"


def test_without_its_entry_in_the_log_nothing_is_activated(rule_sets: RuleSets, home: Installation, audit: AuditLog) -> None:
    with audit.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_entry RENAME TO gone"))
    with pytest.raises(RetriableError):
        rule_sets.activate(version_of("1"))
    assert rule_sets.active() is None
    assert markers(home) == []


def test_a_renewal_is_a_version_of_its_own_with_a_later_sunset_of_one_rule(rule_sets: RuleSets, home: Installation) -> None:
    until = date(2026, 6, 30)
    assert refused(lambda: rule_sets.renewed("absence-alone", until)) == "nothing_in_force"
    rule_sets.activate(version_of("2026.1"))
    found = rule_sets.renewed("absence-alone", until)
    assert found.version == "2026.1-r1"
    assert {rule.id: rule.sunset for rule in found.rules if isinstance(rule, Rule) and rule.sunset} == {"absence-alone": until}
    assert refused(lambda: rule_sets.renewed("absence-alone", home.clock.now().date() - timedelta(days=1))) == "sunset_passed"
    assert refused(lambda: rule_sets.renewed("absence-alone", date.max)) == "sunset_too_late"
    assert rule_sets.renewed("absence-alone", date(2999, 12, 31)).version == "2026.1-r1"
    assert refused(lambda: rule_sets.renewed("nowhere", until)) == "not_renewable"
    assert refused(lambda: rule_sets.renewed("place-presence", until)) == "not_renewable"


@pytest.mark.parametrize(("days", "code"), [(-1, "not_later"), (0, "not_later"), (1, None)])
def test_a_renewal_never_shortens_nor_does_nothing(rule_sets: RuleSets, days: int, code: str | None) -> None:
    sunset = date(2026, 6, 30)
    rule_sets.activate(version_of("2026.1"))
    rule_sets.activate(rule_sets.renewed("absence-alone", sunset))
    until = sunset + timedelta(days=days)
    if code is None:
        assert rule_sets.renewed("absence-alone", until).version == "2026.1-r2"
        return
    with pytest.raises(RejectedError, match=r"holds through 2026-06-30 already.*change the rule's file") as error:
        rule_sets.renewed("absence-alone", until)
    assert error.value.code == code
