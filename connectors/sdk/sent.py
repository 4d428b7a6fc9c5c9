"""What a message system makes of a message that it is given to send: for the simulator.

The shapes are `createMessage`, `messageCreateDef` and `messageCreateAttributesDef` of the SDK API's document; a field that it
does not name is refused.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from connectors.sdk.sending import STATE_ROOT, TASK_ROOT

__all__ = ["created", "taken"]

_Text = Annotated[str, Field(max_length=256)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)


class _Named(_Strict):
    root: str
    extension: _Text
    label: str


class _Attention(_Strict):
    sub_organization: _Named
    attention_person: list[_Named] = []
    reference_id: list[_Named] = []


class _File(_Strict):
    file_name: str
    content_type: str
    content: str


class _Document(_Strict):
    document_id: str
    document_name: str = ""
    index: str = ""
    content_text_body: list[str] = []
    content_files: list[_File] = []


class _System(_Strict):
    root: str
    extension: str


class _Attributes(_Strict):
    type: Literal["messages"] | None = None
    message_id: str | None = None
    conversation_id: str | None = None
    ref_to_message_id: str | None = None
    creation_date_time: str | None = None
    confidentiality: bool
    generating_system: _System | None = None
    recipient_attention: _Attention | None = None
    sender_attention: _Attention | None = None
    sender: str
    recipient: str
    label: _Text
    digital_document: list[_Document] = []


class _Data(_Strict):
    type: Literal["messages"]
    id: str | None = None
    attributes: _Attributes


class _Create(_Strict):
    data: _Data


def created(content: bytes, *, own_id: bool, now: datetime) -> dict[str, Any]:
    """The message as the system keeps it, waiting for its receipt. Raises ValueError for what breaks the document.

    What the sender may leave out the system gives; with `own_id` it gives its own id whatever the sender wrote.
    """
    data = _Create.model_validate_json(content).data
    given = data.attributes.model_dump(by_alias=True, exclude_none=True)
    own = {
        "messageStatus": "WAITING_FOR_RECEIPT",
        "creationDateTime": now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "messageId": str(uuid.uuid4()),
        "conversationId": str(uuid.uuid4()),
    }
    message_id = None if own_id else data.id
    return {"type": "messages", "id": message_id or str(uuid.uuid4()), "attributes": own | given}


def taken(message: Mapping[str, Any]) -> dict[str, Any]:
    """Which task's word a message was, as the suite asks it."""
    attributes = message["attributes"]
    named = {one["root"]: one["extension"] for one in attributes.get("senderAttention", {}).get("referenceId", ())}
    return {"task_id": named.get(TASK_ROOT), "state": named.get(STATE_ROOT), "reference": attributes["messageId"]}
