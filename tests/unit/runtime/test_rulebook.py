"""A marker brings its rules itself; what it brings is judged before it acts."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from hub.contract.models import RuleMarker
from hub.core.rule_set import RuleSet
from hub.errors import ConfigError, ContractError, FatalError
from hub.runtime.rulebook import Rulebook
from tests.unit.core.make import NOW
from tests.unit.core.make_rules import ALWAYS, SHIPPED
from tests.unit.runtime.fakes import make_marker


def with_content(change: Any, version: str = "first") -> RuleMarker:
    """A marker whose content was changed, under the digest of what it holds now."""
    content = json.loads(make_marker(version).content or "")
    change(content)
    text = json.dumps(content)
    return RuleMarker(version=version, sha256=hashlib.sha256(text.encode()).hexdigest(), activated_at=NOW, content=text)


def refusal(marker: RuleMarker, rulebook: Rulebook | None = None) -> str:
    with pytest.raises(ContractError) as caught:
        (rulebook or Rulebook()).judge(marker)
    return caught.value.code


def refuse(_rules: RuleSet) -> None:
    raise ConfigError("too short", code="retention_too_short")


def test_the_rules_are_those_of_the_marker_and_are_compiled_once() -> None:
    rulebook = Rulebook(exposed_areas={"0581-hageby": ALWAYS})
    found = rulebook.judge(make_marker("2026.1"))
    assert (found.version, len(found.compiled.rules)) == ("2026.1", 4)
    assert "0581-hageby" in found.compiled.exposed_areas
    assert rulebook.judge(make_marker("2026.1")) is found
    assert rulebook.restored(found.content.encode()) is found


def test_a_content_that_is_not_what_the_digest_is_of_is_refused() -> None:
    assert refusal(make_marker().model_copy(update={"sha256": "0" * 64})) == "rules_digest_mismatch"


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.update(rules="none"),
        lambda content: content.update(rules=[]),
        lambda content: content["rules"][0].update(score=1),
        lambda content: content.pop("owner"),
    ],
    ids=["no rules at all", "no rule about a person", "a field that is not known", "no owner"],
)
def test_what_is_no_rule_set_is_refused(change: Any) -> None:
    assert refusal(with_content(change)) == "bad_rules"


def test_what_is_no_json_is_refused() -> None:
    sha256 = hashlib.sha256(b"{").hexdigest()
    assert refusal(RuleMarker.model_construct(version="1", sha256=sha256, activated_at=NOW, content="{")) == "bad_rules"


def test_a_content_of_another_version_is_refused() -> None:
    assert refusal(with_content(lambda content: content.update(version="other"))) == "rules_version_mismatch"


def test_rules_that_look_back_further_than_kafka_keeps_events_are_refused() -> None:
    assert refusal(make_marker(), Rulebook(check=refuse)) == "retention_too_short"
    with pytest.raises(ConfigError):
        Rulebook(check=refuse).restored((make_marker().content or "").encode())


def test_a_marker_without_content_is_taken_only_if_the_folder_holds_those_very_rules() -> None:
    own = SHIPPED.model_copy(update={"version": "first"})
    bare = make_marker().model_copy(update={"content": None})
    assert Rulebook(own=lambda: own).judge(bare).version == "first"
    assert refusal(bare, Rulebook(own=lambda: SHIPPED)) == "rules_without_content"
    assert refusal(bare) == "rules_without_content"

    def missing() -> RuleSet:
        raise ConfigError("no such folder")

    assert refusal(bare, Rulebook(own=missing)) == "rules_without_content"


def test_rules_in_force_that_this_version_cannot_read_stop_the_worker() -> None:
    with pytest.raises(FatalError) as caught:
        Rulebook().restored(b'{"version": "9", "rules": [], "owner": "x", "made by": "a newer hub"}')
    assert caught.value.code == "unknown_rules"


def test_many_versions_one_after_another_are_not_all_remembered() -> None:
    rulebook = Rulebook()
    first = rulebook.judge(make_marker("1"))
    for number in range(20):
        rulebook.judge(make_marker(f"1.{number}"))
    assert rulebook.judge(make_marker("1")) is not first
