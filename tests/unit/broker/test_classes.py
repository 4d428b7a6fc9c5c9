from __future__ import annotations

import gzip

from hub.broker.classes import class_list, merged
from hub.broker.lock import load_lock


def test_the_shipped_list_was_written_for_the_jars_of_the_lock():
    head, *lines = class_list().decode().splitlines()
    assert head.endswith(f"python -m hub.broker.classes --write, for the jars of lock {load_lock().digest}")
    assert {"java/lang/Object", "kafka/Kafka", "kafka/tools/StorageTool"} <= set(lines)


def test_an_installation_that_lacks_the_list_or_has_a_damaged_one_has_an_empty_one(tmp_path):
    whole = gzip.compress(b"java/lang/Object\n" * 9)
    for number, content in enumerate((b"", b"text", whole[:3], whole[:-9], whole[:12] + b"\xff" * 20)):
        (tmp_path / str(number)).write_bytes(content)
        assert class_list(tmp_path / str(number)) == b""
    assert class_list(tmp_path / "none") == b""


def test_lists_are_merged_without_what_only_one_run_knows():
    first = "# head\njava/lang/Object id: 0\n@lambda-proxy A run\njdk/proxy1/$Proxy0 id: 7\n"
    second = "B id: 3\njava/lang/Object id: 5\nC id: 4 super: 0 source: c.jar\n"
    assert merged([first, second]) == "@lambda-proxy A run\nB\njava/lang/Object\n"
