"""Settings of a message system that offers the SDK API (Digg: SDK_Rekommendation API MT-MK)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from hub.connector.addresses import SafeAddress
from hub.contract.models import PoliceCategory

__all__ = ["Coding", "SdkConfig"]

Root = Annotated[str, StringConstraints(min_length=1, max_length=256, strip_whitespace=True)]
Status = Annotated[str, StringConstraints(pattern=r"^[A-Z_]{1,40}$")]


class Coding(BaseModel):
    """Where in `senderAttention.referenceId[]` the coded facts stand: each entry's `root` says what its `extension` is.

    No national format for police notices exists, so sender and receiver agree on roots of their own. A message without a
    code is never guessed at: it stays in the statutory lane for a person to code.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject_roots: tuple[Root, ...] = ("1.2.752.129.2.1.3.1", "1.2.752.129.2.1.3.3")
    category_root: Root = "urn:hub:police-notice:category"
    area_root: Root = "urn:hub:police-notice:area"
    occurred_at_root: Root = "urn:hub:police-notice:occurred-at"
    may_tell_youth_root: Root = "urn:hub:police-notice:may-tell-youth"
    categories: dict[str, PoliceCategory] = Field(default_factory=dict)
    """The sender's own category codes → ours. Our own codes are always understood."""


class SdkConfig(BaseModel):
    """`[connectors.<name>.source]` of an sdk connector. The OAuth 2 client secret is the connector's secret `client-secret`.

    `statuses` are those of messages that have come in. Not NEW alone: a message system may mark a message as retrieved when
    either lane has read it, or somebody's client has, and it must still be found. `recipient` (a functional address)
    narrows the inbox. `senders` are the organisations whose coded notices may be correlated; empty means any. Nothing is
    deleted at the source unless `delete_handed_over` says so, and then only what the receiver's case system has confirmed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: SafeAddress
    token_url: SafeAddress
    client_id: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    client_authentication: Literal["basic", "post"] = "basic"
    scope: str = "urn:sdk.api:getMessageByFilter urn:sdk.api:getMessage"
    statuses: Annotated[tuple[Status, ...], Field(min_length=1)] = ("NEW", "RETRIEVED", "RECEIPT_SENT")
    recipient: str = ""
    senders: tuple[str, ...] = ()
    delete_handed_over: bool = False
    """Needs the scope `urn:sdk.api:deleteMessage`. What is deleted is not read again when a consent comes to cover its time."""
    path_id: Literal["id", "messageId"] = "id"
    coding: Coding = Coding()
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 60.0
    attempts: Annotated[int, Field(ge=1, le=10)] = 4
    max_message_megabytes: Annotated[float, Field(gt=0, le=1024)] = 30.0
    """Documents before Base64, as the standard counts; what crosses the network may be a third longer."""

    @model_validator(mode="after")
    def _deletes_by_its_own_id(self) -> SdkConfig:
        if self.delete_handed_over and self.path_id != "id":
            raise ValueError('delete_handed_over needs path_id = "id": a messageId may stand for several messages')
        return self
