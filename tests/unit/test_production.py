"""Production does not start before what the law asks for has been decided, and people can sign in safely."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from hub.cli import app
from hub.errors import ConfigError
from tests.command_line import CliRunner
from tests.support import PRODUCTION, make_settings


def without(section: str, name: str, value: Any = "") -> dict[str, Any]:
    """What production states, but for one thing."""
    stated = deepcopy(PRODUCTION)
    stated[section][name] = value
    return stated


def refusal(home: Path, stated: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as refused:
        make_settings(home, **stated)
    assert refused.value.code == "bad_settings"
    return str(refused.value)


def test_production_starts_when_everything_is_stated(tmp_path: Path) -> None:
    assert make_settings(tmp_path, **PRODUCTION).environment == "production"


@pytest.mark.parametrize(
    ("section", "name", "value", "said"),
    [
        ("legal", "retention_decision", "", ["legal.retention_decision", "gallringsbeslut", "reference number"]),
        ("legal", "retention_decision", "  ", ["legal.retention_decision"]),
        ("legal", "retention_decision", "\u200b", ["legal.retention_decision", "a letter or a digit"]),
        ("legal", "retention_decision", "\u3164", ["legal.retention_decision"]),
        ("legal", "dpo_decision", "-", ["legal.dpo_decision", "a letter or a digit"]),
        ("legal", "dpo_decision", "\u2060\u2013 /", ["legal.dpo_decision"]),
        ("legal", "dpo_decision", "", ["legal.dpo_decision", "data protection officer's written decision", "reference number"]),
        ("login", "oidc", {}, ["login.oidc.issuer", "login.local_in_production = true"]),
        ("web", "url", "", ["web.url that begins with https://"]),
        ("web", "url", "http://insats.example.se", ["web.url that begins with https://"]),
    ],
)
def test_what_is_missing_is_named_with_its_setting_and_what_it_is(
    tmp_path: Path, section: str, name: str, value: Any, said: list[str]
) -> None:
    text = refusal(tmp_path, without(section, name, value))
    for part in said:
        assert part in text
    others = {"legal.retention_decision", "legal.dpo_decision", "login.oidc.issuer", "web.url"} - {said[0].split()[0]}
    assert not [other for other in others if other in text]


def test_everything_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    text = refusal(tmp_path, {"environment": "production"})
    for setting in ("legal.retention_decision", "legal.dpo_decision", "login.oidc.issuer", "web.url"):
        assert setting in text


def test_accounts_of_its_own_are_an_allowance_that_must_be_stated(tmp_path: Path) -> None:
    beside = refusal(tmp_path, without("login", "local_in_production", value=True))
    assert "login.emergency_accounts instead of login.local_in_production" in beside
    stated = deepcopy(PRODUCTION) | {"login": {"local_in_production": True}}
    assert make_settings(tmp_path / "other", **stated).login.oidc.issuer == ""


@pytest.mark.parametrize("environment", ["demo", "single-machine"])
def test_elsewhere_nothing_of_it_is_asked(tmp_path: Path, environment: str) -> None:
    assert make_settings(tmp_path, environment=environment).legal.retention_decision == ""


@pytest.mark.parametrize("process", ["registry", "web", "deliver", "worker", "statutory", "up"])
def test_no_process_of_production_starts_without(tmp_path: Path, process: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "hub.toml").write_text('environment = "production"\n', encoding="utf-8")
    done = CliRunner().invoke(app, [process, "--home", str(home)])
    assert isinstance(done.exception, ConfigError)
    assert "legal.retention_decision" in str(done.exception)
    assert "legal.dpo_decision" in str(done.exception)


@pytest.mark.parametrize(
    ("oidc", "said"),
    [
        ({"issuer": "https://login.example.se", "roles": {"x": "auditor"}}, "client_id is needed"),
        ({"issuer": "https://login.example.se", "client_id": "hub"}, "roles is needed"),
        ({"issuer": "http://login.example.se", "client_id": "hub", "roles": {"x": "auditor"}}, "issuer must begin with https://"),
    ],
)
def test_a_provider_is_stated_whole_and_with_https(tmp_path: Path, oidc: dict[str, Any], said: str) -> None:
    assert said in refusal(tmp_path, {"login": {"oidc": oidc}})


def test_sign_in_codes_are_refused_in_production_unless_allowed(tmp_path: Path) -> None:
    make_settings(tmp_path, **PRODUCTION)
    done = CliRunner().invoke(app, ["web-login", "--home", str(tmp_path)])
    assert isinstance(done.exception, ConfigError)
    assert "login.local_in_production = true" in str(done.exception)
