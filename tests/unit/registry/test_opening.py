from __future__ import annotations

import base64
from pathlib import Path

import pytest

from hub.clock import ManualClock
from hub.contract.codec import Codec
from hub.errors import ConfigError
from hub.installation import initialise
from hub.registry.opening import open_registry
from hub.settings import Settings, load_settings
from tests.unit.registry.support import SCHOOL, START, make_grant


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    initialise(tmp_path)
    return load_settings(tmp_path)


def open_it(settings: Settings) -> None:
    open_registry(settings, ManualClock(START), Codec.load()).close()


def test_a_fresh_installation_opens_and_knows_its_agencies_teams_and_connectors(settings: Settings) -> None:
    opened = open_registry(settings, ManualClock(START), Codec.load())
    assert opened.tools.agencies[SCHOOL].instances == ("ss12000",)
    assert opened.registry.grant(make_grant()).status == "in_force"
    opened.close()


def test_a_database_is_not_opened_with_keys_under_which_nobody_would_be_found(settings: Settings) -> None:
    open_it(settings)
    open_it(settings)
    (settings.keys / "registry.key").write_text(base64.b64encode(bytes(32)).decode(), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"restore registry\.key") as caught:
        open_it(settings)
    assert caught.value.code == "other_keys"


@pytest.mark.parametrize("name", ["registry.key", f"agency-{SCHOOL}.hmac", f"agency-{SCHOOL}.token"])
def test_a_missing_key_says_what_to_do_and_leaves_no_database(settings: Settings, name: str) -> None:
    (settings.keys / name).unlink()
    with pytest.raises(ConfigError, match="hub init"):
        open_it(settings)
    assert not (settings.data / "registry").exists()


@pytest.mark.parametrize(
    ("name", "text"), [("registry.key", "short"), (f"agency-{SCHOOL}.token", ""), (f"agency-{SCHOOL}.token", "x")]
)
def test_a_key_of_another_form_is_refused_without_showing_it(settings: Settings, name: str, text: str) -> None:
    (settings.keys / name).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        open_it(settings)
    assert caught.value.code == "bad_key_file"
