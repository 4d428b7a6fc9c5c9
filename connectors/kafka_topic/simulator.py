"""Behaves as a reader that takes each `ce_id` once, and as the broker before it.

Two parts: `build_simulator` is the reader (`POST /simulator/record` gives it one record as JSON; `GET /simulator/received` tells
what it took, as `hub.testing.SinkSuite` asks it, `GET /simulator/records` every record of the topic), and `served_topic` the
broker, which speaks as much of Kafka's protocol as a producer needs. The dataset folder is not read; there are no options.
"""

from __future__ import annotations

import asyncio
import base64
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from anyio.from_thread import start_blocking_portal
from kafka.protocol.metadata import ApiVersionsRequest, ApiVersionsResponse, MetadataRequest, MetadataResponse
from kafka.protocol.producer import InitProducerIdRequest, InitProducerIdResponse, ProduceRequest, ProduceResponse
from kafka.record import MemoryRecords
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

__all__ = ["build_simulator", "served_topic"]

_HOST = "127.0.0.1"
_CARRIED_SECONDS = 30.0
_NOT_ENOUGH_REPLICAS_AFTER_APPEND, _TOPIC_AUTHORIZATION_FAILED, _INVALID_RECORD = 20, 29, 87
_SPOKEN = {ProduceRequest: (3, 7), MetadataRequest: (1, 7), ApiVersionsRequest: (0, 2), InitProducerIdRequest: (0, 1)}
"""Versions, none of them with tagged fields."""


def build_simulator(dataset: Path, options: Mapping[str, Any]) -> Starlette:
    """The reader as an ASGI application."""
    del dataset, options
    reader = _Reader()
    return Starlette(
        routes=[
            Route("/simulator/record", reader.take, methods=["POST"]),
            Route("/simulator/records", reader.records),
            Route("/simulator/received", reader.received),
        ]
    )


class _Reader:
    def __init__(self) -> None:
        self._records: list[dict[str, Any]] = []
        self._taken: dict[str, dict[str, Any]] = {}

    async def take(self, request: Request) -> Response:
        record = await request.json()
        self._records.append(record)
        task_id, _, state = record["headers"]["ce_id"].rpartition(":")
        self._taken.setdefault(record["headers"]["ce_id"], {"task_id": task_id, "state": state, "reference": None})
        return Response(status_code=204)

    async def records(self, _request: Request) -> Response:
        return JSONResponse(self._records)

    async def received(self, _request: Request) -> Response:
        return JSONResponse(list(self._taken.values()))


@contextmanager
def served_topic(reader: str) -> Iterator[int]:
    """A broker on a free loopback port with every topic in one partition; yields the port. Each record goes to the reader at that
    address, and the producer hears what that said: INVALID_RECORD for 400 and 422, TOPIC_AUTHORIZATION_FAILED for 401 and 403,
    NOT_ENOUGH_REPLICAS_AFTER_APPEND for any other refusal, and nothing as long as the reader says nothing.
    """
    broker = _Broker(reader)
    with start_blocking_portal() as portal:
        server = portal.call(asyncio.start_server, broker.talk, _HOST, 0)
        broker.port = server.sockets[0].getsockname()[1]
        try:
            yield broker.port
        finally:
            portal.call(server.close)


class _Broker:
    def __init__(self, reader: str) -> None:
        self._reader = reader
        self.port = 0

    async def talk(self, incoming: asyncio.StreamReader, outgoing: asyncio.StreamWriter) -> None:
        """Answer one client's requests, in their order, until it leaves."""
        try:
            while True:
                (size,) = struct.unpack(">i", await incoming.readexactly(4))
                frame = await incoming.readexactly(size)
                key, version, correlation = struct.unpack_from(">hhi", frame)
                kind = next(kind for kind in _SPOKEN if key == kind.API_KEY)
                answer = await self._answer(kind.decode(frame, version=version, header=True))
                answer.API_VERSION = version
                answer.with_header(correlation_id=correlation)
                outgoing.write(answer.encode(header=True, framed=True))
                await outgoing.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            outgoing.close()

    async def _answer(self, request: Any) -> Any:
        match request:
            case ApiVersionsRequest():
                return self._versions()
            case MetadataRequest():
                return self._metadata(request)
            case InitProducerIdRequest():
                return InitProducerIdResponse(throttle_time_ms=0, error_code=0, producer_id=1, producer_epoch=0)
        return await self._produced(request)

    @staticmethod
    def _versions() -> Any:
        spoken = [
            ApiVersionsResponse.ApiVersion(api_key=kind.API_KEY, min_version=least, max_version=most)
            for kind, (least, most) in _SPOKEN.items()
        ]
        return ApiVersionsResponse(error_code=0, api_keys=spoken, throttle_time_ms=0)

    def _metadata(self, request: Any) -> Any:
        shape = MetadataResponse
        partition = shape.MetadataResponseTopic.MetadataResponsePartition(
            error_code=0, partition_index=0, leader_id=0, leader_epoch=0, replica_nodes=[0], isr_nodes=[0], offline_replicas=[]
        )
        topics = [
            shape.MetadataResponseTopic(error_code=0, name=topic.name, is_internal=False, partitions=[partition])
            for topic in request.topics or ()
        ]
        here = shape.MetadataResponseBroker(node_id=0, host=_HOST, port=self.port, rack=None)
        return shape(throttle_time_ms=0, brokers=[here], cluster_id="simulator", controller_id=0, topics=topics)

    async def _produced(self, request: Any) -> Any:
        shape = ProduceResponse.TopicProduceResponse
        answered = []
        for topic in request.topic_data:
            told = []
            for partition in topic.partition_data:
                code = await self._appended(topic.name, bytes(partition.records))
                told.append(
                    shape.PartitionProduceResponse(
                        index=partition.index, error_code=code, base_offset=0, log_append_time_ms=-1, log_start_offset=0
                    )
                )
            answered.append(shape(name=topic.name, partition_responses=told))
        return ProduceResponse(responses=answered, throttle_time_ms=0)

    async def _appended(self, topic: str, content: bytes) -> int:
        """The error code of what came of a batch; 0 when the reader has every record of it."""
        batches = MemoryRecords(content)
        async with httpx.AsyncClient(timeout=_CARRIED_SECONDS, trust_env=False) as client:
            while (batch := batches.next_batch()) is not None:
                for record in batch:
                    answer = await client.post(f"{self._reader}/simulator/record", json=_told(topic, record))
                    if not answer.is_success:
                        return _code(answer.status_code)
        return 0


def _told(topic: str, record: Any) -> dict[str, Any]:
    headers = {name: (value or b"").decode() for name, value in record.headers}
    value = base64.b64encode(record.value).decode()
    return {"topic": topic, "key": record.key.decode(), "value": value, "headers": headers}


def _code(status: int) -> int:
    if status in {401, 403}:
        return _TOPIC_AUTHORIZATION_FAILED
    return _INVALID_RECORD if status in {400, 422} else _NOT_ENOUGH_REPLICAS_AFTER_APPEND
