"""What delivery relies on, asked of every sink."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from hub.connector import Delivered, Errand
from hub.contract.models import Priority, TaskState
from hub.errors import ConfigError, HubError, RejectedError, RetriableError
from hub.testing.dripping import HEADERS, dripping
from hub.testing.serving import Fault, Watched, garbled, refusing, silent, unless_asked
from hub.testing.suite import Suite, case
from hub.testing.world import World, build_world, overheard
from hub.tls import trusted

__all__ = ["SinkSuite"]

_RETRY_AFTER = 7.0
_TROUBLE: dict[str, Fault] = {
    "429": refusing(429, retry_after="7"),
    "500": refusing(500),
    "503": refusing(503),
    "silence": silent,
}
_LASTING = 16
_LASTS = (
    "raise RetriableError for as long as the receiver does not have the errand, however often that was tried; when a person must "
    "see to it, the hub decides"
)
_WAITED_OUT = (
    "a call lasted as long as its answer dripped, a byte at a time: what waits behind it waits for hours. Give it one time from "
    "its start to its end, as `hub.outward.guarded_client` and `hub.call_time` do; a library's timeout counts anew at every byte"
)
_TWICE = (
    "the receiver has it twice: look for `errand.identity` at the receiver before every creation, also of the word that takes a "
    "task back, or send it as an idempotency key that the receiver honours"
)
_TAKEN_BACK = (
    "the receiver was not told once that the task is `{end}`: `recalled` and `cancelled` both take a task back, each under an "
    "identity of its own (`errand.identity`)"
)
_ENDS = (TaskState.RECALLED, TaskState.CANCELLED)
_YOUTH_REF = re.compile(r"y[0-9a-f]{32}")


class SinkSuite(Suite):
    """Every case plays on the receiver's simulator, which must tell at `GET /simulator/received` what it has taken:

    `[{"task_id": …, "state": …, "reference": …}, …]`, one for each effect and not for each request; `reference` is the id
    that it gave in its answer, null when it gives none.
    """

    def world(self, folder: Path) -> AbstractContextManager[World]:
        """The world of one case."""
        return build_world(self.connector, self.trial, folder, None, self.serve)

    def errand(self, number: int = 1, state: TaskState = TaskState.REQUESTED) -> Errand:
        """An errand to hand over."""
        return Errand(
            task_id=f"3f0c2b1e-8d5a-4c7e-9b1a-0e5d7a9c4b{number:02x}",
            state=state,
            team="outreach",
            function="outreach_contact",
            priority=Priority.NORMAL,
            created_at=self.trial.now,
            respond_by=self.trial.now + timedelta(days=5),
        )

    @case
    def test_an_errand_arrives_once_however_often_it_is_handed_over(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world:
            answers = []
            for _ in range(2):  # and by a process that knows nothing of the first
                with world.sink() as sink:
                    answers += [sink.deliver(self.errand()) for _ in range(2)]
            assert _received(world) == [self._as_received(self.errand())], "the receiver has it more than once, or not at all"
        assert len({answer.reference for answer in answers}) == 1, "a repeat answered with another reference"

    @case
    def test_a_lost_answer_leaves_one(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world:
            server = _server(world)
            for errand in self._all_that_is_told():
                # Of a sink that signs in first, the answer to that, too, and then the one that says what became of the errand.
                for signed_in in (False, True):
                    with world.sink() as sink:
                        server.lose_answers, server.keep_answers = 1, int(signed_in)
                        _outcome(partial(sink.deliver, errand))
                    assert signed_in or server.lose_answers == 0 or errand != self.errand(), "nothing was handed over"
                    server.lose_answers = server.keep_answers = 0
                with world.sink() as sink:
                    sink.deliver(errand)
            received = _received(world)
        assert len(received) == len(set(received)), _TWICE
        assert self._as_received(self.errand()) in received, "a new task that was handed over again is not there"

    @case
    def test_trouble_at_the_receiver_is_retriable(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world, world.sink() as sink:
            server = _server(world)
            for errand in self._all_that_is_told():
                # Silence is waited for: once is enough.
                for name in [name for name in _TROUBLE if name != "silence" or errand == self.errand()]:
                    server.fault = _TROUBLE[name]
                    error = _outcome(partial(sink.deliver, errand))
                    said = f"{name} while a task was {errand.state} gave {type(error).__name__}, not RetriableError"
                    assert isinstance(error, RetriableError), f"{said}: the receiver does not have it"
                    asked = name == "429" and self.trial.front is None  # only HTTP has a header for it
                    assert not asked or error.retry_after == _RETRY_AFTER, "what Retry-After asked for was not handed on"
                server.fault = None
                sink.deliver(errand)
            assert _received(world)[:1] == [self._as_received(self.errand())], (
                "the trouble is over, and it was not delivered once"
            )

    @case
    def test_an_answer_that_drips_holds_nothing_up(self, tmp_path: Path) -> None:
        # Over HTTP the body, too: of a sink that signs in first, that of its token.
        for first in (b"", HEADERS) if self.trial.front is None else (b"",):
            (tmp_path / str(len(first))).mkdir()
            with self.world(tmp_path / str(len(first))) as world, dripping(first) as drip:
                world.url, world.port = drip.url, drip.port
                with world.sink() as sink:
                    outcome = _outcome(lambda: sink.deliver(self.errand()))
                assert drip.met, "the receiver was not called"
                assert not drip.waited_out, _WAITED_OUT
                # Whose headers are there may have delivered, where the body says no more.
                assert isinstance(outcome, RetriableError) or (first and isinstance(outcome, Delivered)), (
                    f"an answer that does not end gave {type(outcome).__name__}, not RetriableError"
                )

    @case
    def test_trouble_that_lasts_is_never_taken_for_delivered(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world, world.sink() as sink:
            server = _server(world)
            for number in range(_LASTING):
                server.fault = _TROUBLE["429" if number % 2 else "500"]
                error = _outcome(lambda: sink.deliver(self.errand()))
                assert isinstance(error, RetriableError), f"attempt {number + 1} in trouble gave {type(error).__name__}: {_LASTS}"
            server.fault = None
            sink.deliver(self.errand())
            assert _received(world) == [self._as_received(self.errand())], f"it did not arrive once: {_LASTS}"

    @case
    def test_a_refusal_is_for_good(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world, world.sink() as sink:
            sink.deliver(self.errand())  # whoever signs in first has done so: what is refused is an errand
            for status in (400, 422):
                _server(world).fault = unless_asked(refusing(status), _server(world).app)
                error = _outcome(lambda: sink.deliver(self.errand(2)))
                assert isinstance(error, RejectedError), f"{status} gave {type(error).__name__}, not RejectedError"

    @case
    def test_a_wrong_secret_stops_delivery(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world, world.sink() as sink:
            for status in (401, 403):
                _server(world).fault = refusing(status)
                error = _outcome(lambda: sink.deliver(self.errand()))
                assert isinstance(error, ConfigError), f"{status} gave {type(error).__name__}, not ConfigError"

    @case
    def test_a_garbled_answer_is_no_foreign_error(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world, world.sink() as sink:
            _server(world).fault = garbled(b'{"id": "1", ')
            outcome = _outcome(lambda: sink.deliver(self.errand()))
        assert isinstance(outcome, Delivered | HubError), f"{type(outcome).__name__} left the sink"

    @case
    def test_a_task_that_is_taken_back_is_told_too(self, tmp_path: Path) -> None:
        for end in _ENDS:
            errands = [self.errand(), self.errand(state=end)]
            (tmp_path / end).mkdir()
            with self.world(tmp_path / end) as world, world.sink() as sink:
                for errand in (*errands, errands[1]):
                    sink.deliver(errand)
                assert _received(world) == [self._as_received(errand) for errand in errands], _TAKEN_BACK.format(end=end)

    @case
    def test_two_errands_stay_two(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world, world.sink() as sink:
            for number in (1, 2):
                sink.deliver(self.errand(number))
            assert _received(world) == [self._as_received(self.errand(number)) for number in (1, 2)]

    @case
    def test_the_receivers_own_id_is_handed_back(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world, world.sink() as sink:
            answer = sink.deliver(self.errand())
            (taken,) = httpx.get(f"{world.url}/simulator/received", verify=trusted(), trust_env=False).json()
        assert answer.reference is not None, "no reference"
        assert answer.reference == taken["reference"]

    @case
    def test_no_person_and_no_secret_is_in_a_url_a_header_or_a_log(self, tmp_path: Path) -> None:
        with overheard() as heard, self.world(tmp_path) as world, world.sink() as sink:
            told = [repr(sink.deliver(self.errand())), repr(sink)]
            server = _server(world)
            sent = [(one.line, one.headers, bytes(one.body).decode("utf-8", "replace")) for one in server.asked]
            server.fault = refusing(500)
            told.append(repr(_outcome(lambda: sink.deliver(self.errand(2)))))
        lines = [line for line, _, _ in sent]
        headers = [value for _, values, _ in sent for _, value in values]
        bodies = [body for _, _, body in sent]
        for text in (*lines, *headers, *bodies, *told, heard()):
            assert not _YOUTH_REF.search(text), "a reference of a youth left the hub"
        for secret in self.trial.secrets.values():
            assert not any(secret in text for text in (*lines, *bodies, *told, heard())), "a secret is where it can be read"

    @case
    def test_closing_lets_go_of_everything(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world, world.sink() as sink:
            sink.deliver(self.errand())
            sink.close()
            sink.close()
            assert world.held() == [], "a connection to the receiver is still held open"

    def _all_that_is_told(self) -> list[Errand]:
        """One task for each way in which it is taken back."""
        return [self.errand(number, state) for number, end in enumerate(_ENDS, 1) for state in (TaskState.REQUESTED, end)]

    @staticmethod
    def _as_received(errand: Errand) -> tuple[str, str]:
        return errand.task_id, errand.state.value


def _received(world: World) -> list[tuple[str, str]]:
    """What the receiver has, in the order in which it came."""
    return [
        (one["task_id"], one["state"])
        for one in httpx.get(f"{world.url}/simulator/received", verify=trusted(), trust_env=False).json()
    ]


def _server(world: World) -> Watched:
    assert world.server is not None, "the connector has no simulator to deliver to"
    return world.server


def _outcome(act: Callable[[], Any]) -> Any:
    """What came of it: the answer, or the error that left."""
    try:
        return act()
    except Exception as error:  # noqa: BLE001 -- whatever leaves a sink is what the case asks about
        return error
