"""The three sources of a round, each with books of its own: what must stand on Kafka, by (id, revision).

Identities are worked out here anew from the schema's words ("HMAC(link key, kind and source id)"), not by the hub's code.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from connectors.sdk.simulator import build_simulator
from hub.contract.topics import PLACE_EVENTS, POLICE_NOTICES, SCHOOL_ABSENCES, Topic
from tests.integration.ss12000.deviant import Deviant, Deviations
from tests.integration.ss12000.school import Pupil, School
from tests.unit.connectors.sdk.make import CATEGORY, SUBJECT, make_message, reference, write_messages
from tests.unit.connectors.ss12000.make import make_number

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
BEGIN = datetime(2025, 3, 17, tzinfo=UTC).date()
Books = set[tuple[str, int]]


@dataclass
class Case:
    """`app` is the foreign system, `source` its settings (`{url}` is its address), `consenting` the numbers of those with a
    reference, `secrets` the connector's; `books` need their link keys.
    """

    name: str
    kind: str
    topic: Topic
    app: Any
    source: dict[str, Any]
    told: dict[str, str]
    """Source id → whose it is (a number), or "" for a place."""
    consenting: list[str] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)

    def books(self, link_keys: dict[str, bytes]) -> Books:
        if self.kind == "place":
            return {("e" + hashlib.sha256(f"{self.name}\0{key}".encode()).hexdigest()[:40], 1) for key in self.told}
        return {
            ("e" + hmac.new(link_keys[number], f"{self.kind}\0{key}".encode(), hashlib.sha256).hexdigest()[:40], 1)
            for key, number in self.told.items()
            if number in link_keys
        }


def _numbers() -> list[str]:
    return [make_number(f"2010{1 + number % 12:02d}{1 + number:02d}", 980 + number) for number in range(14)]


def school(seed: int, _folder: Path) -> Case:
    """Nine weeks of a school, on a server that deviates by lot."""
    chance = random.Random(seed)
    rows = School(chance, NOW)
    rows.pupils = [Pupil(rows.key(), number) for number in _numbers()]
    rows.pupils[-1].marking = "Skyddad folkbokföring"
    for day in (BEGIN + timedelta(days=number) for number in range(62)):
        if day.weekday() < 5:
            rows.teach(day, 4, 10)
    for number in range(12):
        rows.report_leave(BEGIN + timedelta(days=3 + 4 * number), 1 + number % 3)
    deviations = Deviations(
        errors=chance.choice(["standard", "error", "detail"]),
        end=chance.choice(["null", "absent", "empty page"]),
        offsets=chance.random() < 0.5,
        naive=chance.random() < 0.5,
        dashed=chance.random() < 0.5,
        capitals=chance.random() < 0.5,
    )
    source = {"base_url": "{url}", "since": BEGIN.isoformat(), "page_size": 100, "timeout_seconds": 1.0, "window_days": 14}
    told = {key: fact.number for key, fact in rows.told().items()}
    app = Deviant(rows, deviations, page=20).app()
    source |= {"max_response_megabytes": 2.0}
    return Case("ss12000", "school_absence", SCHOOL_ABSENCES, app, source, told, _numbers()[:9], {"token": "jwt"})


def police(seed: int, folder: Path) -> Case:
    """An inbox of coded notices."""
    chance = random.Random(seed)
    numbers, told, messages = _numbers(), {}, []
    for number in range(40):
        whose, at = chance.choice(numbers), NOW - timedelta(hours=5 + 20 * number)
        made = make_message(
            number, reference(SUBJECT, whose), reference(CATEGORY, "lob"), created=at.strftime("%Y-%m-%dT%H:%M:%SZ")
        )
        messages.append(made)
        told[f"{made['attributes']['messageId']}#1"] = whose
    folder.mkdir()
    app = build_simulator(write_messages(folder, *messages), {})
    urls = {"base_url": "{url}", "token_url": "{url}/oauth2/token", "client_id": "hub"}
    source = urls | {"timeout_seconds": 1.0, "max_message_megabytes": 2.0}
    return Case("sdk", "police_notice", POLICE_NOTICES, app, source, told, numbers[:9], {"client-secret": "simulator"})


def feed(seed: int, _folder: Path) -> Case:
    """The public feed with its latest 400 events."""
    chance = random.Random(seed)
    rows = []
    for number in range(400):
        at = NOW - timedelta(minutes=7 * number + chance.randrange(5))
        place = chance.choice(["Norrköping", "Hageby", "City"])
        text = at.strftime("%Y-%m-%d %H:%M:%S +00:00")
        rows.append({"id": 1000 + number, "datetime": text, "name": "x", "summary": "", "url": "", "type": "Misshandel"})
        rows[-1]["location"] = {"name": place, "gps": "58.5,16.1"}
    app = Starlette(routes=[Route("/api/events", lambda _request: JSONResponse(rows))])
    source = {"url": "{url}/api/events", "timeout_seconds": 1.0, "max_response_megabytes": 2.0}
    return Case("polisen", "place", PLACE_EVENTS, app, source, {str(row["id"]): "" for row in rows})


CASES = {"ss12000": school, "sdk": police, "polisen": feed}


def filled(source: dict[str, Any], url: str) -> dict[str, Any]:
    """The settings with the proxy's address."""
    return json.loads(json.dumps(source).replace("{url}", url))
