from __future__ import annotations

import json
import uuid
from datetime import timedelta

from connectors.sdk.sending import create_message
from hub.contract.models import TaskState
from tests.unit.connectors.make import NOW, make_errand
from tests.unit.connectors.sdk.make import make_message_config


def test_a_message_says_that_there_is_a_task_and_nothing_of_its_reason() -> None:
    told = json.dumps(create_message(make_message_config(hub_url="https://navet.example.se"), make_errand()), ensure_ascii=False)
    assert make_errand().function not in told
    assert "attentionPerson" not in told
    assert "Svara senast 2025-05-24 07:30" in told, "the deadline is in Swedish time"
    assert "https://navet.example.se" in told


def test_every_attempt_sends_the_same_and_every_word_is_a_message_of_one_conversation() -> None:
    first, again, recalled, other = (
        create_message(make_message_config(), errand)["data"]["attributes"]
        for errand in (make_errand(), make_errand(), make_errand(state=TaskState.RECALLED), make_errand(2))
    )
    assert first == again
    assert first["messageId"] != recalled["messageId"]
    assert first["conversationId"] == recalled["conversationId"] != other["conversationId"]
    assert "refToMessageId" not in recalled, "that is for answers"
    assert uuid.UUID(first["messageId"]).version == 5


def test_the_time_of_creation_is_utc_as_the_document_asks() -> None:
    attributes = create_message(make_message_config(), make_errand(created_at=NOW + timedelta(microseconds=5)))["data"][
        "attributes"
    ]
    assert attributes["creationDateTime"] == "2025-05-19T05:30:00Z"
