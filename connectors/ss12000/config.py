"""Settings of a school administration system that speaks SS12000."""

from __future__ import annotations

from datetime import date
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

__all__ = ["Ss12000Config"]


def _safe_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("must be an http(s) address of the API's root, prefix such as /v2.0 included, and nothing more")
    if parts.scheme == "http" and not _loopback(parts.hostname):
        raise ValueError("must be https: the token and the answers would cross the network in the clear")
    return value.rstrip("/")


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class Ss12000Config(BaseModel):
    """`[connectors.<name>.source]` of an ss12000 connector. The bearer token is the connector's secret `token`.

    `since` is the first school day read. Each poll reads `overlap_days` again, because teachers report and correct late; a
    correction older than that is not seen. `school_day_minutes` is what a reported absence of a whole day counts as.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: Annotated[str, AfterValidator(_safe_url)]
    since: date
    overlap_days: Annotated[int, Field(ge=0, le=400)] = 14
    window_days: Annotated[int, Field(ge=1, le=92)] = 7
    page_size: Annotated[int, Field(ge=1, le=10_000)] = 100
    max_pages: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    read_absences: bool = True
    school_day_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 360
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 60.0
    attempts: Annotated[int, Field(ge=1, le=10)] = 4
    max_response_megabytes: Annotated[float, Field(gt=0, le=4096)] = 64.0
