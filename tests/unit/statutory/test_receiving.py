"""The two ways to a receiver: a folder that its case system fetches from, and word by a connector."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.connector import Delivered, Errand
from hub.errors import RetriableError
from hub.statutory.deadlines import deadlines
from hub.statutory.receiving import FolderReceiver, NoticeReceiver, Report
from hub.statutory.sealing import Envelope
from hub.statutory.simulator import CaseSystem
from tests.unit.statutory.make import NOW, SECRET, WatchedDisk, make_message, make_store


def report(folder: Path) -> Report:
    store = make_store(folder / "store")
    store.put(make_message())
    (stored,) = store.files()

    def read() -> tuple[Envelope, bytes]:
        return store.read_file(stored)

    return Report("k1", NOW, deadlines(NOW), read)


def inbox(folder: Path) -> Path:
    (folder / "in").mkdir(exist_ok=True)
    return folder / "in"


def test_the_original_lies_whole_beside_its_clocks_and_no_name_says_anything(tmp_path: Path) -> None:
    FolderReceiver(inbox(tmp_path)).take(report(tmp_path))
    assert sorted(path.name for path in inbox(tmp_path).iterdir()) == ["k1.json", "k1.report"]
    told = json.loads((inbox(tmp_path) / "k1.json").read_text(encoding="utf-8"))
    assert (told["protect_by"], told["decide_by"]) == ("2025-05-20", "2025-06-02")
    assert (inbox(tmp_path) / "k1.report").read_bytes() == SECRET.encode()
    assert (inbox(tmp_path) / "k1.report").stat().st_mode & 0o077 == 0


def test_a_repeat_writes_nothing_while_the_report_or_its_receipt_is_there(tmp_path: Path) -> None:
    receiver, one = FolderReceiver(inbox(tmp_path)), report(tmp_path)
    receiver.take(one)
    system = CaseSystem(inbox(tmp_path), tmp_path / "own")
    assert system.fetch() == 1
    receiver.take(one)
    assert [path.name for path in inbox(tmp_path).iterdir()] == ["k1.receipt"]
    assert receiver.registered("k1") == "SIM 00001"


@pytest.mark.parametrize("step", range(9))
def test_a_report_that_was_half_written_is_none_for_the_case_system_and_is_written_again(tmp_path: Path, step: int) -> None:
    one, system = report(tmp_path), CaseSystem(inbox(tmp_path), tmp_path / "own")
    with pytest.raises(RetriableError, match="folder"):
        FolderReceiver(inbox(tmp_path), disk=WatchedDisk(fail_at=step)).take(one)
    system.fetch()
    FolderReceiver(inbox(tmp_path)).take(one)
    system.fetch()
    assert len(system.register()) == 1


def test_a_folder_that_is_not_mounted_is_said_and_never_made(tmp_path: Path) -> None:
    with pytest.raises(RetriableError, match="mounted"):
        FolderReceiver(tmp_path / "away").take(report(tmp_path))
    assert not (tmp_path / "away").exists()


@pytest.mark.parametrize(
    "receipt", [b"", b"{", b"[]", b'{"registered_as": 7}', b"[" * 4000, b'{"registered_as": "SN 1"' + b" " * 5000 + b"}"]
)
def test_a_receipt_that_cannot_be_read_is_none_yet(tmp_path: Path, receipt: bytes) -> None:
    (inbox(tmp_path) / "k1.receipt").write_bytes(receipt)
    assert FolderReceiver(inbox(tmp_path)).registered("k1") is None


def test_the_case_system_leaves_what_is_not_what_it_says(tmp_path: Path) -> None:
    FolderReceiver(inbox(tmp_path)).take(report(tmp_path))
    (inbox(tmp_path) / "k1.report").write_bytes(b"changed")
    assert CaseSystem(inbox(tmp_path), tmp_path / "own").fetch() == 0
    assert (inbox(tmp_path) / "k1.report").exists()


class HeardSink:
    def __init__(self) -> None:
        self.heard: list[Errand] = []

    def deliver(self, errand: Errand) -> Delivered:
        self.heard.append(errand)
        return Delivered("their-7")

    def close(self) -> None:
        pass


def test_word_by_a_connector_says_that_a_report_is_here_and_never_what_or_whose(tmp_path: Path) -> None:
    sink = HeardSink()
    receiver = NoticeReceiver("jouren", sink)
    assert receiver.take(report(tmp_path)).reference == "their-7"
    receiver.take(report(tmp_path))
    first, second = sink.heard
    assert first == second
    assert "Anna" not in repr(first)
    assert first.respond_by == datetime(2025, 5, 20, 22, 0, tzinfo=UTC)  # midnight in Sweden, behind the next day
    assert receiver.registered("k1") is None
