"""`hub web-login`: an address that lets in whom it names, once."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from hub.access.codes import Codes
from hub.access.opening import build_access_engine
from hub.access.roles import Principal, Role
from hub.bootstrap_pages import sign_in_address
from hub.cli import app
from hub.errors import ConfigError
from hub.installation import read_key
from hub.settings import load_settings
from tests.command_line import CliRunner
from tests.prepared import initialised


@pytest.fixture
def home(tmp_path: Path) -> Path:
    initialised(tmp_path / "home")
    return tmp_path / "home"


def signed_in_by(home: Path, address: str) -> Principal | None:
    settings = load_settings(home)
    engine = build_access_engine(settings)
    (code,) = parse_qs(urlsplit(address).query)["code"]
    try:
        return Codes(read_key(settings, "worklist.key"), engine).redeem(code)
    finally:
        engine.dispose()


def test_it_prints_an_address_that_signs_in_the_function_it_names(home: Path) -> None:
    done = CliRunner().invoke(app, ["web-login", "--home", str(home), "--team", "outreach", "--name", "Fältare"])
    assert done.exit_code == 0
    address = done.stdout.strip()
    assert address.startswith("http://127.0.0.1:8700/sign-in?code=")
    who = signed_in_by(home, address)
    assert who is not None
    assert (who.name, who.roles) == ("Fältare", {Role.TEAM_MEMBER: {"outreach"}})
    assert who.account.startswith("code-")


def test_without_a_team_every_team_is_meant(home: Path) -> None:
    done = CliRunner().invoke(app, ["web-login", "--home", str(home)])
    who = signed_in_by(home, done.stdout.strip())
    assert who is not None
    assert (who.name, who.roles) == ("Handläggare", {Role.TEAM_MEMBER: {"outreach", "sig", "sspf"}})


def test_each_address_is_for_another_account(home: Path) -> None:
    accounts = {signed_in_by(home, sign_in_address(load_settings(home), "Fältare")).account for _ in range(3)}
    assert len(accounts) == 3


def test_it_gives_the_roles_it_is_asked_for(home: Path) -> None:
    asked = ["--role", "consent-officer", "--role", "auditor", "--team", "sspf", "--role", "team-head:sig"]
    done = CliRunner().invoke(app, ["web-login", "--home", str(home), *asked])
    who = signed_in_by(home, done.stdout.strip())
    assert who is not None
    assert who.roles == {Role.CONSENT_OFFICER: {"sspf"}, Role.AUDITOR: frozenset(), Role.TEAM_HEAD: {"sig"}}


def test_an_unknown_role_is_named_with_those_that_there_are(home: Path) -> None:
    done = CliRunner().invoke(app, ["web-login", "--home", str(home), "--role", "king"])
    assert isinstance(done.exception, ConfigError)
    assert "no role king; there are: consent-officer" in str(done.exception)


def test_an_unknown_team_is_named_with_those_that_there_are(home: Path) -> None:
    with pytest.raises(ConfigError, match=r"no team nobody; teams.yaml has: outreach, sig, sspf"):
        sign_in_address(load_settings(home), "Fältare", teams=["nobody"])


@pytest.mark.parametrize(
    ("variables", "address"),
    [
        ({"HUB_WEB__HOST": "0.0.0.0"}, "http://127.0.0.1:8700/"),
        ({"HUB_WEB__HOST": "::1", "HUB_WEB__PORT": "99"}, "http://[::1]:99/"),
        ({"HUB_WEB__URL": "https://insats.example.se/"}, "https://insats.example.se/"),
    ],
)
def test_the_address_is_where_people_reach_the_pages(
    home: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], address: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert sign_in_address(load_settings(home), "Fältare").startswith(f"{address}sign-in?code=")
