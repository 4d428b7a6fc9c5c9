"""One record for each word of a task, acknowledged by all replicas."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Any

import httpx
from kafka import KafkaProducer
from kafka import errors as kafka_errors

from connectors.kafka_topic.config import KafkaTopicConfig, host_and_port
from connectors.kafka_topic.record import key_of, record_headers, record_value
from hub.connector import Delivered, Errand, SinkContext
from hub.errors import ConfigError, HubError, InDoubtError, RejectedError, RetriableError

__all__ = ["KafkaTopicSink"]

_OPERATION = "produce"
_ACKNOWLEDGED = 200
"""How a success is counted, as with every sink: Kafka's own 0 would look like no answer."""
_AWAY = (kafka_errors.KafkaError, OSError, RuntimeError)
"""What kafka-python raises when a broker goes: a connection that ends just before a write is a RuntimeError to it."""
_REFUSED = (
    kafka_errors.InvalidRecordError,
    kafka_errors.MessageSizeTooLargeError,
    kafka_errors.PolicyViolationError,
    kafka_errors.RecordListTooLargeError,
)
_WRONG = (
    kafka_errors.AuthorizationError,
    kafka_errors.IllegalSaslStateError,
    kafka_errors.InvalidTopicError,
    kafka_errors.SaslAuthenticationFailedError,
    kafka_errors.UnsupportedSaslMechanismError,
    kafka_errors.UnsupportedVersionError,
)
_REACH_SECONDS = 3.0
_CLOSE_SECONDS = 5.0


class KafkaTopicSink:
    """Writes to one topic. It tries once: whoever calls it waits and repeats.

    Guarantee: at least once, and one effect for readers who take a `ce_id` once. The producer is idempotent and waits for all
    in-sync replicas, so its own repeats leave one record; ours, after a crash or a time-out, may leave a second with the same
    `ce_id`. A reader that does not look at it has a task twice then.

    InDoubtError: not acknowledged in time, it may be on the topic yet. RetriableError: no broker answers. RejectedError: the
    broker refuses the record. ConfigError: the account, its rights or the topic are wrong. A topic that is not there looks like a
    broker that does not answer, so it is tried again.
    """

    def __init__(self, config: KafkaTopicConfig, context: SinkContext) -> None:
        self._config = config
        self._context = context
        self._producer: Any = None

    def deliver(self, errand: Errand) -> Delivered:
        """As `Sink.deliver`; a topic names no id that would be the receiver's own."""
        code, sent = 0, False
        try:
            producer = self._connected()
            waiting = producer.send(
                self._config.topic,
                key=key_of(errand),
                value=record_value(errand),
                headers=record_headers(errand, self._config.source),
            )
            sent = True
            waiting.get(timeout=self._config.timeout_seconds * 2)  # the producer gives it up before
            code = _ACKNOWLEDGED
        except _AWAY as error:
            code = max(0, getattr(error, "errno", None) or 0)
            # One that gave a record up may hold later ones of the batch: the next attempt begins with a fresh one.
            self._let_go(0.0)
            raise _translated(error, sent=sent) from error
        finally:
            self._context.observe_request(_OPERATION, code)
        return Delivered()

    def close(self) -> None:
        """Release the connections."""
        self._let_go(_CLOSE_SECONDS)

    def _connected(self) -> Any:
        if self._producer is None:
            self._reach()
            milliseconds = max(1, round(self._config.timeout_seconds * 1000))
            self._producer = _built(
                bootstrap_servers=list(self._config.bootstrap_servers),
                client_id="hub-sink",
                acks="all",
                enable_idempotence=True,
                linger_ms=0,
                request_timeout_ms=milliseconds,
                delivery_timeout_ms=milliseconds,
                max_block_ms=milliseconds,
                bootstrap_timeout_ms=milliseconds,
                allow_auto_create_topics=False,
                metrics_enabled=False,
                **self._security(),
            )
        return self._producer

    def _security(self) -> dict[str, Any]:
        config = self._config
        words: dict[str, Any] = {"security_protocol": config.security.upper()}
        if config.security != "plaintext":
            words["ssl_context"] = httpx.create_ssl_context()  # the authorities that all clients of the hub trust
        if config.username is not None:
            words["sasl_mechanism"] = config.sasl_mechanism
            words["sasl_plain_username"] = config.username
            words["sasl_plain_password"] = self._context.secret("password").strip()
        return words

    def _reach(self) -> None:
        """Before every connect: kafka-python would try for its whole time, and leave each refused socket open."""
        for server in self._config.bootstrap_servers:
            with suppress(OSError), socket.create_connection(host_and_port(server), timeout=_REACH_SECONDS):
                return
        raise RetriableError("kafka: no broker takes a connection", code="unreachable")

    def _let_go(self, seconds: float) -> None:
        """Close within `seconds`; what is still on its way after them is given up. Then wait for its thread."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        sender = producer._sender  # noqa: SLF001 -- there is no other way to have it let go, and to know that it did
        try:
            producer.close(timeout=seconds)
        except _AWAY:
            sender.force_close()
            with suppress(*_AWAY):
                producer.close(timeout=_CLOSE_SECONDS)
        sender.join(_CLOSE_SECONDS)


def _built(**settings: Any) -> Any:
    """A producer. One that does not come to be leaves its client's sockets open, unless somebody closes them."""
    clients: list[Any] = []

    def client(**words: Any) -> Any:
        clients.append(KafkaProducer.DEFAULT_CONFIG["kafka_client"](**words))
        return clients[-1]

    try:
        return KafkaProducer(kafka_client=client, **settings)
    except BaseException:
        for one in clients:
            with suppress(*_AWAY):
                one.close()
        raise


def _translated(error: BaseException, *, sent: bool) -> HubError:
    name = type(error).__name__
    if isinstance(error, _WRONG):
        text = f"kafka: {name}; check `topic`, `username`, the secret `password` and whether the account may write there"
        return ConfigError(text, code="not_permitted")
    if isinstance(error, _REFUSED):
        return RejectedError(f"kafka: {name}", code="refused_record")
    if sent:
        return InDoubtError(f"kafka: not acknowledged ({name}); it may be on the topic", code="not_acknowledged")
    return RetriableError(f"kafka: {name}; the brokers do not answer, or the topic does not exist", code="unreachable")
