"""Every message of the inbox, raw, for the statutory lane."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx

from connectors.sdk.client import SdkClient
from connectors.sdk.config import SdkConfig
from connectors.sdk.cursor import Failures, Progress, in_trouble, worst
from connectors.sdk.listing import Listed
from hub.connector import Cursor, RawMessage, SourceContext, StatutoryBatch
from hub.errors import RejectedError, RetriableError

__all__ = ["SdkStatutorySource"]

_BATCH_MESSAGES = 25
_BATCH_BYTES = 8 * 1024 * 1024
_OTHER = "other_message"


class SdkStatutorySource:
    """Takes whatever is listed and not yet taken; needs neither a readable payload nor a subject nor a category.

    A message that cannot be fetched does not hold up the others: they are taken first, then its error is raised, and the
    next poll tries it again. An entry that does not say how to fetch it is kept as the listing shows it. So is one for which the
    message system gives another message (fetched by a `messageId` that was used twice): it stands in for the message, which
    does not count as secured until it can be had.

    Guarantee: at least once. The cursor holds digests of the messages that are safe and still listed, no watermark, so a
    message that turns up late with an old date is taken like any other.
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
        self._now = context.now
        self._refused: set[str] = set()

    def batches(self, cursor: Cursor | None) -> Iterator[StatutoryBatch]:
        """Oldest first. Raises what `SdkClient` raises, after everything that could be had."""
        listing = self._client.list_messages()
        progress = Progress(cursor, listing)
        if progress.unkeyed:
            safe = progress.rekey()  # before the cursor is written
            yield StatutoryBatch([], progress.cursor(), safe=safe)
        pending: list[RawMessage] = []
        failures: Failures = []
        # Those that could not be had last time come last: a few that never can must not keep the others waiting.
        for listed in sorted(progress.waiting, key=lambda each: each.key in self._refused):
            messages, error = self._taken(listed)
            pending += messages
            if error is None:
                progress.finish(listed)
                self._refused.discard(listed.key)
            else:
                failures.append(error)
                self._refused.add(listed.key)
                if in_trouble(failures):
                    break  # what was fetched is still handed on
            if len(pending) >= _BATCH_MESSAGES or sum(len(each.content) for each in pending) >= _BATCH_BYTES:
                yield StatutoryBatch(pending, progress.cursor())
                pending = []
        if pending or progress.moved:
            yield StatutoryBatch(pending, progress.cursor())
        if failures:
            raise worst(failures)

    def close(self) -> None:
        """Release the connections."""
        self._client.close()

    def _taken(self, listed: Listed) -> tuple[list[RawMessage], RejectedError | RetriableError | None]:
        """The message; or why it cannot be had, and what is kept in its place meanwhile."""
        if listed.path_id is None:
            return [self._message(listed, listed.raw(), listed.key)], None
        try:
            content = self._client.get_message(listed.path_id)
        except (RejectedError, RetriableError) as error:
            return [], error
        another_id, another_message_id = listed.contradicted(content)
        if not another_id and not another_message_id:
            return [self._message(listed, content, listed.key)], None
        # What has another id alone may be this message after all, of a system that names it twice: it is kept too.
        kept = [listed.raw()] if another_message_id else [content, listed.raw()]
        text = 'get: the message system gives another message than it lists: set path_id to "id", or ask whoever runs it'
        return [self._message(listed, each) for each in kept], RejectedError(text, code=_OTHER)

    def _message(self, listed: Listed, content: bytes, key: str = "") -> RawMessage:
        return RawMessage(listed.message_id, self._arrival(listed), content, key=key)

    def _arrival(self, listed: Listed) -> datetime:
        """When it came to the message system; our own time only when that is unreadable or has not happened yet."""
        now = self._now().astimezone(UTC)
        return min(listed.created, now) if listed.created else now
