"""A role that is taken away at the provider is gone here within the bound, and a session that the provider ends ends here."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from joserfc.jwk import RSAKey

from hub.access.roles import Role
from hub.testing import served
from hub.web.oidc_logout import LOGOUT_EVENT
from hub.web.principal import COOKIE, LIVE
from tests.unit.web.crooked import CLIENT, Crooked, come_back
from tests.unit.web.test_oidc import Place
from tests.unit.web.town import PagesTown

SOFT, HARD = timedelta(minutes=10), timedelta(minutes=20)  # of the town's sessions


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def place(empty_town: PagesTown, stack: ExitStack) -> Place:
    crooked = Crooked()
    crooked.url = stack.enter_context(served(crooked.app()))
    return Place(empty_town, crooked, stack)


def again(place: Place, client: httpx.Client, path: str = "/consents?x=1", **claims: Any) -> httpx.Response:
    """A page asked for when the provider's word is old: there and back unseen."""
    away = client.get(path)
    assert away.status_code == 303
    assert "prompt=none" in away.headers["location"]
    return come_back(client, place.crooked.authorise(away.headers["location"], **claims))


def test_a_role_taken_away_is_gone_at_the_next_page_after_half_the_bound_and_the_log_says_so(place: Place) -> None:
    client = place.arrive()
    place.sign_in(client, roles=["Hub-Officers", "Hub-Auditors"])
    cookie = client.cookies[COOKIE]
    place.town.clock.advance(SOFT - timedelta(seconds=1))
    assert client.get("/audit/review").status_code == 200
    place.town.clock.advance(timedelta(seconds=1))
    back = again(place, client, "/audit/review", roles=["Hub-Officers"])
    assert (back.status_code, back.headers["location"]) == (303, "/audit/review")
    assert client.cookies[COOKIE] == cookie
    assert place.who(client).roles == {Role.CONSENT_OFFICER: {"sspf"}}
    assert client.get("/audit/review").status_code == 403
    assert place.town.trail.entries[1].purpose == "provider_roles"


def test_within_the_bound_nobody_is_sent_away_and_nothing_changed_is_nothing_logged(place: Place) -> None:
    client = place.arrive()
    place.sign_in(client)
    place.town.clock.advance(SOFT)
    assert again(place, client).headers["location"] == "/consents?x=1"
    assert client.get("/consents").status_code == 200
    assert place.town.trail.told() == [("sign_in", "permit", "")]


def test_a_form_on_its_way_is_not_lost_before_the_bound_and_does_nothing_after_it(place: Place) -> None:
    client = place.arrive()
    place.sign_in(client)
    place.town.clock.advance(HARD - timedelta(seconds=1))
    assert client.post("/consents/register").headers["location"].startswith("/consents/register/")
    place.town.clock.advance(timedelta(seconds=1))
    assert client.post("/consents/register").status_code == 401
    assert place.who(client) is None
    assert again(place, client, "/consents").headers["location"] == "/consents"
    assert client.get("/consents").status_code == 200


def test_a_list_that_renews_itself_is_sent_nowhere_and_shows_nothing_after_the_bound(place: Place) -> None:
    client = place.arrive()
    place.sign_in(client)
    place.town.clock.advance(SOFT)
    assert client.get("/consents", headers={LIVE: "1"}).status_code == 200
    place.town.clock.advance(HARD - SOFT)
    assert client.get("/consents", headers={LIVE: "1"}).status_code == 401


@pytest.mark.parametrize("error", ["login_required", "interaction_required", "consent_required", "account_selection_required"])
def test_when_the_provider_knows_her_no_longer_the_session_ends(place: Place, error: str) -> None:
    client = place.arrive()
    place.sign_in(client)
    place.town.clock.advance(SOFT)
    away = client.get("/consents").headers["location"]
    answer = place.crooked.authorise(away)
    told = come_back(client, {"error": error, "state": answer["state"], "iss": answer["iss"]})
    assert told.status_code == 403
    assert client.get("/consents").status_code == 401


def test_when_every_role_is_gone_the_session_ends(place: Place) -> None:
    client = place.arrive()
    place.sign_in(client)
    place.town.clock.advance(SOFT)
    assert again(place, client, roles=[]).status_code == 403
    assert place.who(client) is None


def test_an_answer_for_somebody_else_does_not_become_her_session(place: Place) -> None:
    client = place.arrive()
    place.sign_in(client, sub="a")
    first = place.who(client)
    place.town.clock.advance(SOFT)
    cookie = client.cookies[COOKIE]
    again(place, client, sub="b", roles=["Hub-Auditors"])
    assert place.who(client) is None
    assert place.town.sessions.of(first.account) == []
    place.sign_in(client, sub="b", roles=["Hub-Auditors"])
    assert client.cookies[COOKIE] != cookie
    assert place.who(client).roles == {Role.AUDITOR: frozenset()}


ENDINGS = {
    "she signed out": lambda _place, client: client.post("/sign-out"),
    "the provider ended it": lambda place, _client: logout(place),
    "its time was over": lambda place, _client: place.town.clock.advance(timedelta(hours=9)),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_session_that_ended_while_the_provider_was_asked_does_not_come_back(place: Place, ending: str) -> None:
    client = place.arrive()
    place.sign_in(client)
    place.town.clock.advance(SOFT)
    answer = place.crooked.authorise(client.get("/me").headers["location"])
    ENDINGS[ending](place, client)
    assert place.who(client) is None
    assert come_back(client, answer).headers["location"] == "/me"
    assert place.who(client) is None
    assert client.get("/me").status_code == 401
    place.sign_in(client)  # by an act of hers it does
    assert client.get("/me").status_code == 200


def test_a_journey_vouches_for_no_other_session_than_the_one_it_began_from(place: Place) -> None:
    client = place.arrive()
    place.sign_in(client)
    place.town.clock.advance(SOFT)
    answer = place.crooked.authorise(client.get("/me").headers["location"], roles=["Hub-Officers", "Hub-Auditors"])
    place.sign_in(client)
    before = place.who(client)
    come_back(client, answer)
    assert place.who(client) == before


def test_roles_that_cannot_be_logged_are_not_given(place: Place) -> None:
    client = place.arrive()
    place.sign_in(client)
    before = place.who(client)
    place.town.clock.advance(SOFT)
    place.town.trail.broken = True
    assert again(place, client, roles=["Hub-Officers", "Hub-Auditors"]).status_code >= 500
    assert place.who(client) == before
    place.town.trail.broken = False
    assert again(place, client, roles=["Hub-Officers", "Hub-Auditors"]).status_code == 303
    assert Role.AUDITOR in place.who(client).roles
    assert place.town.trail.entries[-1].purpose == "provider_roles"


def test_two_tabs_that_are_sent_away_at_once_both_go_on(place: Place) -> None:
    client = place.arrive()
    place.sign_in(client)
    place.town.clock.advance(SOFT)
    away = [client.get(path).headers["location"] for path in ("/consents", "/me")]
    back = [come_back(client, place.crooked.authorise(address)) for address in away]
    assert [answer.headers["location"] for answer in back] == ["/consents", "/me"]


def test_a_forged_return_ends_nobodys_session(place: Place) -> None:
    client = place.arrive()
    place.sign_in(client)
    assert come_back(client, {"error": "login_required", "state": "x", "iss": place.crooked.url}).status_code == 403
    assert place.who(client) is not None


def test_the_session_lasts_no_longer_for_being_vouched_for(place: Place) -> None:
    client = place.arrive()
    place.sign_in(client)
    for _ in range(48):
        place.town.clock.advance(SOFT)
        away = client.get("/consents")
        if away.status_code == 401:
            break
        come_back(client, place.crooked.authorise(away.headers["location"]))
    assert client.get("/consents").status_code == 401


def test_while_the_provider_does_not_answer_work_goes_on_until_the_bound(place: Place) -> None:
    client = place.arrive()
    place.sign_in(client)
    place.town.clock.advance(SOFT)
    place.provider._known = None
    place.crooked.metadata = {"jwks_uri": "http://127.0.0.1:9/"}
    assert client.get("/consents").status_code == 200
    place.town.clock.advance(HARD - SOFT)
    assert client.get("/consents").status_code == 401


def test_who_came_with_a_password_or_a_code_is_sent_nowhere(place: Place) -> None:
    client = place.arrive()
    client.get("/sign-in", params={"code": place.town.code()})
    place.town.clock.advance(HARD)
    assert client.get("/team/outreach").status_code == 200


# Back-channel logout


def logout(place: Place, **changes: Any) -> httpx.Response:
    now = int(time.time())
    claims = {
        "iss": place.crooked.url, "aud": CLIENT, "iat": now, "jti": secrets.token_hex(8), "events": {LOGOUT_EVENT: {}},
        "sub": "person-17",
    } | changes  # fmt: skip
    claims = {name: value for name, value in claims.items() if value is not None}
    signed = Crooked.signed(claims, place.crooked.key, typ="logout+jwt")
    return place.arrive().post("/sign-out/back-channel", content=f"logout_token={signed}".encode())


def test_the_provider_ends_every_session_of_somebody_or_one_of_its_own(place: Place) -> None:
    one, two, other = place.arrive(), place.arrive(), place.arrive()
    place.sign_in(one, sid="desk")
    place.sign_in(two, sid="phone")
    place.sign_in(other, sub="somebody-else")
    assert logout(place, sub=None, sid="desk").status_code == 200
    assert [place.who(client) is None for client in (one, two, other)] == [True, False, False]
    assert logout(place).status_code == 200
    assert [place.who(client) is None for client in (one, two, other)] == [True, True, False]
    assert [entry.purpose for entry in place.town.trail.entries[-2:]] == ["provider", "provider"]


@pytest.mark.parametrize(
    "named", [{"sub": None, "sid": "new"}, {"sid": "new"}, {"sid": "old"}, {"sid": "never heard of"}, {}], ids=str
)
def test_a_session_vouched_for_anew_ends_by_the_name_that_it_has_now(place: Place, named: dict[str, Any]) -> None:
    client, other = place.arrive(), place.arrive()
    place.sign_in(client, sid="old")
    place.sign_in(other, sub="somebody-else")
    place.town.clock.advance(SOFT)
    assert again(place, client, sid="new").status_code == 303
    assert logout(place, **named).status_code == 200
    assert [place.who(one) is None for one in (client, other)] == [True, False]


def test_a_session_of_one_browser_ends_by_its_name_and_the_other_stays(place: Place) -> None:
    desk, phone = place.arrive(), place.arrive()
    place.sign_in(desk, sid="desk")
    place.sign_in(phone, sid="phone")
    place.town.clock.advance(SOFT)
    assert again(place, desk).status_code == 303  # without a name, which keeps the first
    assert logout(place, sid="desk").status_code == 200
    assert [place.who(one) is None for one in (desk, phone)] == [True, False]


def test_while_the_audit_log_is_away_the_provider_still_ends_a_session(place: Place) -> None:
    one, two = place.arrive(), place.arrive()
    place.sign_in(one)
    place.sign_in(two, sub="somebody-else")
    place.town.trail.broken = True
    assert logout(place).status_code == 200
    assert place.who(one) is None
    place.town.clock.advance(SOFT)
    again(place, two, sub="somebody-else", roles=[])
    assert place.who(two) is None


BENT = {
    "of another provider": {"iss": "https://evil.example"}, "for another": {"aud": "other"}, "old": {"iat": int(time.time()) - 3600},
    "without an event": {"events": {}}, "an ID token": {"nonce": "x"}, "of nobody": {"sub": None}, "without a number": {"jti": None},
}  # fmt: skip


@pytest.mark.parametrize("bent", BENT)
def test_what_is_no_logout_token_ends_nothing(place: Place, bent: str) -> None:
    client = place.arrive()
    place.sign_in(client)
    assert logout(place, **BENT[bent]).status_code == 400
    assert place.who(client) is not None


def test_a_logout_token_works_once_and_one_signed_by_a_stranger_never(place: Place) -> None:
    client = place.arrive()
    assert logout(place, jti="same").status_code == 200
    place.sign_in(client)
    assert logout(place, jti="same").status_code == 400
    assert place.arrive().post("/sign-out/back-channel", content=b"logout_token=a.b.c").status_code == 400
    assert place.who(client) is not None


def said(place: Place, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    known = {"iss": place.crooked.url, "aud": CLIENT, "iat": now, "jti": "x", "events": {LOGOUT_EVENT: {}}, "sub": "person-17"}
    return known | changes


NO_TOKENS = ["", "a.b.c", "x", "e30.e30.e30", "e30.W10.e30", "..", "\x00", "å.å.å", "e30." + "e30" * 1000 + ".e30"]


@pytest.mark.parametrize("text", NO_TOKENS, ids=range(len(NO_TOKENS)))
def test_what_is_no_token_is_refused_before_the_provider_is_asked_anything(place: Place, text: str) -> None:
    content = f"logout_token={quote(text)}".encode()
    assert place.arrive().post("/sign-out/back-channel", content=content).status_code == 400
    assert place.crooked.fetched == []


def test_the_provider_is_asked_for_its_keys_once_a_minute_however_many_forgeries_come(place: Place) -> None:
    place.sign_in(place.arrive())
    before = len(place.crooked.fetched)
    stranger = RSAKey.generate_key(2048, {"kid": "one"})
    for number in range(5):
        forged = Crooked.signed(said(place, jti=str(number)), stranger, typ="logout+jwt")
        answer = place.arrive().post("/sign-out/back-channel", content=f"logout_token={forged}".encode())
        assert answer.status_code == 400
    assert len(place.crooked.fetched) - before == 1
    assert logout(place).status_code == 200


def test_while_the_provider_is_away_forgeries_wait_for_it_once_a_minute(place: Place) -> None:
    place.crooked.metadata = {"jwks_uri": "http://127.0.0.1:9/"}
    assert [logout(place).status_code for _ in range(4)] == [503] * 4
    assert len(place.crooked.fetched) == 1


def test_a_logout_token_of_a_key_that_the_provider_has_changed_ends_the_session(place: Place) -> None:
    client = place.arrive()
    place.sign_in(client)
    place.crooked.key = RSAKey.generate_key(2048, {"kid": "two"})
    signed = Crooked.signed(said(place), place.crooked.key, typ="logout+jwt", kid="two")
    assert place.arrive().post("/sign-out/back-channel", content=f"logout_token={signed}".encode()).status_code == 200
    assert place.who(client) is None


def test_without_a_provider_there_is_no_such_address(stranger: httpx.Client) -> None:
    assert stranger.post("/sign-out/back-channel", content=b"logout_token=x").status_code == 404
