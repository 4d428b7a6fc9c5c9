"""Settings of a receiver that takes webhooks."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork

from hub.connector.addresses import SafeAddress

__all__ = ["WebhookConfig"]


class WebhookConfig(BaseModel):
    """Where word of a team's tasks goes. The secret `signing` (`whsec_` and Base64) is shared with the receiver; while it is
    changed, the new one and the former one with a space between.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: SafeAddress = Field(description="The address that is posted to; https, except on this machine.")
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = Field(
        10.0, description="How long the whole call may take, from its start until the answer's headers are there."
    )
    allow_private: tuple[IPvAnyNetwork, ...] = Field(
        (), description='Private networks that the address may lead to, as ["10.20.0.0/16"]; without, public addresses only.'
    )
