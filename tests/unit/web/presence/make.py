"""What people of the outreach team and of an association do on the pages of presence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hub.access.roles import Principal, Role
from hub.audit.reading import Filter, the_latest
from hub.presence.offers import Offer
from tests.unit.web.browser import Browser
from tests.unit.web.town import PagesTown, member

ANNA = member("Anna", "outreach")
HEAD = Principal("account-head", "Chefen", {Role.TEAM_HEAD: frozenset({"outreach"})})
BASE = "/team/outreach/presence"
FRIDAY = datetime(2025, 5, 23, 18, 0, tzinfo=UTC)
AFTER = FRIDAY + timedelta(hours=4)
VISIT = {"area": "0581-hageby", "day": "2025-05-23", "starts": "20:00", "ends": "23:00", "ground": "planned_event", "who": "team"}
TERMS = {
    "association": "Hageby IF", "activities": "nattvandring", "more": "schack", "areas": "0581-hageby", "times": "fredagar",
    "goal": "trygga kvällar", "municipality_does": "teamet ringer in", "association_does": "samlar gruppen",
    "valid_from": "2025-01-01", "valid_until": "2025-12-31",
}  # fmt: skip
REPORT = {"outcome": "done", "day": "2025-05-23", "hours": "2,5", "adults": "4", "youths": "30", "note": "calm"}


def plan(client: Browser, **changed: str) -> str:
    """The path of a presence that was planned just now."""
    answer = client.post(f"{BASE}/new", data=VISIT | changed)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("?")[0]


def agree(client: Browser, **changed: str) -> str:
    """The path of an agreement that was added just now."""
    answer = client.post(f"{BASE}/agreements/new", data=TERMS | changed)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].partition("?")[0]


def number_of(path: str) -> str:
    return path.rpartition("/")[2]


def offers_of(town: PagesTown, visit: str) -> list[Offer]:
    return town.web.presence().offers.of_visits([number_of(visit)]).get(number_of(visit), [])


def version_of(town: PagesTown, visit: str) -> str:
    return str(town.web.presence().plan.one(number_of(visit)).version)


def offer(town: PagesTown, client: Browser, visit: str, *agreements: str, places: str = "1") -> list[Offer]:
    """Offered on the page to those of these agreements."""
    chosen = {"agreements": [number_of(one) for one in agreements], "places": places, "days": "3"}
    answer = client.post(f"{visit}/offer", data=chosen | {"version": version_of(town, visit)})
    assert answer.status_code == 303, answer.text
    return offers_of(town, visit)


def logged(town: PagesTown, *actions: str) -> list[tuple[str, str, str]]:
    """(action, purpose, outcome) of what the log holds of these actions."""
    found = [(one.action, one.purpose, one.outcome) for one in the_latest(town.audit.engine, Filter(), 200)]
    return [one for one in reversed(found) if one[0] in actions]
