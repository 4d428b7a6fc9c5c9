"""What tests of several parts share: settings in a folder, and the one way to say that something is missing here.

With HUB_TEST_REQUIRE=all nothing may be missing: `tests/conftest.py` turns every skip into a failure.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest
from kafka import KafkaAdminClient

from hub.contract.topics import CATALOGUE
from hub.kafka_admin import end_offsets
from hub.settings import Settings, load_settings

REQUIRE_VARIABLE = "HUB_TEST_REQUIRE"
SHARED_VARIABLE = "HUB_SHARED"
_CLONE = Path(__file__).resolve().parent.parent


def missing(what: str) -> NoReturn:
    """Skip the test because `what` is not on this machine."""
    pytest.skip(f"needs {what}")


def require(what: str, present: object) -> None:
    """Skip unless `present` is true; `what` completes the sentence "needs …"."""
    if not present:
        missing(what)


def require_tool(name: str) -> str:
    """The path of a program, else skip."""
    path = shutil.which(name)
    if path is None:
        missing(f"the program {name}")
    return path


def shared_folder() -> Path:
    """The folder of published data and specifications beside the project (or HUB_SHARED), else skip."""
    folder = Path(os.environ.get(SHARED_VARIABLE) or _CLONE.parent / "shared")
    require(f"the published specifications in {folder}", folder.is_dir())
    return folder


def write_toml(path: Path, values: Mapping[str, Any]) -> None:
    """Write nested mappings of plain values as TOML."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(_lines(values, ())) + "\n", encoding="utf-8")


def _lines(values: Mapping[str, Any], place: tuple[str, ...]) -> list[str]:
    plain = {key: value for key, value in values.items() if not isinstance(value, Mapping)}
    lines = [f"[{'.'.join(map(json.dumps, place))}]"] if place else []
    lines += [f"{json.dumps(key)} = {json.dumps(value)}" for key, value in plain.items()]
    for key, value in values.items():
        if isinstance(value, Mapping):
            lines += _lines(value, (*place, key))
    return lines


# What a production installation must state besides: `make_settings(tmp_path, **PRODUCTION)`.
PRODUCTION: dict[str, Any] = {
    "environment": "production",
    "legal": {"retention_decision": "KS 2025/123", "dpo_decision": "DSO 2025/7"},
    "login": {"oidc": {"issuer": "https://login.example.se", "client_id": "hub", "roles": {"Hub-Auditors": "auditor"}}},
    "web": {"url": "https://insats.example.se"},
}


def make_settings(home: Path, **sections: Any) -> Settings:
    """Settings of an installation in `home`, whose hub.toml holds just `sections`: `make_settings(tmp_path, kafka={…})`."""
    write_toml(home / "hub.toml", sections)
    return load_settings(home)


def used_topics(bootstrap_servers: str, partitions: int) -> set[str]:
    """The topics that are not as they were made: written to, with other partitions, or none of ours."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap_servers)
    try:
        found = {name for name in admin.list_topics() if not name.startswith("__")}
    finally:
        admin.close()
    ends = end_offsets(bootstrap_servers, sorted(found))
    shapes = {name: [end for (topic, _partition), end in ends.items() if topic == name] for name in found}
    return {name for name, shape in shapes.items() if name not in CATALOGUE or any(shape) or len(shape) != partitions}


def drop_topics(bootstrap_servers: str, *names: str) -> None:
    """Delete topics and wait until the brokers have forgotten them."""
    doomed = set(names)
    admin = KafkaAdminClient(bootstrap_servers=bootstrap_servers)
    try:
        if doomed:
            admin.delete_topics(sorted(doomed), timeout_ms=30_000)
        deadline = time.monotonic() + 30
        while doomed & set(admin.list_topics()):
            assert time.monotonic() < deadline, "topics were not deleted in time"
    finally:
        admin.close()
