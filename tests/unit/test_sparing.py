"""A process loads no part of a library that it never uses."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from hub.sparing import without

_LOADED = """
import json, sys
import hub.cli
hub.cli.spare_command_lines()
import {modules}
print(json.dumps(sorted({{name.split(".")[0] for name in sys.modules if sys.modules[name]}} | set(sys.modules))))
"""
DRAWING = {"rich", "pygments", "click"}
PROCESSES = {
    "hub.connect.runner, connectors.polisen.source, connectors.ss12000.source, connectors.sdk.source, hub.statutory.opening": {
        *DRAWING,
        "alembic",
        "sqlalchemy.orm",
        "starlette",
        "faust",
    },
    "hub.delivery.process": {*DRAWING, "alembic", "httpx", "faust"},
    "hub.registry.process": {"rich", "pygments", "alembic", "faust"},
    "hub.web.app, hub.web.process": {"rich", "pygments", "alembic", "faust"},
    "hub.broker.process": {*DRAWING, "sqlalchemy", "httpx", "jgo"},
    "hub.commands": {"sqlalchemy", "kafka", "starlette", "faust", "httpx", "nacl", "cryptography", "jinja2", "authlib"},
    "hub.demo.simulators": {"rich", "pygments", "sqlalchemy", "kafka"},
}


@pytest.mark.parametrize("modules", PROCESSES, ids=lambda modules: modules.split(",")[0])
def test_a_process_does_not_load_what_it_does_not_use(modules: str) -> None:
    done = subprocess.run([sys.executable, "-c", _LOADED.format(modules=modules)], capture_output=True, check=True)
    assert set(json.loads(done.stdout)) & PROCESSES[modules] == set()


def test_a_library_finds_a_part_absent_only_while_it_is_imported() -> None:
    name = "xml.dom.minicompat"
    sys.modules.pop(name, None)
    with without(name), pytest.raises(ImportError):
        __import__(name)
    __import__(name)
    with without(name):
        __import__(name)
    assert sys.modules[name] is not None
