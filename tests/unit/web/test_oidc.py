"""Signing in at an identity provider, over HTTP: the way there and back, and every token that must open nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey

from hub.access.codes import spend
from hub.access.roles import Principal, Role
from hub.errors import ConfigError
from hub.login_settings import OidcSettings
from hub.testing import served
from hub.web.app import build_web
from hub.web.oidc import OidcProvider
from hub.web.principal import COOKIE
from hub.web.provider_entrance import JOURNEY_COOKIE
from tests.unit.connectors.in_process import InProcess
from tests.unit.web.browser import Browser
from tests.unit.web.crooked import CLIENT, SECRET, Crooked, come_back
from tests.unit.web.town import KEY, PagesTown


def settings_for(url: str, **values: Any) -> OidcSettings:
    given = {
        "issuer": url, "client_id": CLIENT,
        "roles": {"Hub-Officers": "consent-officer", "Hub-Auditors": "auditor"}, "teams": {"Team-SSPF": "sspf"},
    }  # fmt: skip
    return OidcSettings(**(given | values))


class Place:
    """The pages with an identity provider; `arrive` is a browser before them."""

    def __init__(self, town: PagesTown, crooked: Crooked, stack: ExitStack, **values: Any) -> None:
        self.town, self.crooked, self._stack = town, crooked, stack
        self.provider = OidcProvider(
            settings_for(crooked.url, **values), SECRET, "http://127.0.0.1:8700/sign-in/return", KEY, partial(spend, town.access)
        )
        stack.callback(self.provider.close)
        self.app = build_web(replace(town.web, login=replace(town.web.login, provider=self.provider)))

    def arrive(self) -> httpx.Client:
        return self._stack.enter_context(Browser(transport=InProcess(self.app), base_url="http://127.0.0.1:8700"))

    def sign_in(self, client: httpx.Client, **claims: Any) -> httpx.Response:
        answer = client.get("/sign-in/provider", params={"next": "/team/sspf"})
        return come_back(client, self.crooked.authorise(answer.headers["location"], **claims))

    def who(self, client: httpx.Client) -> Principal | None:
        return self.town.sessions.principal(client.cookies.get(COOKIE))


def journeys(client: httpx.Client) -> list[str]:
    return [name for name in client.cookies if name.startswith(JOURNEY_COOKIE)]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def crooked(stack: ExitStack) -> Crooked:
    crooked = Crooked()
    crooked.url = stack.enter_context(served(crooked.app()))
    return crooked


@pytest.fixture
def place(empty_town: PagesTown, crooked: Crooked, stack: ExitStack) -> Place:
    return Place(empty_town, crooked, stack)


def test_somebody_signs_in_with_roles_and_teams_from_the_claims_and_goes_where_they_wanted(place: Place) -> None:
    client = place.arrive()
    assert "Logga in med ditt arbetskonto" in client.get("/sign-in").text
    answer = place.sign_in(client)
    assert (answer.status_code, answer.headers["location"]) == (303, "/team/sspf")
    who = place.who(client)
    assert who is not None
    assert (who.name, who.roles) == ("Samordnare", {Role.CONSENT_OFFICER: {"sspf"}})
    assert who.account.startswith("oidc-")
    assert "person-17" not in who.account
    assert not journeys(client)
    assert place.town.trail.told() == [("sign_in", "permit", "")]
    assert place.town.trail.entries[0].purpose == "oidc"


def test_one_person_is_one_account_and_another_persons_or_providers_is_another(place: Place) -> None:
    accounts = []
    for sub in ("a", "a", "b"):
        client = place.arrive()
        place.sign_in(client, sub=sub)
        accounts.append(place.who(client).account)
    assert accounts[0] == accounts[1] != accounts[2]


def late(claims: dict[str, Any]) -> dict[str, Any]:
    return claims | {"exp": int(time.time()) - 120, "iat": int(time.time()) - 600}


BENT = {
    "expired": late,
    "not yet valid": lambda claims: claims | {"nbf": int(time.time()) + 600},
    "for another audience": lambda claims: claims | {"aud": "other"},
    "for several audiences without saying who may use it": lambda claims: claims | {"aud": [CLIENT, "other"]},
    "for another authorised party": lambda claims: claims | {"aud": [CLIENT, "other"], "azp": "other"},
    "from another issuer": lambda claims: claims | {"iss": "https://evil.example"},
    "of another journey": lambda claims: claims | {"nonce": "other"},
    "without a nonce": lambda claims: {name: value for name, value in claims.items() if name != "nonce"},
    "without a subject": lambda claims: {name: value for name, value in claims.items() if name != "sub"},
    "without an end": lambda claims: {name: value for name, value in claims.items() if name != "exp"},
    "of another access token": lambda claims: claims | {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.mark.parametrize("bent", BENT)
def test_a_token_that_is_wrong_opens_nothing(place: Place, bent: str) -> None:
    place.crooked.change = BENT[bent]
    client = place.arrive()
    answer = place.sign_in(client)
    assert answer.status_code == 403
    assert "kunde inte kontrolleras" in answer.text
    assert place.who(client) is None
    assert place.town.trail.told() == [("sign_in_refused", "deny", "bad_token")]


@pytest.mark.parametrize("forgery", ["signed_by_a_stranger", "unsigned", "signed_with_the_public_key_as_a_secret", "tampered"])
def test_a_forged_token_opens_nothing(place: Place, forgery: str) -> None:
    place.crooked.sign = getattr(place.crooked, forgery)
    client = place.arrive()
    assert place.sign_in(client).status_code == 403
    assert place.who(client) is None


@pytest.mark.parametrize("text", ["", "nonsense", "a.b.c", "e30.e30.e30"])
def test_what_is_no_token_opens_nothing(place: Place, text: str) -> None:
    place.crooked.sign = lambda _claims: text
    client = place.arrive()
    assert place.sign_in(client).status_code == 403
    assert place.who(client) is None


def test_an_answer_that_was_not_asked_for_in_this_browser_opens_nothing(place: Place) -> None:
    mine, theirs = place.arrive(), place.arrive()
    answer = place.crooked.authorise(theirs.get("/sign-in/provider").headers["location"])
    assert come_back(mine, answer).status_code == 403
    mine.get("/sign-in/provider")
    assert come_back(mine, answer).status_code == 403
    assert place.who(mine) is None
    assert {told[2] for told in place.town.trail.told()} == {"bad_state"}


def test_an_answer_works_once(place: Place) -> None:
    client = place.arrive()
    answer = place.crooked.authorise(client.get("/sign-in/provider").headers["location"])
    (name,) = journeys(client)
    journey = client.cookies[name]
    assert come_back(client, answer).status_code == 303
    again = place.arrive()
    again.cookies.set(name, journey, domain="127.0.0.1")
    assert come_back(again, answer).status_code == 403
    assert place.who(again) is None


def test_a_code_that_the_provider_has_taken_already_opens_nothing(place: Place) -> None:
    client = place.arrive()
    answer = place.crooked.authorise(client.get("/sign-in/provider").headers["location"])
    place.crooked.asked.clear()
    assert come_back(client, answer).status_code == 403
    assert place.who(client) is None


def test_somebody_elses_code_opens_nothing_because_its_verifier_is_in_their_browser(place: Place) -> None:
    mine, theirs = place.arrive(), place.arrive()
    own = place.crooked.authorise(mine.get("/sign-in/provider").headers["location"])
    stolen = place.crooked.authorise(theirs.get("/sign-in/provider").headers["location"])
    assert come_back(mine, own | {"code": stolen["code"]}).status_code == 403
    assert place.who(mine) is None


@pytest.mark.parametrize("change", [{"iss": "https://evil.example"}, {"iss": None}, {"state": "other"}, {"state": None}], ids=str)
def test_an_answer_of_another_provider_or_without_its_marks_opens_nothing(place: Place, change: dict[str, Any]) -> None:
    client = place.arrive()
    answer = place.crooked.authorise(client.get("/sign-in/provider").headers["location"]) | change
    assert come_back(client, {name: value for name, value in answer.items() if value}).status_code == 403
    assert place.who(client) is None


def test_who_has_no_role_here_is_told_so_and_gets_no_session(place: Place) -> None:
    client = place.arrive()
    answer = place.sign_in(client, roles=["Something-Else"])
    assert answer.status_code == 403
    assert "har ingen roll här än" in answer.text
    assert place.who(client) is None
    assert place.town.trail.told() == [("sign_in_refused", "deny", "no_role")]


def test_who_says_no_at_the_provider_is_let_nowhere(place: Place) -> None:
    client = place.arrive()
    answer = place.crooked.authorise(client.get("/sign-in/provider").headers["location"])
    told = come_back(client, {"error": "access_denied", "state": answer["state"], "iss": answer["iss"]})
    assert told.status_code == 403
    assert "släppte inte in någon" in told.text


def test_a_stronger_way_to_sign_in_can_be_asked_for(empty_town: PagesTown, crooked: Crooked, stack: ExitStack) -> None:
    place = Place(empty_town, crooked, stack, acr_values=("urn:loa3",))
    weak = place.arrive()
    assert "acr_values=urn%3Aloa3" in weak.get("/sign-in/provider").headers["location"]
    for claims in ({}, {"acr": "urn:loa2"}):
        assert "starkare sätt att logga in" in place.sign_in(weak, **claims).text
    strong = place.arrive()
    assert place.sign_in(strong, acr="urn:loa3").status_code == 303


def test_a_claim_may_lie_deep_and_be_one_text(empty_town: PagesTown, crooked: Crooked, stack: ExitStack) -> None:
    place = Place(empty_town, crooked, stack, roles_claim="realm_access.roles", teams_claim="unit")
    client = place.arrive()
    place.sign_in(client, realm_access={"roles": ["Hub-Officers"]}, unit="Team-SSPF")
    who = place.who(client)
    assert who is not None
    assert who.roles == {Role.CONSENT_OFFICER: {"sspf"}}


def test_a_key_that_the_provider_has_changed_is_fetched(place: Place) -> None:
    place.sign_in(place.arrive())
    place.crooked.key = RSAKey.generate_key(2048, {"kid": "two"})
    place.crooked.sign = lambda claims: Crooked.signed(claims, place.crooked.key, kid="two")
    client = place.arrive()
    assert place.sign_in(client).status_code == 303


def test_a_client_that_must_send_its_secret_in_the_form_does(place: Place) -> None:
    place.crooked.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    assert place.sign_in(place.arrive()).status_code == 303


@pytest.mark.parametrize(
    "metadata", [{"issuer": "https://evil.example"}, {"jwks_uri": "http://127.0.0.1:9/"}, {"token_endpoint": None}]
)
def test_a_provider_that_does_not_answer_as_it_should_is_told_and_nothing_breaks(place: Place, metadata: dict[str, Any]) -> None:
    place.crooked.metadata = metadata
    if metadata.get("token_endpoint", "") is None:
        place.crooked.metadata = {"token_endpoint": "http://127.0.0.1:9/"}
    client = place.arrive()
    answer = client.get("/sign-in/provider")
    if answer.status_code == 303:
        answer = come_back(client, place.crooked.authorise(answer.headers["location"]))
    assert answer.status_code == 503
    assert "svarar inte just nu" in answer.text


def test_signing_out_leads_to_where_one_leaves_the_provider_too(place: Place) -> None:
    client = place.arrive()
    place.sign_in(client)
    answer = client.post("/sign-out")
    assert answer.headers["location"] == "/sign-out/provider"
    page = client.get("/sign-out/provider").text
    assert f"{place.crooked.url}/end?client_id=hub&amp;post_logout_redirect_uri=http%3A%2F%2F127.0.0.1%3A8700%2F" in page
    assert client.get("/").status_code == 401
    place.crooked.metadata["end_session_endpoint"] = None


def test_without_a_provider_there_is_no_such_way(empty_town: PagesTown, stranger: httpx.Client) -> None:
    assert "arbetskonto" not in stranger.get("/sign-in").text
    assert stranger.get("/sign-in/provider").status_code == 404
    assert stranger.get("/sign-in/return", params={"code": "x", "state": "y"}).status_code == 404


def test_an_unknown_role_in_the_settings_is_named_before_anybody_signs_in(empty_town: PagesTown) -> None:
    with pytest.raises(ConfigError, match=r"login.oidc.roles: no role king; there are: consent-officer"):
        OidcProvider(settings_for("https://login.example.se", roles={"x": "king"}), SECRET, "", KEY, lambda *_: True)
