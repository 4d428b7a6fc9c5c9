"""A process that was asked to stop is gone in time, whatever holds it up."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hub.stopping import Stop, ask_on_signals, ctrl_c_waits

_CHILD = """
import ctypes, signal, socket, sys, threading
import hub.stopping
from hub.logs import configure_logs
from hub.stopping import stops_in_time

def forever():
    threading.Event().wait()

kind, seconds = sys.argv[1], float(sys.argv[2])
configure_logs("sample")
stop = threading.Event()
with stops_in_time(stop, seconds):
    print("ready", flush=True)
    if kind == "both_at_once":
        ours, theirs = socket.socketpair()
        theirs.send(bytes([signal.SIGTERM, signal.SIGINT]))
        hub.stopping._watch(ours, stop, seconds)
    if kind == "in_a_library":
        mutex = ctypes.create_string_buffer(128)
        for _ in range(2):  # the second time for ever, and no signal interrupts it
            ctypes.CDLL(None).pthread_mutex_lock(mutex)
    stop.wait()
    print("asked", flush=True)
    if kind == "slow":
        threading.Event().wait(1.0)
    if kind == "in_the_block":
        forever()
if kind == "by_a_thread":
    threading.Thread(target=forever, name="left-over").start()
"""


@contextmanager
def child(kind: str, seconds: float) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", _CHILD, kind, str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_that_stops_by_itself_ends_as_it_wants(number: signal.Signals) -> None:
    with child("obedient", 30) as process:
        process.send_signal(number)
        assert process.wait(timeout=20) == 0


@pytest.mark.parametrize("kind", ["in_the_block", "in_a_library", "by_a_thread"])
def test_one_that_is_held_up_ends_when_its_time_is_over(kind: str) -> None:
    with child(kind, 0.3) as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 70
        assert process.stdout is not None
        said = process.stdout.read().decode()
    assert "did not stop in time" in said
    assert ("left-over" in said) == (kind == "by_a_thread")
    assert ("forever" in said) == (kind == "in_the_block")


def test_ctrl_c_after_the_first_signal_ends_it_at_once() -> None:
    with child("in_the_block", 60) as process:
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        assert process.stdout.readline() == b"asked\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 70


def test_ctrl_c_that_is_there_before_the_first_signal_was_read_ends_it_at_once() -> None:
    with child("both_at_once", 60) as process:
        assert process.wait(timeout=20) == 70


def test_a_second_polite_kill_leaves_it_its_time() -> None:
    with child("slow", 60) as process:
        for _ in range(2):
            process.send_signal(signal.SIGTERM)
            time.sleep(0.1)
        assert process.wait(timeout=20) == 0


def test_a_wish_to_stop_breaks_off_what_may_be_broken_off_and_nothing_else() -> None:
    stop = Stop()
    with stop.breakable():
        pass
    stop.ask()
    assert stop.event.is_set()
    with pytest.raises(KeyboardInterrupt), stop.breakable():
        pytest.fail("it was asked for before")
    again = Stop()
    with pytest.raises(KeyboardInterrupt), again.breakable():
        again.ask(signal.SIGINT, None)
    assert again.event.is_set()


def test_another_threads_wish_breaks_off_nothing_of_its_own() -> None:
    stop = Stop()
    with stop.breakable():
        other = threading.Thread(target=stop.ask)
        other.start()
        other.join()
    assert stop.event.is_set()


@pytest.fixture
def handlers_put_back() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers_put_back")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_a_polite_kill_and_a_closed_terminal_ask(number: signal.Signals) -> None:
    asked = []
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    ask_on_signals(lambda *said: asked.append(said[0]))
    signal.raise_signal(number)
    assert asked == [number]


@pytest.mark.usefixtures("handlers_put_back")
def test_under_nohup_a_terminal_may_be_closed() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    ask_on_signals(lambda *_: None)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_ctrl_c_waits_until_the_block_is_whole_and_is_then_heard_by_who_heard_it_before() -> None:
    done: list[str] = []
    before, mask = signal.getsignal(signal.SIGINT), signal.pthread_sigmask(signal.SIG_BLOCK, set())

    def press_in_the_block() -> None:
        with ctrl_c_waits():
            signal.raise_signal(signal.SIGINT)
            done.append("whole")

    with pytest.raises(KeyboardInterrupt):
        press_in_the_block()
    assert done == ["whole"]
    assert (signal.getsignal(signal.SIGINT), signal.pthread_sigmask(signal.SIG_BLOCK, set())) == (before, mask)


def test_without_ctrl_c_the_block_is_a_block() -> None:
    with ctrl_c_waits():
        inside = signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, set())
    assert inside, "what is started in it inherits that"
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, set())
