import pytest
from pydantic import ValidationError

from connectors.ss12000.config import Ss12000Config


@pytest.mark.parametrize(
    "url", ["https://school.example/v2.0/", "http://127.0.0.1:8711", "http://[::1]:1/v2", "http://localhost:9"]
)
def test_https_or_this_machine_is_accepted(url):
    assert Ss12000Config(base_url=url, since="2025-03-17").base_url == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    ["http://school.example/v2.0", "school.example", "https://", "https://u:p@school.example", "https://school.example/?a=b"],
)
def test_an_address_that_would_show_the_token_or_is_no_root_is_refused(url):
    with pytest.raises(ValidationError):
        Ss12000Config(base_url=url, since="2025-03-17")


@pytest.mark.parametrize("changed", [{"since": "then"}, {"window_days": 0}, {"overlap_days": -1}, {"page_size": 0}, {"tokn": ""}])
def test_a_wrong_setting_is_refused(changed):
    with pytest.raises(ValidationError):
        Ss12000Config(**{"base_url": "https://school.example", "since": "2025-03-17"} | changed)
