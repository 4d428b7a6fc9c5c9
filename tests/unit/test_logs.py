"""Logs: one JSON object per line, stamped with the process, without content."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from hub.logs import configure_logs, get_logger

SECRET = "planted-content"


@pytest.fixture
def stderr(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    configure_logs("sample")
    yield written
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def fail() -> None:
    payload = {"name": SECRET}
    raise ValueError(f"cannot read {payload}")


def test_our_lines_and_those_of_libraries_name_the_process_in_every_thread(stderr: io.StringIO) -> None:
    get_logger("hub.test").info("ours", number=3)
    thread = threading.Thread(target=lambda: get_logger("hub.test").warning("from a thread"))
    thread.start()
    thread.join()
    logging.getLogger("foreign").warning("theirs %s", 1)
    found = lines(stderr)
    assert [line["event"] for line in found] == ["ours", "from a thread", "theirs 1"]
    assert [line["process"] for line in found] == ["sample"] * 3
    assert {"level", "logger", "timestamp"} <= found[0].keys() & found[2].keys()


def test_a_line_break_in_a_value_begins_no_line(stderr: io.StringIO) -> None:
    forged = 'x\n{"event": "forged", "level": "info"}\r\u2028\x1b[2J'
    get_logger("hub.test").warning("asked", path=forged)
    logging.getLogger("foreign").warning("asked %s", forged)
    assert [line["event"].split()[0] for line in lines(stderr)] == ["asked", "asked"]
    assert "\x1b" not in stderr.getvalue()


@pytest.mark.parametrize("name", ["hub.test", "uvicorn.error"])
def test_an_exception_tells_its_class_and_where_it_passed_but_no_text_and_no_variables(stderr: io.StringIO, name: str) -> None:
    try:
        try:
            fail()
        except ValueError as error:
            raise KeyError(SECRET) from error
    except KeyError:
        logging.getLogger(name).exception("failed")
    (line,) = lines(stderr)
    assert SECRET not in json.dumps(line)
    assert [one["class"] for one in line["exception"]] == ["KeyError", "ValueError"]
    assert any(place.startswith("test_logs.py:") and place.endswith(" fail") for place in line["exception"][1]["passed"])


def test_our_logger_may_be_given_an_exception_too(stderr: io.StringIO) -> None:
    try:
        fail()
    except ValueError:
        get_logger("hub.test").exception("failed")
    assert SECRET not in stderr.getvalue()
    assert lines(stderr)[0]["exception"][0]["class"] == "ValueError"


def test_chatty_libraries_are_quiet(stderr: io.StringIO) -> None:
    logging.getLogger("kafka.conn").info("connected")
    logging.getLogger("httpx").info("GET /")
    assert lines(stderr) == []
