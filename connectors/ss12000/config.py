"""Settings of a school administration system that speaks SS12000."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from hub.connector.addresses import SafeAddress

__all__ = ["Oauth", "Ss12000Config", "Webhook"]


class Oauth(BaseModel):
    """OAuth 2 client credentials instead of a fixed token; the client's secret is the connector's secret `client-secret`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token_url: SafeAddress
    client_id: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    client_authentication: Literal["basic", "post"] = "basic"
    scope: str = ""


class Webhook(BaseModel):
    """Where the source may say that something changed; it wakes a pull and is believed nothing else.

    The standard has no authentication for it, so the address that is subscribed ends in the connector's secret
    `webhook-secret`. `listen_port` is on this machine only; a reverse proxy with TLS brings `public_url` to it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    public_url: SafeAddress
    listen_port: Annotated[int, Field(ge=0, le=65535)]


class Ss12000Config(BaseModel):
    """`[connectors.<name>.source]` of an ss12000 connector. The bearer token is the connector's secret `token`, or `oauth`.

    `since` is the first school day read. Each poll reads `overlap_days` again, because teachers report and correct late.
    What is corrected or deleted later than that is asked for by the time of its change, unless `follow_changes` is off or the
    server cannot say. `late_hours`: how late its lists may show a change or a deletion, as those do that are brought up to date
    at night. `reading`: lesson by lesson, or the sums of a day where a server tells no more (`/aggregatedAttendance`).
    `school_day_minutes` is what a reported absence of a whole day counts as.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: SafeAddress
    since: date
    oauth: Oauth | None = None
    webhook: Webhook | None = None
    reading: Literal["lessons", "sums"] = "lessons"
    follow_changes: bool = True
    overlap_days: Annotated[int, Field(ge=0, le=400)] = 14
    late_hours: Annotated[int, Field(ge=1, le=24 * 31)] = 36
    window_days: Annotated[int, Field(ge=1, le=92)] = 7
    page_size: Annotated[int, Field(ge=1, le=10_000)] = 100
    max_pages: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    read_absences: bool = True
    school_day_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 360
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 60.0
    attempts: Annotated[int, Field(ge=1, le=10)] = 4
    max_response_megabytes: Annotated[float, Field(gt=0, le=4096)] = 64.0
