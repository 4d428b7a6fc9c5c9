"""Settings of a receiver that is reached over SDK, and the message that it gets. Pure.

`createMessage`, `messageId` and the other names are the SDK API's own (Digg: SDK_Rekommendation API MT-MK, 1.0.0).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, StringConstraints

from hub.connector import Errand
from hub.connector.addresses import SafeAddress
from hub.contract.models import TaskState

__all__ = ["STATE_ROOT", "TASK_ROOT", "SdkMessageConfig", "create_message", "message_id_of"]

TASK_ROOT = "urn:hub:task:id"
STATE_ROOT = "urn:hub:task:state"
_FUNCTIONAL = "urn:riv:infrastructure:messaging:functionalAddress"
_NAMES = uuid.UUID("c0a7d1f4-6f0e-4d55-8a39-2b1f6a0d7e93")
_STOCKHOLM = ZoneInfo("Europe/Stockholm")
_LABELS = {
    TaskState.RECALLED: "Återtagen uppgift i navet",
    TaskState.CANCELLED: "Avslutad uppgift i navet",
}
_LET_GO = "Uppgiften gäller inte längre. Har ni börjat: läs i navet vad som hänt."

Word = Annotated[str, StringConstraints(min_length=1, max_length=256, strip_whitespace=True)]


class SdkMessageConfig(BaseModel):
    """Which function address a team's messages go to, from which, and over which message system.

    The OAuth 2 client secret is the secret `client-secret`. The client needs the rights to send and to read what it sent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: SafeAddress = Field(
        description="The API's root, what comes before /sdk/messages, /v1 where the server has it; https, except on loopback."
    )
    token_url: SafeAddress = Field(description="Where a token is fetched with client credentials (OAuth 2).")
    client_id: Word = Field(description="The hub's name at the token endpoint.")
    client_authentication: Literal["basic", "post"] = Field(
        "basic", description="How the client secret is given: in the header, or in the form."
    )
    scope: str = Field(
        "urn:sdk.api:sendMessages urn:sdk.api:getMessage urn:sdk.api:getMessageByFilter",
        description="What the token is asked for.",
    )
    look_up: Literal["messageId", "listing"] = Field(
        "messageId",
        description="How a message that was sent is found again: fetched by its messageId, or, where the system fetches by an id "
        "of its own, in the listing of what sender_address sent.",
    )
    sender: Word = Field(description="The organisation that sends, as 0203:norrkoping.se.")
    sender_address: Word = Field(description="The function that sends, as sdk:utkorg:0203:norrkoping.se.")
    sender_label: Word = Field(description="That function's name in the SDK address book.")
    recipient: Word = Field(description="The receiver's organisation.")
    recipient_address: Word = Field(description="The receiver's function address; never a person.")
    recipient_label: Word = Field(description="That function's name in the SDK address book.")
    confidentiality: bool = Field(
        False,
        description="Whether the message is marked as confidential. It says only that a task waits; the sender judges.",
    )
    hub_url: SafeAddress | None = Field(None, description="The hub's start page, told in the message.")
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = Field(
        30.0, description="How long one call may take, with its answer."
    )
    allow_private: tuple[IPvAnyNetwork, ...] = Field(
        (), description='Private networks that the addresses may lead to, as ["10.20.0.0/16"]; without, public addresses only.'
    )


def message_id_of(errand: Errand) -> str:
    """The message's `messageId` (UUID): the same for every attempt, another for the word that takes the task back."""
    return str(uuid.uuid5(_NAMES, errand.identity))


def create_message(config: SdkMessageConfig, errand: Errand) -> dict[str, Any]:
    """The body of `sendMessage`: that a team has a task and by when it must answer; nothing of whom it is about or why.

    One conversation holds all that is told of a task. `refToMessageId` stays out: it is for answers. The same bytes each time.
    """
    message_id = message_id_of(errand)
    label = _LABELS.get(errand.state, "Ny uppgift i navet")
    attributes = {
        # The document writes `required: [type]` beside the `$ref` of `attributes`: whatever a reader makes of that, it is there.
        "type": "messages",
        "messageId": message_id,
        "conversationId": str(uuid.uuid5(_NAMES, errand.task_id)),
        "creationDateTime": errand.created_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "confidentiality": config.confidentiality,
        "generatingSystem": {"root": "urn:hub:system", "extension": "hub"},
        "label": label,
        "sender": config.sender,
        "recipient": config.recipient,
        "recipientAttention": {"subOrganization": _address(config.recipient_address, config.recipient_label)},
        "senderAttention": {
            "subOrganization": _address(config.sender_address, config.sender_label),
            "referenceId": [_reference(TASK_ROOT, errand.task_id, "Uppgift"), _reference(STATE_ROOT, errand.state.value, "Läge")],
        },
        "digitalDocument": [
            {"documentId": message_id, "index": "1", "documentName": label, "contentTextBody": [_text(config, errand)]},
        ],
    }
    return {"data": {"type": "messages", "id": message_id, "attributes": attributes}}


def _text(config: SdkMessageConfig, errand: Errand) -> str:
    until = errand.respond_by.astimezone(_STOCKHOLM).strftime("%Y-%m-%d %H:%M")
    told = f"En uppgift väntar i navet. Svara senast {until}." if errand.state is TaskState.REQUESTED else _LET_GO
    where = f" Öppna navet: {config.hub_url}" if config.hub_url else ""
    return f"{told} Vem den gäller läses bara där.{where}"


def _address(extension: str, label: str) -> Mapping[str, str]:
    return {"root": _FUNCTIONAL, "extension": extension, "label": label}


def _reference(root: str, extension: str, label: str) -> Mapping[str, str]:
    return {"root": root, "extension": extension, "label": label}
