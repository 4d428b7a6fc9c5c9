"""Settings of a mail server on this machine."""

from __future__ import annotations

from connectors.smtp.config import SmtpConfig

LOOPBACK = "127.0.0.1"


def make_config(port: int = 587, **changes) -> SmtpConfig:
    given = {
        "host": LOOPBACK,
        "port": port,
        "security": "plaintext",
        "username": "hub",
        "sender": "navet@example.se",
        "recipient": "forebyggarteamet@example.se",
        "hub_url": "https://navet.example.se",
        "timeout_seconds": 2,
    }
    return SmtpConfig.model_validate(given | changes)
