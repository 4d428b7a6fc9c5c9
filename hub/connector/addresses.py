"""Addresses of foreign systems that get a secret: https, unless the other side is on this machine."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator

__all__ = ["SafeAddress"]


def _safe(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("must be the http(s) address of the API's root, a prefix such as /v2.0 included, and nothing more")
    if parts.scheme == "http" and not _loopback(parts.hostname):
        raise ValueError("must be https: secrets and answers would cross the network in the clear")
    return value.rstrip("/")


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


SafeAddress: TypeAlias = Annotated[str, AfterValidator(_safe)]
"""A checked address without its last slash: the type of a setting."""
