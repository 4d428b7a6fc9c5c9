"""What Prometheus is told: configuration and alarms that its own tool takes, and metrics that exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

import hub.metrics
from tests.contract.deploy.test_compose import HUB, LASTING, METRICS
from tests.support import require_tool

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "deploy" / "prometheus"
RULES = [
    rule
    for group in yaml.safe_load((FOLDER / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]  # fmt: skip
CASES = Path(__file__).with_name("alerts_test.yml")
_SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}


def promtool(*words: str) -> None:
    done = subprocess.run([require_tool("promtool"), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.prometheus
def test_prometheus_takes_the_configuration() -> None:
    promtool("check", "config", "--lint-fatal", str(FOLDER / "prometheus.yml"))


@pytest.mark.prometheus
def test_every_alarm_goes_off_when_it_should_and_not_before() -> None:
    promtool("test", "rules", str(CASES))


def test_every_alarm_has_its_case_and_says_what_to_do() -> None:
    cases = {
        case["alertname"]
        for test in yaml.safe_load(CASES.read_text(encoding="utf-8"))["tests"]
        for case in test["alert_rule_test"]
    }
    names = [rule["alert"] for rule in RULES]
    assert sorted(names) == sorted(cases), "one rule for each name: promtool, and whoever is woken, would take two for one"
    for rule in RULES:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert {"summary", "action"} <= set(rule["annotations"])


def samples() -> dict[str, tuple[str, ...]]:
    """Label names of every sample that the hub's closed list of metrics can give, by sample name."""
    found = {}
    for name in hub.metrics.__all__:
        metric = getattr(hub.metrics, name)
        (family,) = metric.describe()
        found |= {family.name + suffix: metric._labelnames for suffix in _SUFFIXES[family.type]}
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alarm_looks_at_metrics_and_labels_that_exist(rule) -> None:
    known = samples()
    text = rule["expr"] + " ".join(rule["annotations"].values())
    named = set(re.findall(r"\bhub_\w+", text))
    assert named <= set(known), "no such metric"
    labels = {"instance", "job"}.union(*(known[name] for name in named))
    asked = {word.strip() for words in re.findall(r"\bby \(([^)]*)\)", rule["expr"]) for word in words.split(",")}
    asked |= set(re.findall(r"(\w+)\s*(?:=~|!=|=)\s*\"", rule["expr"])) - {"__name__"}
    asked |= set(re.findall(r"\$labels\.(\w+)", text))
    assert asked <= labels, "no such label"


def test_every_process_is_scraped_where_its_service_serves_metrics() -> None:
    jobs = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    scraped = {target for job in jobs for group in job.get("static_configs", ()) for target in group["targets"]}
    scraped |= {f"{name}:{group['port']}" for job in jobs for group in job.get("dns_sd_configs", ()) for name in group["names"]}
    assert scraped == {f"{name}:{METRICS[name]}" for name in HUB if name in LASTING}
