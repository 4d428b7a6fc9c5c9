"""Whom a client believes is read once."""

from __future__ import annotations

import ssl

import httpx
import pytest

from hub.tls import trusted


def test_the_authorities_are_read_once_and_every_client_checks_names_against_them() -> None:
    assert trusted() is trusted()
    assert trusted().verify_mode is ssl.CERT_REQUIRED
    assert trusted().check_hostname
    assert trusted().cert_store_stats()["x509_ca"] == httpx.create_ssl_context().cert_store_stats()["x509_ca"] > 0


def test_a_file_of_authorities_that_cannot_be_read_is_no_silent_trust(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/authorities.pem")
    with pytest.raises(OSError, match="No such file"):
        trusted.__wrapped__()
