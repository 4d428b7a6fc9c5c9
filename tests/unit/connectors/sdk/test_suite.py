from __future__ import annotations

from typing import ClassVar

from connectors.sdk import connector
from hub.testing import SourceSuite
from tests.unit.connectors.sdk.make import AREA, CATEGORY, OTHER_PERSON, PERSON, SUBJECT, make_message, reference, write_messages


class TestSdk(SourceSuite):
    connector = connector
    config: ClassVar = {"base_url": "{url}", "token_url": "{url}/oauth2/token", "client_id": "hub"}
    secrets: ClassVar = {"client-secret": "simulator"}

    def make_dataset(self, folder):
        several = [
            reference(SUBJECT, PERSON),
            reference(SUBJECT, OTHER_PERSON),
            reference(CATEGORY, "lob"),
            reference(AREA, "City"),
        ]
        write_messages(
            folder,
            make_message(1),
            make_message(2, *several),
            make_message(3, reference(SUBJECT, PERSON), created="2025-05-01T00:00:00Z"),
            make_message(4, messageStatus="WAITING_FOR_RECEIPT"),
        )
