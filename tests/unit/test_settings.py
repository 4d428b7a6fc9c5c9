"""Settings: from the file, overridden by the environment; what is wrong is named by place, never by value."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.installation import initialise
from hub.settings import HOME_VARIABLE, Settings, default_home, load_settings
from tests.support import make_settings

PASSWORD = "planted-password"


def load(home: Path, text: str) -> Settings:
    (home / "hub.toml").write_text(text, encoding="utf-8")
    return load_settings(home)


def refused(home: Path, text: str = "") -> str:
    with pytest.raises(ConfigError) as caught:
        load(home, text)
    said = str(caught.value)
    assert "\n" not in said
    assert PASSWORD not in said
    return said


def test_the_shipped_file_says_what_the_defaults_are(tmp_path: Path) -> None:
    initialise(tmp_path / "shipped")
    (tmp_path / "bare").mkdir()
    shipped, bare = load_settings(tmp_path / "shipped"), load(tmp_path / "bare", "")
    for name in ("environment", "municipality", "language", "kafka", "broker", "registry", "delivery", "web", "worker"):
        assert getattr(shipped, name) == getattr(bare, name)


def test_the_environment_overrides_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_WEB__PORT", "9001")
    monkeypatch.setenv("HUB_KAFKA__BOOTSTRAP_SERVERS", "kafka:9092")
    settings = load(tmp_path, '[web]\nport = 9000\nhost = "127.0.0.2"\n')
    assert (settings.web.port, settings.web.host, settings.bootstrap_servers) == (9001, "127.0.0.2", "kafka:9092")


def test_a_wrong_value_is_told_by_its_place(tmp_path: Path) -> None:
    assert "hub.toml: web.port" in refused(tmp_path, "[web]\nport = 70000\n")
    assert "environment" in refused(tmp_path, 'environment = "prod"\n')
    assert "municipality" in refused(tmp_path, 'municipality = "Norrköping"\n')


def test_a_wrong_value_of_the_environment_is_told_by_its_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_WEB__PORT", PASSWORD)
    assert "web.port (HUB_WEB__PORT)" in refused(tmp_path)


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        ("HUB_LANGUAGE", "language (HUB_LANGUAGE): "),
        ("HUB_WEB", "the environment: HUB_WEB is not JSON; a single value goes by HUB_WEB__NAME"),
        ("HUB_KAFKA__BOOTSTRAP_SERVERS", "kafka.bootstrap_servers (HUB_KAFKA__BOOTSTRAP_SERVERS): must be host:port"),
    ],
)
def test_a_wrong_variable_is_told_with_what_would_be_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, told: str
) -> None:
    monkeypatch.setenv(variable, PASSWORD)
    assert told in refused(tmp_path)


@pytest.mark.parametrize("servers", ["", "kafka:9092", "a:1,b:2", "a:1, [::1]:9092"])
def test_servers_are_hosts_with_ports(tmp_path: Path, servers: str) -> None:
    assert load(tmp_path, f'[kafka]\nbootstrap_servers = "{servers}"\n').kafka.bootstrap_servers == servers


@pytest.mark.parametrize("servers", ["kafka", ":9092", "a:1,b", "a:port", "http://a"])
def test_servers_without_a_port_are_refused(tmp_path: Path, servers: str) -> None:
    assert "kafka.bootstrap_servers: must be host:port" in refused(tmp_path, f'[kafka]\nbootstrap_servers = "{servers}"\n')


def test_a_wrong_value_is_never_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(tmp_path, f'[registry]\ndatabase_url = ["{PASSWORD}"]\n')
    refused(tmp_path, f'[connectors.sdk]\nagency = "a"\npoll_seconds = "{PASSWORD}"\n')
    monkeypatch.setenv("HUB_KAFKA", f'{{"bootstrap_servers": "{PASSWORD}"')
    refused(tmp_path)


@pytest.mark.parametrize(
    ("text", "named"),
    [("[wbe]\nport = 1\n", "wbe"), ('home = "/elsewhere"\n', "home"), ("[web]\nprot = 1\n", "web.prot"), ("[broker.extra]\na = 1\n", "broker.extra")],
)  # fmt: skip
def test_a_name_that_is_no_setting_is_refused(tmp_path: Path, text: str, named: str) -> None:
    assert named in refused(tmp_path, text)


@pytest.mark.parametrize(("variable", "named"), [("HUB_WBE__PORT", "HUB_WBE__PORT"), ("HUB_WEB__PROT", "HUB_WEB__PROT")])
def test_a_variable_that_is_no_setting_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, named: str
) -> None:
    monkeypatch.setenv(variable, "1")
    assert named in refused(tmp_path).upper()


def test_variables_of_other_use_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HUB_SUPERVISOR_PID", "HUB_SUPERVISOR_STARTED", "HUB_SHARED", "HUB_TEST_REQUIRE", "OTHER__PORT"):
        monkeypatch.setenv(name, "1")
    assert load(tmp_path, "").home == tmp_path


def test_another_clock_is_refused_in_production_also_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = "2025-05-19T07:30:00+02:00@1700000000"
    assert load(tmp_path, f'environment = "demo"\nclock = "{clock}"\n').clock == clock
    assert "hub.toml: clock" in refused(tmp_path, f'environment = "production"\nclock = "{clock}"\n')
    monkeypatch.setenv("HUB_CLOCK", clock)
    assert "clock" in refused(tmp_path, 'environment = "production"\n')


def test_a_clock_that_cannot_be_read_is_refused_by_every_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "clock must be an ISO instant" in refused(tmp_path, 'clock = "noon"\n')
    monkeypatch.setenv("HUB_CLOCK", "x")
    assert "clock must be an ISO instant" in refused(tmp_path)


@pytest.mark.parametrize("content", [b"[web\n", b"\xff\xfe", b"port = \n", b"a = 1\na = 2\n"])
def test_a_file_that_is_not_toml_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "hub.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=r"hub\.toml"):
        load_settings(tmp_path)


def test_a_folder_without_an_installation_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="hub init"):
        load_settings(tmp_path)


def test_the_installation_is_found_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path))
    assert default_home() == tmp_path
    assert load(tmp_path, "").home == tmp_path


def test_a_chosen_folder_goes_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "elsewhere"))
    assert load(tmp_path, "").home == tmp_path


@pytest.mark.parametrize(
    ("web", "address"),
    [('host = "0.0.0.0"', "http://127.0.0.1:8700"), ('host = "::1"', "http://[::1]:8700"), ('url = "https://hub.example/"', "https://hub.example")],
)  # fmt: skip
def test_people_get_an_address_that_leads_somewhere(tmp_path: Path, web: str, address: str) -> None:
    assert load(tmp_path, f"[web]\n{web}\n").web_url == address


def test_production_keeps_its_audit_for_five_years(tmp_path: Path) -> None:
    short = "[audit]\nretention_years = 4\n"
    assert "audit.retention_years" in refused(tmp_path, f'environment = "production"\n{short}')
    (tmp_path / "hub.toml").write_text(short, encoding="utf-8")
    assert load_settings(tmp_path).audit.retention_years == 4


@pytest.mark.parametrize("user", ["", "hub@", "other:secret@"])
def test_the_keyring_lies_in_a_database_of_its_own(tmp_path: Path, user: str) -> None:
    registry = {
        "database_url": "postgresql://hub:x@db/registry",
        "keyring_url": f"postgresql+psycopg://{user}db/registry?sslmode=require",
    }
    with pytest.raises(ConfigError, match="must be another database than registry") as caught:
        make_settings(tmp_path, registry=registry)
    assert "secret" not in str(caught.value)
    apart = make_settings(tmp_path, registry={**registry, "keyring_url": "postgresql://db/keyring"})
    assert apart.keyring_database == "postgresql://db/keyring"
