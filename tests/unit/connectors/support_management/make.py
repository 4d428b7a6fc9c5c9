"""Settings, a system to make errands in, and a look into it."""

from __future__ import annotations

from connectors.support_management.config import SupportManagementConfig
from connectors.support_management.simulator import build_simulator
from connectors.support_management.sink import SupportManagementSink
from tests.unit.connectors.in_process import InProcess
from tests.unit.connectors.make import NOW, make_context

URL = "http://127.0.0.1"
ERRANDS = "/2281/PREVENTION/errands"


def make_config(**changes) -> SupportManagementConfig:
    given = {
        "base_url": URL,
        "token_url": f"{URL}/oauth2/token",
        "client_id": "hub",
        "municipality_id": "2281",
        "namespace": "PREVENTION",
        "category": "PREVENTION",
        "type": "OUTREACH",
    }
    return SupportManagementConfig.model_validate(given | changes)


def make_system(tmp_path, **options) -> InProcess:
    return InProcess(build_simulator(tmp_path, {"now": lambda: NOW} | options))


def make_sink(transport, observed=None, **changes) -> SupportManagementSink:
    return SupportManagementSink(make_config(**changes), make_context(observed=observed), transport=transport)
