"""One errand for each task, found by our own id before it is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from connectors.receiver import Receiver
from connectors.support_management.config import SupportManagementConfig
from connectors.support_management.errands import (
    created_id,
    errand_body,
    finding,
    is_told,
    parse_errand,
    parse_found,
    taken_back_body,
)
from connectors.tokens import ClientCredentials
from hub.connector import Delivered, Errand, SinkContext
from hub.contract.models import TaskState
from hub.errors import ConfigError, RejectedError, RetriableError

__all__ = ["SupportManagementSink"]

_GONE = (404, 410)
_CHANGED = frozenset({"status_409", "status_412"})


class SupportManagementSink:
    """Makes errands and takes them back. It tries once: whoever calls it waits and repeats.

    Guarantee: at least once, with one effect, as long as one process delivers at a time (delivery's lease). The API knows no
    idempotency key, so the receiver is asked for our task id (`externalTags`) before every creation, and an errand that was
    taken back carries the mark of it. What no question can see is a creation that is still on its way when its answer has been
    given up; it is over by the next attempt, which delivery makes some seconds later.
    """

    def __init__(
        self, config: SupportManagementConfig, context: SinkContext, *, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._config = config
        self._errands = f"{config.base_url}/{config.municipality_id}/{config.namespace}/errands"
        credentials = ClientCredentials(
            token_url=config.token_url,
            client_id=config.client_id,
            scope=config.scope,
            authentication=config.client_authentication,
            timeout_seconds=config.timeout_seconds,
            attempts=1,
            refusal_stops=True,
        )
        self._receiver = Receiver(credentials, context, allow_private=config.allow_private, transport=transport)

    def deliver(self, errand: Errand) -> Delivered:
        """As `Sink.deliver`; the reference is the errand's id. Errors: those of `connectors.receiver`.

        A task that is taken back and has no errand there (nobody made one, or its staff deleted it) is let go already.
        """
        found = self._find(errand)
        if errand.state is TaskState.REQUESTED:
            return self._make(errand) if found is None else Delivered(found["id"], known=True)
        if found is None:
            return Delivered(known=True)
        return self._take_back(errand, found["id"])

    def close(self) -> None:
        """Release the connections."""
        self._receiver.close()

    def _find(self, errand: Errand) -> Mapping[str, Any] | None:
        answer = self._receiver.ask("find", self._errands, finding(errand))
        return None if answer is None else parse_found(answer.content, errand)

    def _make(self, errand: Errand) -> Delivered:
        answer = self._receiver.tell("POST", "create", self._errands, errand_body(self._config, errand))
        reference = created_id(answer.headers)
        if reference is None:  # the errand may be there: only another look can tell
            found = self._find(errand)
            if found is None:
                raise RetriableError("create: the answer names no errand, and none is found", code="unreadable_answer")
            reference = found["id"]
        return Delivered(reference)

    def _take_back(self, errand: Errand, reference: str) -> Delivered:
        url = f"{self._errands}/{quote(reference, safe='')}"
        answer = self._receiver.ask("read", url, [], none=_GONE)
        if answer is None:
            return Delivered(reference, known=True)
        whole = parse_errand(answer.content)
        if is_told(whole, errand):
            return Delivered(reference, known=True)
        # Only over the errand as it was read: what its staff writes meanwhile is not overwritten.
        condition = {"If-Match": answer.headers["etag"]} if "etag" in answer.headers else {}
        try:
            self._receiver.tell("PATCH", "update", url, taken_back_body(self._config, errand, whole), condition)
        except (RejectedError, ConfigError) as error:
            if error.code not in _CHANGED:
                raise
            raise RetriableError("update: the errand was changed meanwhile", code="changed_meanwhile") from error
        return Delivered(reference)
