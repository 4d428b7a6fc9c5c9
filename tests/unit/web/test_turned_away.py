"""Attempts to get round what guards the pages are in the audit log, and no flood of them fills it."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta

import httpx

from hub.audit.reading import Filter, the_latest
from hub.testing import served
from tests.unit.audit.outage import Outage
from tests.unit.web.browser import Browser
from tests.unit.web.crooked import Crooked
from tests.unit.web.test_oidc import Place
from tests.unit.web.town import PagesTown


def told(town: PagesTown) -> list[tuple[str, str, str, str]]:
    found = the_latest(town.audit.engine, Filter(actions=("request_refused",)), 100)[::-1]
    return [(one.account, one.outcome, one.rule, one.purpose) for one in found]


def test_what_is_refused_before_anybody_is_known_is_an_entry_a_minute_and_kind(empty_town: PagesTown) -> None:
    with ExitStack() as stack:
        crooked = Crooked()
        crooked.url = stack.enter_context(served(crooked.app()))
        client = Place(empty_town, crooked, stack).arrive()
        assert isinstance(client, Browser)
        for _ in range(4):
            assert client.bare_post("/sign-in", data={"code": "x"}).status_code == 403
            assert client.post("/sign-in", headers={"Origin": "https://evil.example"}).status_code == 403
            assert client.bare_post("/sign-out/back-channel", data={"logout_token": "a.b.c"}).status_code == 400
        kinds = ("form_token", "foreign_origin", "logout_token")
        assert told(empty_town) == [("unknown", "deny", kind, "n1") for kind in kinds]
        empty_town.clock.advance(timedelta(minutes=1))
        client.get("/")
        assert told(empty_town)[3:] == [("unknown", "deny", kind, "n3") for kind in kinds]
        client.get("/")
        assert len(told(empty_town)) == 6


def test_a_refusal_stands_while_the_audit_log_is_away_and_is_told_afterwards(
    empty_town: PagesTown, stranger: Browser, client: httpx.Client
) -> None:
    outage = Outage(empty_town.audit.engine)
    outage.begin()
    assert stranger.bare_post("/sign-in", data={"code": "x"}).status_code == 403
    outage.end()
    empty_town.clock.advance(timedelta(minutes=1))
    client.get("/")
    assert told(empty_town) == [("unknown", "deny", "form_token", "n1")]


def test_what_is_summed_is_written_when_the_pages_end(empty_town: PagesTown, stranger: Browser) -> None:
    for _ in range(3):
        stranger.bare_post("/sign-in", data={"code": "x"})
    empty_town.app.state.turned_away.write_due(everything=True)
    assert [purpose for *_, purpose in told(empty_town)] == ["n1", "n2"]
