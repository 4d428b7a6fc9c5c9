"""An installation with toy connectors, and a registry that is a small web application."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
from pathlib import Path

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hub.contract.ids import key_id
from hub.settings import Settings, load_settings
from tests.support import write_toml

AGENCY = "school-norrkoping"
PLACES = "places-public"
KEY = bytes(range(32))
TOKEN = "token-of-the-school"


def make_installation(home: Path, registry_port: int, **source) -> Settings:
    """One instance per toy, reading from `home`/source."""
    one = {"agency": AGENCY, "poll_seconds": 0.05, "directory_poll_seconds": 0.05}
    chosen = {"folder": str(home / "source"), **source}
    public = {**one, "agency": PLACES}
    instances = {name: {**one, "source": chosen} for name in ("toy", "toyraw")}
    instances |= {name: {**public, "source": chosen} for name in ("toyplaces", "toyfeed", "toytold", "toypatient")}
    for name, speaker in (("toymend", one), ("toyrows", public)):
        instances[name] = {**speaker, "source": {**chosen, "minutes_in": "mins"}}
    instances["odd"] = {**one, "connector": "toy", "agency": "nobody", "source": chosen}
    instances["wrong"] = {**one, "connector": "toy", "source": {"folder": str(home), "page": "secret-word"}}
    write_toml(home / "hub.toml", {"registry": {"port": registry_port}, "connectors": instances})
    agencies = f"  {AGENCY}:\n    title: Skolan\n    kinds: [school_absence]\n  {PLACES}:\n    title: Alla\n    kinds: []\n"
    (home / "agencies.yaml").write_text(f"agencies:\n{agencies}")
    (home / "areas.yaml").write_text("areas:\n  0581-hageby:\n    title: Hageby\n    names: [Hageby]\n    exposed: true\n")
    (home / "keys").mkdir()
    for agency in (AGENCY, PLACES):
        (home / "keys" / f"agency-{agency}.hmac").write_text(base64.b64encode(KEY).decode())
        (home / "keys" / f"agency-{agency}.token").write_text(TOKEN + "\n")
    (home / "keys" / "connector-toy-password").write_text("swordfish\n")
    return load_settings(home)


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Subjects:
    """The subject service of one agency, as the brief of the registry describes it."""

    def __init__(self) -> None:
        self.version = 0
        self.rows: dict[str, dict] = {}
        self.app = Starlette(routes=[Route(f"/v1/agencies/{AGENCY}/subjects", self._answer)])

    def grant(self, person: str, number: int, start: str, end: str) -> str:
        subject = hmac.new(KEY, person.replace("-", "").encode(), hashlib.sha256).hexdigest()
        reference = f"y{number:032x}"
        self._put(
            subject,
            {
                "youth_ref": reference,
                "link_key": base64.b64encode(bytes([number % 256]) * 32).decode(),
                "kinds": ["school_absence"],
                "spans": [{"from": start, "to": end}],
                "removed": False,
            },
        )
        return reference

    def withdraw(self, reference: str, erasure_id: str) -> None:
        (subject,) = (subject for subject, row in self.rows.items() if row["youth_ref"] == reference)
        self._put(subject, {"youth_ref": reference, "removed": True, "erasure_id": erasure_id})

    def _put(self, subject: str, row: dict) -> None:
        self.version += 1
        hashes = [] if row["removed"] else [subject]
        self.rows[subject] = {"subject_hashes": hashes, "version": self.version, **row}

    def _answer(self, request):
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Response(status_code=401)
        etag = f'"{self.version}"'
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304)
        since = int(request.query_params["since"])
        rows = sorted((row for row in self.rows.values() if row["version"] > since), key=lambda row: row["version"])
        return JSONResponse({"version": self.version, "keys": [key_id(KEY)], "entries": rows}, headers={"ETag": etag})
