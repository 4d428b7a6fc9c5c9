"""Sinks that look before they create, on a way that loses requests and answers by chance, and with a new process each time."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import closing
from dataclasses import replace

import httpx
import pytest

from connectors.sdk.simulator import build_outbox
from connectors.sdk.sink import SdkMessageSink
from connectors.support_management.sink import SupportManagementSink
from hub.contract.models import TaskState
from hub.errors import RetriableError
from tests.unit.connectors.in_process import InProcess
from tests.unit.connectors.make import make_context, make_errand
from tests.unit.connectors.sdk.make import make_message_config
from tests.unit.connectors.support_management.make import make_config, make_system

TASKS = 20


class Lossy(httpx.BaseTransport):
    """Two in eleven requests never arrive, as many are carried out unheard, and one is answered with 503."""

    def __init__(self, inner: httpx.BaseTransport, chance: random.Random) -> None:
        self._inner = inner
        self._chance = chance
        self.faults: Counter[str] = Counter()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        fault = self._chance.choices(["none", "request", "answer", "busy"], [6, 2, 2, 1])[0]
        self.faults[fault] += 1
        if fault == "request":
            raise httpx.ConnectError("never arrived", request=request)
        if fault == "busy":
            return httpx.Response(503)
        response = self._inner.handle_request(request)
        if fault == "answer":
            raise httpx.ReadTimeout("unheard", request=request)
        return response


def support_management(tmp_path):
    system = make_system(tmp_path)
    return system, lambda way: SupportManagementSink(make_config(), make_context(), transport=way)


def sdk_message(tmp_path, **changes):
    system = InProcess(build_outbox(tmp_path, {"own_ids": "look_up" in changes}))
    return system, lambda way: SdkMessageSink(make_message_config(**changes), make_context(), transport=way)


def sdk_listing(tmp_path):
    return sdk_message(tmp_path, look_up="listing")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("build", [support_management, sdk_message, sdk_listing])
def test_the_receiver_has_each_word_once_and_in_order_whatever_was_lost(tmp_path, report, build, seed: int) -> None:
    chance = random.Random(f"{build.__name__} {seed}")
    system, make_sink = build(tmp_path)
    lossy = Lossy(system, chance)
    told, attempts = [], 0
    for number in range(1, TASKS + 1):
        end = chance.choice([TaskState.RECALLED, TaskState.CANCELLED])
        for word in (make_errand(number), replace(make_errand(number), state=end)):
            delivered = False
            while not delivered:
                attempts += 1
                with closing(make_sink(lossy)) as sink:  # as after a crash: it knows nothing of the attempt before
                    try:
                        delivered = bool(sink.deliver(word))
                    except RetriableError:
                        continue
            told.append((word.task_id, word.state.value))
    with httpx.Client(transport=system, base_url="http://127.0.0.1") as client:
        received = [(one["task_id"], one["state"]) for one in client.get("/simulator/received").json()]
    report(
        f"{build.__name__}, seed {seed}: {len(told)} words, {attempts} attempts, {dict(lossy.faults)}, received {len(received)}"
    )
    assert received == told
    assert min(lossy.faults[fault] for fault in ("request", "answer", "busy")) > 0
