import pytest
from pydantic import ValidationError

from connectors.polisen.config import PolisenConfig


def test_the_public_feed_is_the_default():
    assert PolisenConfig().url == "https://polisen.se/api/events"


@pytest.mark.parametrize("changed", [{"url": "polisen.se"}, {"url": "file:///etc"}, {"attempts": 0}, {"secret": "x"}])
def test_a_wrong_setting_is_refused(changed):
    with pytest.raises(ValidationError):
        PolisenConfig(**changed)
