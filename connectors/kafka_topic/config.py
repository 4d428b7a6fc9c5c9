"""Settings of a receiver that reads a topic of its own Kafka."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

__all__ = ["KafkaTopicConfig", "host_and_port"]

Server = Annotated[str, StringConstraints(pattern=r"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]{1,253}):[0-9]{1,5}$")]
_OURS = "hub."


class KafkaTopicConfig(BaseModel):
    """Which topic word of a team's tasks is written to. With `username`, its password is the secret `password`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bootstrap_servers: Annotated[tuple[Server, ...], Field(min_length=1)] = Field(description="The brokers, host:port.")
    topic: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,249}$")] = Field(
        description="The receiver's topic. It must exist; never one of the hub's own (hub.…)."
    )
    security: Literal["ssl", "sasl_ssl", "plaintext"] = Field(
        "ssl", description="How the brokers are spoken to; plaintext on this machine only."
    )
    sasl_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = Field(
        "SCRAM-SHA-512", description="How the hub signs in, with sasl_ssl."
    )
    username: Annotated[str, StringConstraints(min_length=1, max_length=256)] | None = Field(
        None, description="The hub's account, with sasl_ssl."
    )
    source: Annotated[str, StringConstraints(pattern=r"^(/[a-z0-9][a-z0-9._-]{0,63}){1,8}$")] = Field(
        "/hub/delivery", description="Who speaks, in every record's ce_source: a path of codes, as /norrkoping/hub."
    )
    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = Field(
        30.0, description="How long one word may take until all replicas have it."
    )

    @model_validator(mode="after")
    def _is_safe(self) -> KafkaTopicConfig:
        if self.topic.startswith(_OURS):
            raise ValueError("topic must not be one of the hub's own (hub.…)")
        if self.security == "plaintext" and not all(_is_loopback(server) for server in self.bootstrap_servers):
            raise ValueError("security must be ssl or sasl_ssl: what is told would cross the network in the clear")
        if (self.security == "sasl_ssl") != (self.username is not None):
            raise ValueError("username goes with security = sasl_ssl, and sasl_ssl with a username")
        return self


def host_and_port(server: str) -> tuple[str, int]:
    """The parts of a checked `host:port`."""
    host, _, port = server.rpartition(":")
    return host.strip("[]"), int(port)


def _is_loopback(server: str) -> bool:
    host = host_and_port(server)[0]
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
