"""docker-compose.yml: valid to a real compose, pinned, on loopback, watched, and nobody runs as root."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import typer
import yaml

from hub.cli import app
from hub.installation import initialise
from hub.resources import defaults_folder
from hub.settings import load_settings
from tests.support import missing

ROOT = Path(__file__).resolve().parents[3]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict] = COMPOSE["services"]
HUB = {name: service for name, service in SERVICES.items() if service["image"].startswith("hub:")}
LASTING = {name: service for name, service in SERVICES.items() if service.get("restart") != "no"}
METRICS = tomllib.loads((defaults_folder() / "hub.toml").read_text(encoding="utf-8"))["metrics"]["ports"]
_PINNED = re.compile(r"[a-z0-9./-]+:(v?\d+\.\d+\.\d+|\d+\.\d+-bookworm)\Z")  # PostgreSQL's versions have two parts


def compose_command() -> list[str]:
    """A compose binary: HUB_COMPOSE, `docker-compose`, or docker's own; else skip."""
    named = os.environ.get("HUB_COMPOSE") or shutil.which("docker-compose")
    if named:
        return [named]
    docker = shutil.which("docker")
    if not docker or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode != 0:
        missing("a compose binary (HUB_COMPOSE, docker-compose or docker compose)")
    return [docker, "compose"]


def run_compose(file: Path) -> subprocess.CompletedProcess[str]:
    command = [*compose_command(), "-f", str(file), "--profile", "sources", "--profile", "setup", "config", "-q"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.compose
def test_a_real_compose_takes_the_file_with_every_profile() -> None:
    done = run_compose(ROOT / "docker-compose.yml")
    assert done.returncode == 0, done.stderr


@pytest.mark.compose
def test_a_real_compose_would_refuse_a_service_that_waits_for_nobody(tmp_path: Path) -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    broken = tmp_path / "docker-compose.yml"
    broken.write_text(text.replace("    depends_on:\n      kafka:", "    depends_on:\n      nobody:"), encoding="utf-8")
    assert run_compose(broken).returncode != 0


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_is_pinned(name: str) -> None:
    assert _PINNED.match(SERVICES[name]["image"])


@pytest.mark.parametrize("name", SERVICES)
def test_nobody_runs_as_root(name: str) -> None:
    assert str(SERVICES[name]["user"]) not in {"", "0", "root", "0:0"}


@pytest.mark.parametrize("name", LASTING)
def test_every_lasting_service_is_watched(name: str) -> None:
    check = LASTING[name]["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert {"interval", "timeout", "retries"} <= set(check)


def test_every_published_port_is_on_loopback() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert ports
    assert [port for port in ports if not str(port).startswith("127.0.0.1:")] == []


@pytest.mark.parametrize("name", sorted(set(HUB) & set(LASTING)))
def test_a_process_is_watched_where_the_settings_put_its_metrics(name: str) -> None:
    assert f"127.0.0.1:{METRICS[name]}/metrics" in HUB[name]["healthcheck"]["test"][-1]


def test_every_process_of_an_installation_has_its_service() -> None:
    assert set(METRICS) <= set(HUB)


def test_every_hub_service_runs_a_command_that_exists() -> None:
    for name, service in HUB.items():
        command = typer.main.get_command(app)
        for word in service["command"]:
            if not hasattr(command, "commands"):
                break
            assert word in command.commands, f"{name}: {service['command']}"
            command = command.commands[word]
        assert getattr(command, "invoke_without_command", True), f"{name}: {service['command']} is only a group"


def test_the_environment_of_the_services_is_made_of_settings_that_exist(tmp_path: Path, monkeypatch) -> None:
    initialise(tmp_path)
    before = load_settings(tmp_path).model_dump()
    for name, value in COMPOSE["x-hub"]["environment"].items():
        if name == "HUB_HOME":
            continue
        monkeypatch.setenv(name, str(value))
        after = load_settings(tmp_path).model_dump()
        assert after != before, f"{name} sets nothing"
        before = after


def test_no_password_is_committed_and_everybody_who_connects_is_given_it_by_file() -> None:
    (file,) = [secret["file"] for secret in COMPOSE["secrets"].values()]
    assert file.startswith("${HUB_POSTGRES_PASSWORD_FILE:-../")  # outside the clone
    urls = [str(value) for name, value in COMPOSE["x-hub"]["environment"].items() if name.endswith("DATABASE_URL")]
    assert len(urls) == 2
    assert all("?password_file=/run/secrets/postgres-password" in url and "://hub@postgres/" in url for url in urls)
    named = {name for name, service in SERVICES.items() if "postgres-password" in service.get("secrets", ())}
    assert named == {*HUB, "postgres"}
    assert not [name for name in SERVICES["postgres"]["environment"] if name == "POSTGRES_PASSWORD"]


def test_every_database_that_a_service_uses_is_made() -> None:
    script = (ROOT / "deploy" / "postgres" / "databases.sql").read_text(encoding="utf-8")
    made = {SERVICES["postgres"]["environment"]["POSTGRES_DB"], *re.findall(r"CREATE DATABASE (\w+)", script)}
    urls = [str(value) for name, value in COMPOSE["x-hub"]["environment"].items() if name.endswith("DATABASE_URL")]
    assert {url.partition("@postgres/")[2].partition("?")[0] for url in urls} == made


def test_the_image_has_the_servers_pg_dump() -> None:
    server = SERVICES["postgres"]["image"].partition(":")[2].partition(".")[0]
    assert f"postgresql-client-{server}" in (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")


def test_the_statutory_lane_waits_for_nobody() -> None:
    for name in ("statutory", "connect-sdk"):
        assert SERVICES[name]["depends_on"] == {}
