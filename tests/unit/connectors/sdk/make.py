"""Messages in the standard's shape, and a context to read them with."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.sdk.config import SdkConfig
from connectors.sdk.listing import parse_listing
from connectors.sdk.sending import SdkMessageConfig
from hub.connector import SourceContext
from hub.testing import MemoryPlaces

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
PERSON = "20120314-9800"
OTHER_PERSON = "201105219818"
SUBJECT = "1.2.752.129.2.1.3.1"
CATEGORY = "urn:hub:police-notice:category"
AREA = "urn:hub:police-notice:area"
OCCURRED = "urn:hub:police-notice:occurred-at"
MAY_TELL = "urn:hub:police-notice:may-tell-youth"
_NAMES = uuid.UUID("5e1f6f0e-0b8f-4a57-9d54-0d9b7f3c1a11")


def reference(root: str, extension: str) -> dict[str, str]:
    return {"root": root, "extension": extension, "label": "label"}


def make_message(
    number: int = 1, *references: dict[str, str], created: str = "2025-05-12T14:03:00Z", **changes: Any
) -> dict[str, Any]:
    """One message; without references it is about PERSON and coded as narcotics."""
    attention = {"root": "urn:riv:infrastructure:messaging:functionalAddress", "extension": "sdk:in:0203:x.se", "label": "in"}
    return {
        "type": "messages",
        "id": str(uuid.uuid5(_NAMES, f"id {number}")),
        "attributes": {
            "messageStatus": "NEW",
            "creationDateTime": created,
            "messageId": str(uuid.uuid5(_NAMES, f"message {number}")),
            "conversationId": str(uuid.uuid5(_NAMES, f"conversation {number}")),
            "confidentiality": True,
            "label": "Underrättelse",
            "sender": "0203:polisen.se",
            "recipient": "0203:norrkoping.se",
            "recipientAttention": {"subOrganization": attention},
            "senderAttention": {
                "subOrganization": attention,
                "referenceId": list(references or (reference(SUBJECT, PERSON), reference(CATEGORY, "narcotics"))),
            },
            "digitalDocument": [
                {
                    "documentId": "1",
                    "contentFiles": [{"fileName": "a.pdf", "contentType": "application/pdf", "content": "JVBERi0xLjQK"}],
                }
            ],
            **changes,
        },
    }


def key_of(message: dict[str, Any]) -> str:
    """By which the source asks whether this very message is secured."""
    (listed,) = parse_listing(json.dumps({"data": [message]}).encode(), path_id="id")
    return listed.key


def write_messages(folder: Path, *messages: dict[str, Any]) -> Path:
    (folder / "messages.json").write_text(json.dumps(messages), encoding="utf-8")
    return folder


def without_documents(message: dict[str, Any]) -> dict[str, Any]:
    listed = copy.deepcopy(message)
    del listed["attributes"]["digitalDocument"]
    return listed


def make_config(url: str = "http://127.0.0.1:1", **changes: Any) -> SdkConfig:
    return SdkConfig.model_validate({"base_url": url, "token_url": f"{url}/oauth2/token", "client_id": "hub", **changes})


def make_message_config(url: str = "http://127.0.0.1:1", **changes: Any) -> SdkMessageConfig:
    given = {
        "base_url": url,
        "token_url": f"{url}/oauth2/token",
        "client_id": "hub",
        "sender": "0203:norrkoping.se",
        "sender_address": "sdk:utkorg:0203:norrkoping.se",
        "sender_label": "Navet",
        "recipient": "0203:example.se",
        "recipient_address": "sdk:inkorg:0203:example.se",
        "recipient_label": "Mottagningen",
    }
    return SdkMessageConfig.model_validate(given | changes)


def make_context(
    secured: Callable[[str], bool] = lambda _: True,
    observe: Callable[[str, int], None] = lambda _operation, _status: None,
    now: Callable[[], datetime] = lambda: NOW,
) -> SourceContext:
    return SourceContext(
        now=now, secret=lambda _name: "simulator\n", gazetteer=MemoryPlaces(), observe_request=observe, secured=secured
    )
