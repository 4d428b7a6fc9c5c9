"""One message for each word of a task, found by its own messageId before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from connectors.receiver import Receiver
from connectors.sdk.client import problem_code
from connectors.sdk.listing import attributes_of, parse_json
from connectors.sdk.sending import SdkMessageConfig, create_message, message_id_of
from connectors.tokens import ClientCredentials
from hub.connector import Delivered, Errand, SinkContext
from hub.errors import RejectedError, RetriableError

__all__ = ["SdkMessageSink"]

_NONE = (404, 410)
_FAILED = frozenset({"MESSAGE_EXCHANGE_ERROR", "REJECTED", "ERROR"})
_ADDRESS_FILTER = "filter[senderAttention.subOrganization.extension]"


class SdkMessageSink:
    """Sends to one function address over the municipality's own message system. It tries once: whoever calls it repeats.

    Guarantee: at least once, with one effect, as long as one process delivers at a time (delivery's lease). The API says nothing
    of a `messageId` that comes twice, so the message system is asked for ours before every sending. Delivered means that the
    message system has taken the message and answers for it; its receipts come later and are read there. What no question can see
    is a sending that is still on its way when its answer has been given up; it is over by the next attempt.
    """

    def __init__(self, config: SdkMessageConfig, context: SinkContext, *, transport: httpx.BaseTransport | None = None) -> None:
        self._config = config
        self._messages = f"{config.base_url}/sdk/messages"
        credentials = ClientCredentials(
            token_url=config.token_url,
            client_id=config.client_id,
            scope=config.scope,
            authentication=config.client_authentication,
            timeout_seconds=config.timeout_seconds,
            attempts=1,
            refusal_stops=True,
        )
        self._receiver = Receiver(
            credentials, context, allow_private=config.allow_private, transport=transport, describe=problem_code
        )

    def deliver(self, errand: Errand) -> Delivered:
        """As `Sink.deliver`; the reference is the `messageId`, by which both message systems know it.

        Errors: those of `connectors.receiver`, and RejectedError `exchange_failed` when a former attempt reached the message
        system and it could not hand the message over: it is not sent again under another id, a person sees to it.
        """
        reference = message_id_of(errand)
        sent = self._sent(reference)
        if sent is None:
            self._receiver.tell("POST", "send", self._messages, create_message(self._config, errand))
            return Delivered(reference)
        if sent.get("messageStatus") in _FAILED:
            raise RejectedError("send: the message system could not hand the message over; look there", code="exchange_failed")
        return Delivered(reference, known=True)

    def close(self) -> None:
        """Release the connections."""
        self._receiver.close()

    def _sent(self, message_id: str) -> Mapping[str, Any] | None:
        """The attributes of the message that was sent already, or None."""
        return self._fetched(message_id) if self._config.look_up == "messageId" else self._listed(message_id)

    def _fetched(self, message_id: str) -> Mapping[str, Any] | None:
        answer = self._receiver.ask("get", f"{self._messages}/{message_id}", [], none=_NONE)
        if answer is None:
            return None
        found = attributes_of(_data(answer.content))
        if found.get("messageId") != message_id:  # what it is nobody knows: neither sent again nor taken for ours
            raise _unreadable()
        return found

    def _listed(self, message_id: str) -> Mapping[str, Any] | None:
        answer = self._receiver.ask("list", self._messages, [(_ADDRESS_FILTER, self._config.sender_address)], none=_NONE)
        entries = _data(answer.content) or [] if answer is not None else []
        if not isinstance(entries, list):
            raise _unreadable()
        found = (attributes_of(entry) for entry in entries)
        return next((one for one in found if one.get("messageId") == message_id), None)


def _data(content: bytes) -> Any:
    answer = parse_json(content)
    if not isinstance(answer, dict):
        raise _unreadable()
    return answer.get("data")


def _unreadable() -> RetriableError:
    return RetriableError("get: an answer that is not of the API's shape", code="unreadable_answer")
