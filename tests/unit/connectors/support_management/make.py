"""Settings, a system to make errands in, and a look into it."""

from __future__ import annotations

import httpx

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


class Staff:
    """Somebody at the receiver, with a token of her own."""

    def __init__(self, system: httpx.BaseTransport) -> None:
        form = {"grant_type": "client_credentials", "client_id": "hub", "client_secret": "simulator"}
        self.client = httpx.Client(transport=system, base_url=URL)
        token = self.client.post("/oauth2/token", data=form).json()["access_token"]
        self.client.headers["Authorization"] = f"Bearer {token}"

    def read(self, reference: str | None) -> dict:
        return self.client.get(f"{ERRANDS}/{reference}").json()

    def change(self, reference: str | None, **changes) -> None:
        assert self.client.patch(f"{ERRANDS}/{reference}", json=changes).status_code == 200

    def received(self) -> list[tuple[str, str]]:
        return [(one["task_id"], one["state"]) for one in self.client.get("/simulator/received").json()]
