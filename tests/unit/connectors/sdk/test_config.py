from __future__ import annotations

import pytest
from pydantic import ValidationError

from connectors.sdk import connector
from connectors.sdk.config import SdkConfig
from hub.connector import load_connector
from tests.unit.connectors.sdk.make import make_config


@pytest.mark.parametrize("address", ["http://sdk.example.se", "ftp://x", "https://user@sdk.example.se", "https://x/?a=1", "x"])
def test_secrets_and_messages_do_not_cross_the_network_in_the_clear(address):
    with pytest.raises(ValidationError):
        make_config(address)


def test_loopback_and_https_are_fine():
    assert make_config("http://localhost:1/").base_url == "http://localhost:1"
    assert make_config("https://sdk.example.se/v1").base_url == "https://sdk.example.se/v1"


def test_nothing_is_deleted_by_default_and_nothing_by_its_age():
    assert [name for name in SdkConfig.model_fields if "delet" in name] == ["delete_handed_over"]
    with pytest.raises(ValidationError):
        make_config(delete_after=5)
    assert not make_config().delete_handed_over


def test_an_installation_that_fetches_by_message_id_deletes_nothing():
    with pytest.raises(ValidationError, match="several messages"):
        make_config(delete_handed_over=True, path_id="messageId")


def test_the_connector_is_found_by_its_name():
    assert load_connector("sdk") is connector
