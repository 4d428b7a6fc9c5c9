"""A connector that passes every case of both suites, small enough to be broken in one place at a time."""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from hub.connector import (
    Absence,
    Batch,
    Connector,
    Delivered,
    PersonRecord,
    RawMessage,
    Removal,
    StatutoryBatch,
    Trial,
    Unmapped,
)
from hub.contract.models import AbsenceKind, InfoKind
from hub.errors import ConfigError, RejectedError, RetriableError
from hub.outward import guarded_client
from hub.testing import served
from hub.tls import trusted

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
PAGE = 2
log = logging.getLogger(__name__)


class Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    timeout_seconds: float = 5.0


def checked(response: httpx.Response) -> httpx.Response:
    """The status as the hub's errors."""
    status = response.status_code
    if status == 429 or status >= 500:
        asked = response.headers.get("retry-after")
        raise RetriableError(f"answered {status}", retry_after=float(asked) if asked else None)
    if status in {401, 403}:
        raise ConfigError(f"answered {status}")
    if status >= 400:
        raise RejectedError(f"answered {status}", code=f"status_{status}")
    return response


def plain_client(url: httpx.URL | str, seconds: float) -> httpx.Client:
    """A client whose timeout is one for each read."""
    return httpx.Client(base_url=url, timeout=seconds, verify=trusted())


class Client:
    def __init__(self, config, context) -> None:
        self.context = context
        self.http = plain_client(config.url, config.timeout_seconds)

    def ask(self, method: str, path: str, **words: Any) -> Any:
        try:
            response = self.http.request(method, path, **words)
        except httpx.TransportError as error:
            raise RetriableError(f"no answer: {type(error).__name__}") from error
        return self.read(self.check(response))

    def check(self, response):
        return checked(response)

    def read(self, response):
        try:
            return response.json()
        except ValueError:
            raise RejectedError("the answer cannot be read", code="malformed") from None

    def rows(self, after: int) -> list[Any]:
        return self.ask("GET", "/rows", params={"after": after, "limit": PAGE})["rows"]

    def close(self) -> None:
        self.http.close()


class Source(Client):
    """Rows in the order of their numbers; the cursor is the last one."""

    def batches(self, cursor):
        after = cursor["after"] if cursor else 0
        while rows := self.safe(self.rows(after)):
            after = rows[-1]["seq"]
            records = [self.record(row) for row in rows]
            yield Batch(records, self.cursor(after), asides=self.of_others(records))

    def of_others(self, records):
        """Whom a fact is about may have been corrected; of a fact that is told twice the last word counts."""
        last = {one.source_id: one for one in records if isinstance(one, PersonRecord)}
        return [Removal(one.kind, (name,), one.body, but_of=one.person_id) for name, one in last.items()]

    def safe(self, rows):
        """As far as the statutory store has them."""
        kept = []
        for row in rows:
            if not self.context.secured(str(row["seq"])):
                break
            kept.append(row)
        return kept

    def cursor(self, after: int) -> dict[str, Any]:
        return {"after": after}

    def record(self, row):
        if "person" not in row:
            return self.unmapped(row)
        body = Absence(kind=AbsenceKind.UNEXCUSED, minutes=row["minutes"], offered_minutes=None)
        retracted = row.get("deleted", False)
        return PersonRecord(InfoKind.SCHOOL_ABSENCE, row["person"], self.source_id(row), self.time(row), body, retracted)

    def unmapped(self, row):
        return Unmapped("no_person", intentional=False)

    def source_id(self, row) -> str:
        return f"absence-{row['id']}"

    def time(self, row) -> datetime:
        return datetime.fromisoformat(row["at"])

    def backfill(self, subjects, since, progress=None):
        for batch in Source.batches(self, progress):
            kept = [one for one in batch.records if isinstance(one, PersonRecord) and subjects(one.person_id)]
            yield Batch([one for one in kept if one.occurred_at >= since], batch.cursor)


class Statutory(Client):
    def batches(self, cursor):
        after = cursor["after"] if cursor else 0
        while rows := self.rows(after):
            after = rows[-1]["seq"]
            yield StatutoryBatch([RawMessage(str(row["seq"]), NOW, json.dumps(row).encode()) for row in rows], {"after": after})


class Sink(Client):
    """Looks for its own task before it creates one: the receiver knows no idempotency key."""

    def __init__(self, config, context) -> None:
        super().__init__(config, context)
        self.http = guarded_client(timeout=config.timeout_seconds, allow_private=[ip_network("127.0.0.0/8")])
        self.http.base_url = config.url

    def deliver(self, errand):
        known = self.find(errand)
        if known is not None:
            return Delivered(known, known=True)
        return Delivered(self.ask("POST", "/errands", json=self.body(errand))["reference"])

    def find(self, errand):
        found = self.ask("GET", "/errands", params={"tag": errand.identity})
        return found[0]["reference"] if found else None

    def body(self, errand):
        return {"task_id": errand.task_id, "state": errand.state.value, "team": errand.team}


def build_simulator(dataset: Path, _options: Any) -> Starlette:
    file = dataset / "rows.json"
    rows = json.loads(file.read_text()) if file.exists() else []
    taken: list[dict[str, Any]] = []

    async def feed(request: Request) -> JSONResponse:
        after, limit = int(request.query_params["after"]), int(request.query_params["limit"])
        return JSONResponse({"rows": [row for row in rows if row["seq"] > after][:limit]})

    async def search(request: Request) -> JSONResponse:
        tag = request.query_params["tag"]
        return JSONResponse([one for one in taken if f"{one['task_id']}:{one['state']}" == tag])

    async def create(request: Request) -> JSONResponse:
        body = await request.json()
        taken.append({"task_id": body["task_id"], "state": body["state"], "reference": f"r-{len(taken) + 1}"})
        return JSONResponse(taken[-1], 201)

    async def sign_in(_request: Request) -> JSONResponse:
        return JSONResponse({"token": "t"})

    async def received(_request: Request) -> JSONResponse:
        return JSONResponse(taken)

    return Starlette(
        routes=[
            Route("/rows", feed),
            Route("/errands", search, methods=["GET"]),
            Route("/errands", create, methods=["POST"]),
            Route("/token", sign_in, methods=["POST"]),
            Route("/simulator/received", received),
        ]
    )


PEOPLE = ("20110315-9801", "20110316-9818", "20110317-9809")


def _row(seq: int, **changes: Any) -> dict[str, Any]:
    at = f"2025-05-{10 + seq:02d}T08:00:00+00:00"
    return {"seq": seq, "id": seq, "person": PEOPLE[seq % 3], "at": at, "minutes": 40 + seq} | changes


def write_datasets(folder: Path) -> Path:
    usual = [_row(seq) for seq in range(1, 6)]
    edited = [_row(1) | {"seq": 6, "minutes": 59}, _row(3) | {"seq": 8, "minutes": 60}]
    taken_back = [_row(number) | {"seq": seq, "deleted": True} for number, seq in ((2, 7), (4, 9))]
    broken = [_row(1), {"seq": 2, "id": 77}, *[_row(seq) | {"seq": seq + 1} for seq in range(2, 6)], {"seq": 7, "id": 78}]
    # Of others, page by page; the last one is put right again at once.
    moved = ((6, 1, 0), (7, 2, 0), (8, 3, 1), (9, 4, 2), (10, 5, 0), (11, 5, 2))
    datasets = {
        "usual": usual,
        "empty": [],
        "broken": broken,
        "corrected": usual + sorted(edited + taken_back, key=lambda row: row["seq"]),
        "moved": usual + [_row(number) | {"seq": seq, "person": PEOPLE[who]} for seq, number, who in moved],
        "late": [*usual, _row(6, at="2025-05-09T08:00:00+00:00")],
    }
    for name, rows in datasets.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "rows.json").write_text(json.dumps(rows))
    return folder


def make_connector(
    datasets: Path, *, source=Source, statutory=Statutory, sink=Sink, simulator=build_simulator, **changes
) -> Connector:
    parts: dict[str, Any] = {
        "kinds": frozenset({InfoKind.SCHOOL_ABSENCE}),
        "backfill": True,
        "trial": Trial(
            datasets=datasets,
            config={"url": "{url}", "timeout_seconds": 0.3},
            secrets={"password": "open-sesame"},
            now=NOW,
            facts=5,
            refused=2,
            messages={"usual": 5, "broken": 7},
        ),
    } | changes
    return Connector(
        name="exemplary",
        title="A connector without a fault",
        config=Config,
        build_source=source,
        build_statutory=statutory,
        build_sink=sink,
        build_simulator=simulator,
        **parts,
    )


class OneServer:
    """One server for many worlds, one after the other: starting and stopping one takes longer than most cases."""

    def __init__(self) -> None:
        self.app: Any = None
        self.url = ""

    async def __call__(self, scope, receive, send) -> None:
        await self.app(scope, receive, send)

    @contextmanager
    def serve(self, app):
        self.app = app
        yield self.url


@contextmanager
def one_server():
    server = OneServer()
    server.app = build_simulator(Path(), {})
    with served(server) as server.url:
        yield server
