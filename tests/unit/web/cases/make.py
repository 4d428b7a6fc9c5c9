"""The pages of cases over a town with a consenting youth."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx

from hub.audit.reading import Filter, the_latest
from hub.contract.ids import new_youth_ref
from hub.contract.models import Cooperation
from hub.contract.topics import CONSENTS
from tests.unit.core.make import make_consent, make_scope
from tests.unit.web.browser import Browser
from tests.unit.web.town import NOW, PagesTown, member

SARA, TOVE = member("Sara", "sspf"), member("Tove", "sspf")
SOFIA = member("Sofia", "sig")
CONSENT = "cccccccc-0000-4000-8000-00000000000c"
SIG_CONSENT = "dddddddd-0000-4000-8000-00000000000d"
CASES = "/team/sspf/cases"
PLACE = "Ungdomens hus, rum 3"
WHAT = "Följa med till fotbollen"


def consent(town: PagesTown, *, number: str = CONSENT, ref: str = "", version: int = 1, **scope: Any) -> str:
    """A consent in force comes to the inbox; whose."""
    ref = ref or new_youth_ref()
    told: dict[str, Any] = {"scope_id": number, "valid_from": NOW - timedelta(days=90), "valid_to": NOW + timedelta(days=90)}
    town.take(CONSENTS, ref, make_consent(make_scope(**(told | scope)), youth_ref=ref, version=version))
    return ref


def sig_consent(town: PagesTown) -> str:
    return consent(town, number=SIG_CONSENT, cooperation=Cooperation.SIG, recipients=("sig",), agencies=("police-ost",))


def opened(client: Browser, **data: Any) -> str:
    """The address of a new case."""
    team = data.pop("team", "sspf")
    sent = client.post(f"/team/{team}/cases", data={"consent": CONSENT, "worry": "4"} | data)
    assert sent.status_code == 303, sent.text
    return str(sent.headers["location"]).partition("?")[0]


def act(client: Browser, path: str, deed: str, **data: Any) -> httpx.Response:
    """As somebody who has just read the page."""
    found = re.search(r'name="version" value="(\d+)"', client.get(path).text)
    return client.post(f"{path}/{deed}", data={"version": found[1] if found else "0"} | data)


def planned(client: Browser, path: str, **data: Any) -> httpx.Response:
    told = {"day": "2025-05-21", "time": "14:00", "place": PLACE, "summoned": ["youth", "guardians", "school-norrkoping"]}
    return act(client, path, "plan", **(told | data))


def committed(client: Browser, path: str, **data: Any) -> httpx.Response:
    return act(client, path, "commit", **({"who": "school-norrkoping", "what": WHAT, "due": "2025-05-23"} | data))


def logged(town: PagesTown, number: int = 40) -> list[tuple[str, str, str, str]]:
    """(action, purpose, outcome, rule) of what the audit log has of cases, oldest first."""
    found = [
        (one.action, one.purpose, one.outcome, one.rule) for one in reversed(the_latest(town.audit.engine, Filter(), number))
    ]
    return [one for one in found if one[0].startswith("case_")]
