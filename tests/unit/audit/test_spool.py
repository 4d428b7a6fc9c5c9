"""Entries that wait on a disk: on the medium when told so, in their order, and nobody changes, moves or removes one unseen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hub.audit.carrying import lost
from hub.audit.spool import Spool, Spooled
from hub.errors import RetriableError

KEY = bytes(range(32))
_CHILD = """
import sys
from pathlib import Path
from hub.audit.spool import Spool, Spooled
spool = Spool(Path(sys.argv[1]), bytes(range(32)))
sys.stdin.readline()
for number in range(20):
    spool.append([Spooled({"account": f"{sys.argv[2]}-{number}"})])
"""


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "waiting", KEY)


def fill(spool: Spool, number: int = 3) -> None:
    for each in range(1, number + 1):
        spool.append([Spooled({"account": f"account-{each}"})])


def names(spool: Spool) -> list[str]:
    return [one.values["account"] for one in spool.look().entries]


def lines(spool: Spool) -> list[bytes]:
    return (spool.folder / "waiting.jsonl").read_bytes().splitlines(keepends=True)


def put(spool: Spool, *content: bytes) -> None:
    (spool.folder / "waiting.jsonl").write_bytes(b"".join(content))


def test_nothing_touches_the_disk_before_there_is_something(spool: Spool) -> None:
    assert not spool.waits()
    assert spool.look().entries == ()
    assert not spool.folder.exists()


def test_what_waits_is_read_as_it_was_kept_in_its_order(spool: Spool) -> None:
    part = {"document": "d", "kind": "end", "at": "2025", "sealed": bytes(range(256))}
    spool.append([Spooled({"account": "one"}), Spooled({"account": "tvåan"}, part)])
    spool.append([Spooled({"account": "three"})])
    found = Spool(spool.folder, KEY).look()
    assert [one.number for one in found.entries] == [1, 2, 3]
    assert names(spool) == ["one", "tvåan", "three"]
    assert found.entries[1].sealed == part
    assert lost(found, 0) == []


def test_numbers_go_on_after_it_was_carried_over(spool: Spool) -> None:
    fill(spool)
    waiting = spool.look()
    spool.clear(waiting)
    assert not spool.waits()
    fill(spool, 1)
    after = spool.look()
    assert (after.spool, after.number, [one.number for one in after.entries]) == (waiting.spool, 4, [4])
    assert lost(after, 3) == []


def test_what_came_while_the_rest_was_carried_over_stays(spool: Spool) -> None:
    fill(spool)
    waiting = spool.look()
    fill(spool, 2)
    spool.clear(waiting)
    assert [one.number for one in spool.look().entries] == [4, 5]
    assert lost(spool.look(), 3) == []
    spool.clear(waiting)  # by somebody who carried the same over
    assert [one.number for one in spool.look().entries] == [4, 5]


def test_folder_and_files_are_their_owners_alone(spool: Spool) -> None:
    fill(spool)
    assert spool.folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in spool.folder.iterdir())


def test_a_disk_that_refuses_is_told(spool: Spool) -> None:
    spool.folder.write_text("a file where the folder should be")
    with pytest.raises(RetriableError) as caught:
        fill(spool)
    assert caught.value.code == "audit"
    with pytest.raises(RetriableError, match="wait there"):
        spool.look()


def test_processes_and_threads_that_add_at_once_lose_nothing(spool: Spool) -> None:
    words = [sys.executable, "-c", _CHILD, str(spool.folder)]
    children = [subprocess.Popen([*words, name], stdin=subprocess.PIPE) for name in ("a", "b")]
    for child in children:
        assert child.stdin is not None
        child.stdin.write(b"go\n")
        child.stdin.close()
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda each: spool.append([Spooled({"account": f"c-{each}"})]), range(20)))
    assert [child.wait(60) for child in children] == [0, 0]
    found = spool.look()
    assert ([one.number for one in found.entries], found.unread) == (list(range(1, 61)), ())
    for name in "ab":
        assert [one for one in names(spool) if one.startswith(name)] == [f"{name}-{each}" for each in range(20)]
    assert len({one for one in names(spool) if one.startswith("c")}) == 20


def test_a_line_torn_by_a_crash_was_never_confirmed_and_takes_nothing_with_it(spool: Spool) -> None:
    fill(spool)
    whole = lines(spool)
    put(spool, *whole, whole[0][:40])
    fill(spool, 1)
    found = spool.look()
    assert [one.number for one in found.entries] == [1, 2, 3, 4]
    assert (len(found.unread), lost(found, 0)) == (1, [])


def test_a_crash_between_the_line_and_the_head_gives_no_number_twice(spool: Spool) -> None:
    fill(spool)
    head = (spool.folder / "head.json").read_bytes()
    fill(spool, 1)
    (spool.folder / "head.json").write_bytes(head)
    fill(spool, 1)
    found = spool.look()
    assert [one.number for one in found.entries] == [1, 2, 3, 4, 5]
    assert lost(found, 0) == []


@pytest.mark.parametrize(
    ("tamper", "gone"),
    [
        (lambda spool: put(spool, *(line.replace(b"account-2", b"account-9") for line in lines(spool))), [2]),
        (lambda spool: put(spool, lines(spool)[0], lines(spool)[2]), [2]),
        (lambda spool: put(spool, *lines(spool)[:1]), [2, 3]),
        (lambda spool: (spool.folder / "waiting.jsonl").unlink(), [1, 2, 3]),
        (lambda spool: put(spool, *lines(spool)[:2], b'["x", 3, {}, null, ""]\n'), [3]),
    ],
    ids=["edit", "deletion", "truncation", "all", "put in"],
)
def test_an_entry_that_was_changed_or_removed_is_missed(spool: Spool, tamper: Callable[[Spool], object], gone: list[int]) -> None:
    fill(spool)
    tamper(spool)
    assert lost(spool.look(), 0) == gone
    fill(spool, 1)
    assert lost(spool.look(), 0) == gone, "and it goes on"
    assert spool.look().entries[-1].number == 4


def test_lines_that_were_moved_stand_in_their_order_again(spool: Spool) -> None:
    fill(spool)
    put(spool, *reversed(lines(spool)))
    assert names(spool) == ["account-1", "account-2", "account-3"]


def test_another_keys_lines_and_another_spools_are_none(spool: Spool, tmp_path: Path) -> None:
    fill(spool)
    for other in (Spool(tmp_path / "other", KEY), Spool(tmp_path / "stranger", bytes(32))):
        fill(other)
        put(spool, *lines(spool), *lines(other))
    found = spool.look()
    assert (len(found.entries), len(found.unread)) == (3, 6)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'["a", 7, "mac"]', os.urandom(64)], ids=["empty", "broken", "short", "forged", "noise"]
)
def test_a_head_that_is_none_is_made_anew_from_the_lines(spool: Spool, content: bytes) -> None:
    fill(spool)
    name = spool.look().spool
    (spool.folder / "head.json").write_bytes(content)
    fill(spool, 1)
    assert (spool.look().spool, spool.look().number) == (name, 4)
    json.loads((spool.folder / "head.json").read_text())


def test_what_is_no_entry_is_kept_apart(spool: Spool) -> None:
    fill(spool)
    put(spool, b"scribble\n", *lines(spool))
    waiting = spool.look()
    spool.clear(waiting)
    assert (spool.folder / "unread.jsonl").read_bytes() == b"scribble\n"
