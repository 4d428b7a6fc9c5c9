"""`hub web` as it runs, and an identity provider as others build one: each its own process, HTTP between them."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from hub.installation import initialise
from hub.supervise import hub_command
from hub.tls import trusted
from tests.unit.web.browser import Browser

_PERSON = {"sub": "kx7f3a", "name": "Samordnare", "roles": ["Hub-Members", "Other"], "teams": ["Team-SSPF"]}
_LOGIN = """
[login.oidc]
issuer = "{issuer}"
client_id = "hub"
[login.oidc.roles]
"Hub-Members" = "team-member"
[login.oidc.teams]
"Team-SSPF" = "sspf"
"""
_LIBRARIES = ("authlib", "joserfc", "argon2", "zxcvbn")


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(answers: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, process.returncode
        try:
            if answers():
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError("it does not answer")


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts processes, and ends them at the end."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*words: str, **environment: str) -> subprocess.Popen[bytes]:
        quiet = subprocess.DEVNULL
        process = subprocess.Popen([*words], env={**os.environ, **environment}, stdout=quiet, stderr=quiet)
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
    for process in started:
        process.wait(timeout=20)


Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def provider(start: Start) -> str:
    port = free_port()
    words = ["-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "true", "--user-claims", json.dumps(_PERSON)]
    process = start(sys.executable, *words)
    until(lambda: httpx.get(f"http://127.0.0.1:{port}/.well-known/openid-configuration", verify=trusted()).is_success, process)
    return f"http://127.0.0.1:{port}"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    initialise(tmp_path / "home")
    return tmp_path / "home"


def serve(start: Start, home: Path) -> str:
    port = free_port()
    process = start(*hub_command("web", "--home", str(home)), HUB_WEB__PORT=str(port), HUB_METRICS__PORTS="{}")
    until(lambda: httpx.get(f"http://127.0.0.1:{port}/sign-in", verify=trusted()).is_success, process)
    return f"http://127.0.0.1:{port}"


def test_somebody_signs_in_at_a_provider_of_others_and_out_again(start: Start, provider: str, home: Path) -> None:
    settings = home / "hub.toml"
    text = re.sub(r"\[login\.oidc\].*?(?=\n# Production)", "", settings.read_text(encoding="utf-8"), flags=re.DOTALL)
    settings.write_text(text + _LOGIN.format(issuer=provider), encoding="utf-8")
    (home / "keys" / "oidc-client-secret").write_text("s3cret\n", encoding="utf-8")
    site = serve(start, home)
    with Browser(base_url=site) as browser:
        assert "Logga in med ditt arbetskonto" in browser.get("/").text
        away = browser.get("/sign-in/provider", params={"next": "/team/sspf"}).headers["location"]
        back = httpx.post(away, data={"sub": _PERSON["sub"]}).headers["location"]
        answer = browser.get(urlsplit(back)._replace(scheme="", netloc="").geturl())
        assert (answer.status_code, answer.headers["location"]) == (303, "/team/sspf")
        assert "SSPF-samordnaren" in browser.get("/team/sspf").text
        assert browser.get("/team/sig").status_code == 403
        assert "medarbetare" in browser.get("/me").text
        assert browser.get(urlsplit(back)._replace(scheme="", netloc="").geturl()).status_code == 403
        assert browser.post("/sign-out").headers["location"] == "/sign-out/provider"
        assert f"{provider}/oauth2/end_session?" in browser.get("/sign-out/provider").text
        assert browser.get("/team/sspf").status_code == 401
    listed = subprocess.run(
        hub_command("audit", "list", "--home", str(home), "--json"), capture_output=True, text=True, check=True
    ).stdout
    assert "sign_in" in listed
    assert "request_refused" in listed
    assert _PERSON["sub"] not in listed
    assert "Samordnare" not in listed


def test_without_a_provider_its_libraries_are_not_loaded(home: Path) -> None:
    code = (
        "import sys; from hub.bootstrap_pages import build_login; import hub.web.app; from hub.bootstrap import build_audit; "
        "from hub.settings import load_settings; s = load_settings(); build_login(s, build_audit(s)); "
        f"print([name for name in {_LIBRARIES} if name in sys.modules])"
    )
    environment = {**os.environ, "HUB_HOME": str(home)}
    done = subprocess.run([sys.executable, "-P", "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
