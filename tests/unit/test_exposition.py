"""`/metrics` as everybody may see it, and as the installation's own programs do."""

from __future__ import annotations

import json
import stat
import urllib.request
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import Metric

import hub.metrics
from hub.exposition import RULES, Open
from hub.process import announced
from tests.support import make_settings


def public(*families: Metric) -> dict[tuple[str, tuple[str, ...]], float]:
    class Exact:
        def collect(self):
            return iter(families)

    told = Open(Exact()).collect()  # type: ignore[arg-type]
    return {(sample.name, tuple(sample.labels.values())): sample.value for family in told for sample in family.samples}


def family(name: str, *samples: tuple[dict[str, str], float], kind: str = "gauge") -> Metric:
    made = Metric(name, "", kind)
    for labels, value in samples:
        made.add_sample(name + ("_total" if kind == "counter" else ""), labels, value)
    return made


def test_every_metric_of_the_closed_list_has_a_rule_and_no_rule_is_of_none() -> None:
    names = set()
    for name in hub.metrics.__all__:
        metric = getattr(hub.metrics, name)
        names |= {told.name for told in metric.collect()} if hasattr(metric, "collect") else set()
    assert set(RULES) == names


def test_a_metric_that_nobody_has_classed_is_not_told() -> None:
    assert public(family("hub_something_new", ({}, 3))) == {}


def test_outcomes_of_the_gate_are_kept_and_those_that_depend_on_no_consent_are_told() -> None:
    outcomes = [
        "handled",
        "placed",
        "unmapped",
        "secured",
        "published",
        "unchanged",
        "uncertain",
        "overtaken",
        "unconfirmed",
        "refused",
    ]
    rows = [({"connector": "c", "outcome": one, "reason": ""}, 7) for one in outcomes[:-1]]
    rows += [
        ({"connector": "c", "outcome": "refused", "reason": one}, 7)
        for one in ("no_reference", "outside_span", "kind_not_consented")
    ]
    rows += [({"connector": "c", "outcome": "refused", "reason": one}, 7) for one in ("invalid_record", "unresolved_identifier")]
    told = {labels[1:] for _, labels in public(family("hub_connector_records", *rows))}
    assert told == {
        ("handled", ""), ("placed", ""), ("unmapped", ""), ("secured", ""),
        ("refused", "invalid_record"), ("refused", "unresolved_identifier"),
    }  # fmt: skip


def test_how_far_restoring_has_come_is_told_too_roughly_to_tell_how_much_there_is() -> None:
    rows = [({"table": "youths"}, 123_456 / 123_457), ({"table": "places"}, 1.0)]
    told = public(family("hub_worker_restored_ratio", *rows))
    assert told == {("hub_worker_restored_ratio", ("youths",)): 0.99, ("hub_worker_restored_ratio", ("places",)): 1.0}


@pytest.mark.parametrize("name", ["hub_ledger_events", "hub_delivery_messages", "hub_registry_messages"])
def test_how_many_messages_of_persons_were_taken_is_kept_dead_letters_and_places_are_told(name: str) -> None:
    rows = [
        ({"topic": topic, "outcome": outcome}, 3)
        for topic in (
            "hub.risk-events.v1",
            "hub.consents.v1",
            "hub.referral-tasks.sig.v1",
            "hub.place-events.v1",
            "no such topic",
        )
        for outcome in ("processed", "refused", "duplicate", "dead_lettered")
    ]
    told = {labels for _, labels in public(family(name, *rows))}
    assert {labels for labels in told if labels[1] != "dead_lettered"} == {
        ("hub.place-events.v1", outcome) for outcome in ("processed", "refused", "duplicate")
    }
    assert len(told) == 8


@pytest.mark.parametrize(
    ("name", "exact", "shown"),
    [
        ("hub_worker_lag", (0, 1, 249, 250, 1300), (0, 0, 0, 250, 1250)),
        ("process_cpu_seconds", (0.4, 59.99, 60, 121.5), (0, 0, 60, 120)),
        ("hub_delivery_overdue_tasks", (0, 1, 4, 5, 6), (0, 1, 1, 1, 1)),
        ("hub_erasures_late", (0, 1, 5, 6), (0, 1, 1, 1)),
        ("hub_audit_waiting", (0, 1, 4, 6), (0, 1, 1, 1)),
    ],
)
def test_what_an_alarm_needs_is_told_in_steps(name: str, exact: tuple[int, ...], shown: tuple[int, ...]) -> None:
    rows = [({"team": str(number)}, value) for number, value in enumerate(exact)]
    assert tuple(public(family(name, *rows)).values()) == shown


@pytest.mark.parametrize(
    "name",
    [
        "hub_worker_in_flight",
        "hub_worker_batch_seconds",
        "hub_worker_tasks",
        "hub_outbox_pending",
        "hub_audit_unsigned",
        "hub_registry_consents",
        "hub_delivery_open_tasks",
    ],
)
def test_what_moves_with_every_record_behind_the_gate_is_not_told(name: str) -> None:
    assert public(family(name, ({"team": "sig"}, 1))) == {}


def test_an_agency_that_was_told_something_new_looks_like_one_that_was_not() -> None:
    rows = [({"agency": "a", "status": status}, 4) for status in ("200", "304", "401")]
    assert public(family("hub_registry_requests", *rows, kind="counter")) == {
        ("hub_registry_requests_total", ("a", "200")): 8,
        ("hub_registry_requests_total", ("a", "401")): 4,
    }


def test_neither_the_instant_of_the_first_nor_pythons_garbage_is_told() -> None:
    registry = CollectorRegistry()
    Counter("hub_connector_polls", "", ["connector"], registry=registry).labels("c").inc()
    Gauge("python_gc_objects", "", registry=registry).set(3)
    Histogram("hub_worker_batch_seconds", "", registry=registry).observe(1)
    names = {sample.name for told in Open(registry).collect() for sample in told.samples}
    assert "_created" in generate_latest(registry).decode()
    assert names == {"hub_connector_polls_total"}


def test_a_process_tells_everything_to_who_can_read_its_announcement_and_only_to_her(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    hub.metrics.WORKER_IN_FLIGHT.set(41)
    with announced(settings, "sample", 0.0) as entry:

        def page(token: str | None, query: str = "") -> str:
            headers = {} if token is None else {"Authorization": f"Bearer {token}"}
            with urllib.request.urlopen(urllib.request.Request(entry.metrics + query, headers=headers), timeout=5) as answer:
                return str(answer.read().decode())

        assert "hub_worker_in_flight 41.0" in page(entry.token)
        for token in (None, "", "wrong", entry.token[:-1], "\xe5"):
            assert "hub_worker_in_flight 41" not in page(token)
        assert "41.0" not in page(None, "?name[]=hub_worker_in_flight")
        file = settings.run / "sample.json"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert json.loads(file.read_text())["token"] == entry.token
        assert entry.token not in repr(entry)
    hub.metrics.WORKER_IN_FLIGHT.set(0)
