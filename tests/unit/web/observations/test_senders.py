"""Who sends observations and where to: read whole, or refused with the name of the setting before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.access.roles import Role
from hub.bootstrap_pages import build_observing
from hub.errors import ConfigError
from hub.installation import write_closed
from hub.web.observations.senders import Observing
from tests.prepared import initialised
from tests.support import make_settings

SECRET = "whsec_Y2l0eSBzZWNyZXQgb2YgdGhlIHRlc3RzLCAzMiBiLg=="
LISTENING = {
    "connector": "observations",
    "agency": "leisure-norrkoping",
    "source": {"intake": {"listen_port": 8731, "partners": ["form"]}},
}
SENDER = {"title": "Fritid", "intake": "intake", "partner": "form", "who": ["observer", "team-member:outreach"]}


def observing(home: Path, *, phone: str = "011-15 00 00", connector: dict[str, Any] | None = None, **changes: Any) -> Observing:
    web = {"observations": {"reception_phone": phone, "senders": {"leisure": SENDER | changes}}}
    settings = make_settings(home, web=web, connectors={"intake": LISTENING | (connector or {})})
    initialised(home)
    return build_observing(settings)


def put_secret(home: Path) -> None:
    (home / "keys").mkdir()
    write_closed(home / "keys" / "connector-intake-partner-form", SECRET.encode())


def test_a_sender_has_the_address_and_the_secret_of_the_connector_that_listens(tmp_path: Path) -> None:
    put_secret(tmp_path)
    found = observing(tmp_path)
    [sender] = found.senders
    assert (sender.name, sender.title, sender.url) == ("leisure", "Fritid", "http://127.0.0.1:8731/intake/risk_event")
    assert sender.who == {Role.OBSERVER: frozenset(), Role.TEAM_MEMBER: frozenset({"outreach"})}
    assert sender.secret() == SECRET
    assert SECRET not in repr(found)
    assert found.reception.dialled == "011150000"


def test_what_hub_init_writes_has_no_sender(tmp_path: Path) -> None:
    initialised(tmp_path)
    assert build_observing(make_settings(tmp_path)).senders == ()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"phone": ""}, "web.observations: reception_phone is needed with senders"),
        ({"phone": "ring oss"}, "web.observations.reception_phone"),
        ({"intake": "nowhere"}, r"leisure.intake: \[connectors.nowhere\] must be enabled and listen"),
        ({"connector": {"enabled": False}}, r"leisure.intake: \[connectors.intake\] must be enabled and listen"),
        ({"connector": {"source": {"folder": "inbox"}}}, r"must be enabled and listen, with \[connectors.intake.source.intake\]"),
        ({"partner": "city"}, "leisure.partner: add 'city' to partners"),
        ({"who": []}, "web.observations.senders.leisure.who"),
        ({"who": ["boss"]}, "web.observations.senders.leisure.who: no role boss"),
        ({"who": ["team-member:nowhere"]}, "no team nowhere"),
        ({"who": ["auditor"]}, "leisure.who: auditor may not send observations; observer, team-head, team-member may"),
        ({}, "connector-intake-partner-form is missing"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_configured_by_half_is_refused_with_what_to_change(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    if changes:
        put_secret(tmp_path)
    with pytest.raises(ConfigError, match=told):
        observing(tmp_path, **changes)
