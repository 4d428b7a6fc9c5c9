"""Coded police notices, for correlation: the additional copy of what the statutory lane already has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

import httpx

from connectors.sdk.client import SdkClient
from connectors.sdk.config import SdkConfig
from connectors.sdk.cursor import Failures, Progress, in_trouble, worst
from connectors.sdk.listing import Listed, attributes_of, parse_json
from connectors.sdk.mapping import has_references, map_message
from hub.connector import Batch, Cursor, PersonRecord, Record, SourceContext, Unmapped
from hub.errors import RejectedError, RetriableError

__all__ = ["SdkSource"]

_BATCH_RECORDS = 200


class SdkSource:
    """Maps a message only once the statutory store has it; until then the message waits for the next poll.

    The listing's metadata are enough, so documents are not fetched a second time; a message system whose listing leaves out
    the references is asked for the whole message.

    Guarantee: at least once, under the same source ids: a repeat changes nothing. The cursor is that of the statutory
    lane's kind (digests of what is done and still listed) and moves on its own.
    """

    def __init__(
        self,
        config: SdkConfig,
        context: SourceContext,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._client = SdkClient(config, context, transport=transport, sleep=sleep or context.pause)
        self._config = config
        self._context = context
        self._refused: set[str] = set()
        self._kept: set[str] = set()

    def batches(self, cursor: Cursor | None) -> Iterator[Batch]:
        """Oldest first. Raises what `SdkClient` raises, after everything that could be had."""
        progress = Progress(cursor, self._client.list_messages())
        records: list[Record] = []
        failures: Failures = []
        # Those that could not be had last time come last: a few that never can must not keep the others waiting.
        for listed in sorted(progress.waiting, key=lambda each: each.key in self._refused):
            if not self._context.secured(listed.key):
                continue
            try:
                records.extend(self._map(listed))
            except (RejectedError, RetriableError) as error:
                failures.append(error)
                self._refused.add(listed.key)
                if in_trouble(failures):
                    break
                continue
            progress.finish(listed)
            self._refused.discard(listed.key)
            if len(records) >= _BATCH_RECORDS:
                yield Batch(records, progress.cursor())
                records = []
        if records or progress.moved:
            yield Batch(records, progress.cursor())
        if self._config.delete_handed_over:
            self._delete(progress)
        if failures:
            raise worst(failures)

    def _delete(self, progress: Progress) -> None:
        """Of what both lanes have and the receiver's case system has confirmed, ask for the original to go.

        By the message system's own id alone, and only where one message has it: under a `messageId` there may be another message
        that nobody has read.

        What is finished is so by the cursor that this reading began with, so it is settled. Tidying troubles no lane: what is
        refused is not asked again by this process (`hub_connector_requests` counts it), and the rest waits for the next reading.
        """
        owners = Counter(listed.own_id for listed in (*progress.finished, *progress.waiting))
        for listed in progress.finished:
            if listed.own_id is None or owners[listed.own_id] > 1 or listed.key in self._kept:
                continue
            if not self._context.secured(listed.key) or not self._context.handed_over(listed.message_id):
                continue
            try:
                self._client.delete_message(listed.own_id)
            except RejectedError:
                self._kept.add(listed.key)
            except RetriableError:
                return

    def close(self) -> None:
        """Release the connections."""
        self._client.close()

    def _map(self, listed: Listed) -> list[PersonRecord | Unmapped]:
        attributes = attributes_of(listed.entry)
        if not has_references(attributes) and listed.path_id is not None:
            answer = parse_json(self._client.get_message(listed.path_id))
            attributes = attributes_of(answer.get("data")) if isinstance(answer, dict) else {}
            if not attributes:
                return [Unmapped("unreadable_message", intentional=False, source_id=listed.message_id)]
        if self._config.senders and attributes.get("sender") not in self._config.senders:
            return [Unmapped("other_sender", intentional=True)]
        place_code = self._context.gazetteer.area_code
        mapped = map_message(listed.message_id, attributes, self._config.coding, place_code, self._context.now())
        return [replace(one, source_id=listed.message_id) if isinstance(one, Unmapped) else one for one in mapped]
