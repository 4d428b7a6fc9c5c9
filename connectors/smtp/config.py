"""Settings of a receiver that is told by e-mail."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from hub.connector.addresses import SafeAddress

__all__ = ["SmtpConfig"]

# What stands in a header and in a command: one plain ASCII address, and nothing that could end the line.
Mailbox = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$")]
Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:-]{1,253}$")]
Word = Annotated[str, StringConstraints(min_length=1, max_length=256)]


class SmtpConfig(BaseModel):
    """Whom word of a team's tasks is mailed to, and over which server. With `username`, its password is the secret `password`.

    The connection is encrypted (STARTTLS) and the server's certificate checked; without is for a server on this machine only.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: Host = Field(description="The mail server.")
    port: Annotated[int, Field(ge=1, le=65535)] = Field(587, description="Its port for mail that is handed in.")
    security: Literal["starttls", "plaintext"] = Field(
        "starttls", description="Whether the connection is encrypted; plaintext on this machine only."
    )
    username: Word | None = Field(None, description="The hub's account there; none: the server takes mail from this machine.")
    sender: Mailbox = Field(description="The address that the mail comes from; bounces go there, so somebody must read it.")
    recipient: Mailbox = Field(description="The team's shared mailbox; never a person's own.")
    hub_url: SafeAddress = Field(description="The hub's start page: the only link in the mail.")
    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = Field(
        30.0, description="How long the whole call may take, until the server has answered for the mail."
    )

    @model_validator(mode="after")
    def _is_safe(self) -> SmtpConfig:
        if self.security == "plaintext" and not _is_loopback(self.host):
            raise ValueError("security must be starttls: the password and the mail would cross the network in the clear")
        return self


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
