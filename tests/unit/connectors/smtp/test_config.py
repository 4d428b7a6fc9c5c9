from __future__ import annotations

import pytest
from pydantic import ValidationError

from connectors.smtp.config import SmtpConfig
from tests.unit.connectors.smtp.make import make_config


@pytest.mark.parametrize(
    "change",
    [
        {"host": "mail.example.se"},
        {"recipient": "a@example.se\r\nBcc: b@example.se"},
        {"recipient": "A <a@example.se>"},
        {"sender": "navet"},
        {"hub_url": "http://navet.example.se"},
        {"port": 0},
    ],
)
def test_a_setting_that_would_let_something_out_is_refused(change) -> None:
    with pytest.raises(ValidationError):
        make_config(**change)


def test_encryption_is_what_stands_where_nothing_is_said() -> None:
    given = make_config().model_dump(exclude={"security"}) | {"host": "mail.example.se"}
    assert SmtpConfig.model_validate(given).security == "starttls"
