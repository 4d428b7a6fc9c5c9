"""Signing in at an OpenID Connect provider: code flow with PKCE (S256), state, nonce, and an ID token that verifies.

What a journey there and back is tied to lies in a signed cookie of the visitor's own browser for ten minutes, one to each, so
that several tabs can be on their way; each journey ends once. Nothing of the provider's tokens is kept. Loaded only where
`[login.oidc]` names an issuer.
Sources: OpenID Connect Core 1.0 §3.1, Discovery 1.0, RP-Initiated Logout 1.0; RFC 7636, RFC 9207.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import httpx
from authlib.oauth2.client import OAuth2Client
from authlib.oauth2.rfc6749 import OAuth2Error
from authlib.oidc.core import CodeIDToken
from itsdangerous import BadData, URLSafeTimedSerializer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from hub.access.persons import person_key
from hub.access.roles import Principal
from hub.errors import RejectedError, RetriableError
from hub.login_settings import OidcSettings
from hub.tls import outward_client
from hub.web.oidc_claims import RoleClaims, values_of
from hub.web.oidc_logout import check_logout, logout_number, unverified
from hub.web.paths import own_path
from hub.web.principal import Arrival, Journey

__all__ = ["JOURNEY_SECONDS", "OidcProvider"]

JOURNEY_SECONDS: Final = 600
_LEEWAY_SECONDS = 60
_TIMEOUT_SECONDS = 5.0
_METADATA_SECONDS = 3600.0
_BETWEEN_SECONDS = 60.0
_SIGNATURES: Final = ("RS256", "PS256", "ES256", "RS384", "PS384", "ES384", "RS512", "PS512", "ES512", "EdDSA")  # none shared
_NAME_LENGTH: Final = 80


@dataclass(frozen=True, slots=True)
class _Metadata:
    """What the provider says of itself, and its keys; asked for again after an hour, or when a key is unknown."""

    content: Mapping[str, Any]
    keys: KeySet
    at: float


class OidcProvider:
    """One provider. `spend` uses a journey's number up; `redirect_uri` is where the provider sends people back to.

    Raises ConfigError when a role of the settings is none.
    """

    def __init__(
        self, settings: OidcSettings, secret: str, redirect_uri: str, key: bytes, spend: Callable[[str, datetime], bool]
    ) -> None:
        self._settings = settings
        self._secret = secret
        self._redirect_uri = redirect_uri
        self._journeys = URLSafeTimedSerializer(key, salt="oidc-journey", signer_kwargs={"digest_method": hashlib.sha256})
        self._spend = spend
        self._key = key
        self._roles = RoleClaims(settings)
        self._http = outward_client(timeout=_TIMEOUT_SECONDS)
        self._known: _Metadata | None = None
        self._turn = threading.Lock()
        self._asked_at: float | None = None

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    def begin(self, onward: str, *, again: str = "") -> Journey:
        """Where to send the browser, under which state, and what the journey's cookie is to hold.

        `again`: the mark of the session that it is for: only if the provider knows its visitor without asking anything
        (prompt=none, Core 3.1.2.1).
        Raises RetriableError when the provider does not answer.
        """
        journey = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")} | {"next": own_path(onward)}
        journey |= {"again": again}
        extra = {"acr_values": " ".join(self._settings.acr_values)} if self._settings.acr_values else {}
        extra |= {"prompt": "none"} if again else {}
        address, _ = self._client().create_authorization_url(
            self._metadata().content["authorization_endpoint"],
            state=journey["state"], nonce=journey["nonce"], code_verifier=journey["verifier"], **extra,
        )  # fmt: skip
        return Journey(str(address), journey["state"], str(self._journeys.dumps(journey)))

    def finish(self, answer: Mapping[str, str], cookie: str | None) -> Arrival:
        """Who came back, and where they wanted to go.

        Raises RejectedError: `bad_state` (not this browser's journey, too old, or used), `declined` (the provider or the person
        said no), `bad_token` (what the provider sent does not verify), `weak_sign_in` (not by one of the ways that the settings
        ask for), `no_role`, `unclear_roles`; RetriableError when the provider does not answer.
        """
        journey = self._journey(answer, cookie)
        if "error" in answer or "code" not in answer:
            raise RejectedError("the identity provider let nobody in", code="declined")
        self._check_issuer(answer)
        token = self._fetch(answer["code"], journey["verifier"])
        claims = self._verified(token, journey["nonce"])
        if self._settings.acr_values and claims.get("acr") not in self._settings.acr_values:
            raise RejectedError("the way of signing in is not strong enough", code="weak_sign_in")
        return Arrival(self._principal(claims), journey["next"], str(claims.get("sid") or ""), journey["again"])

    def signed_out(self, token: str) -> tuple[str, str]:
        """Whose sessions the provider ends, by its logout token (Back-Channel Logout 1.0): account and its own session's name.

        Raises RejectedError `bad_token`, for a token that was used too; RetriableError when the provider does not answer.
        """
        settings = self._settings
        check_logout(unverified(token), settings.issuer, settings.client_id, time.time())  # before anybody is asked for keys
        if not self._is_known() and not self._may_ask():
            raise _unreachable()
        offered = self._metadata().content.get("id_token_signing_alg_values_supported", ["RS256"])
        try:
            claims = self._decoded(token, [name for name in _SIGNATURES if name in offered], self._may_ask).claims
        except (JoseError, ValueError, TypeError) as error:
            raise RejectedError("the identity provider's token does not verify", code="bad_token") from error
        check_logout(claims, settings.issuer, settings.client_id, time.time())
        if not self._spend(logout_number(claims), datetime.now(UTC) + timedelta(seconds=2 * JOURNEY_SECONDS)):
            raise RejectedError("this logout token has been used", code="bad_token")
        return self._account(str(claims["sub"])) if claims.get("sub") else "", str(claims.get("sid") or "")

    def _account(self, subject: str) -> str:
        known = f"{self._settings.issuer}\x00{subject}"
        return f"oidc-{hashlib.sha256(known.encode()).hexdigest()[:32]}"

    def sign_out_address(self) -> str | None:
        """Where to end the session at the provider too, when it offers that; None also when it does not answer just now."""
        try:
            address = self._metadata().content.get("end_session_endpoint")
        except RetriableError:
            return None
        if not address:
            return None
        back = self._redirect_uri.removesuffix("/sign-in/return") + "/"
        query = urlencode({"client_id": self._settings.client_id, "post_logout_redirect_uri": back})
        return f"{address}{'&' if '?' in address else '?'}{query}"

    def _journey(self, answer: Mapping[str, str], cookie: str | None) -> dict[str, str]:
        try:
            journey: dict[str, str] = self._journeys.loads(cookie or "", max_age=JOURNEY_SECONDS)
        except BadData as error:
            raise RejectedError("this sign-in was not begun here, or too long ago", code="bad_state") from error
        same = secrets.compare_digest(answer.get("state", "").encode(), journey["state"].encode())
        if not same or not self._spend(journey["state"], datetime.now(UTC) + timedelta(seconds=2 * JOURNEY_SECONDS)):
            raise RejectedError("this sign-in was not begun here, or has been used", code="bad_state")
        return journey

    def _check_issuer(self, answer: Mapping[str, str]) -> None:
        """RFC 9207: the answer comes from the provider that was asked."""
        needed = self._metadata().content.get("authorization_response_iss_parameter_supported", False)
        if answer.get("iss", None if needed else self._settings.issuer) != self._settings.issuer:
            raise RejectedError("the answer is not of the provider that was asked", code="bad_token")

    def _client(self) -> OAuth2Client:
        settings = self._settings
        return OAuth2Client(
            self._http, client_id=settings.client_id, client_secret=self._secret, scope=" ".join(settings.scopes),
            redirect_uri=self._redirect_uri, code_challenge_method="S256",
        )  # fmt: skip

    def _fetch(self, code: str, verifier: str) -> Mapping[str, Any]:
        metadata, client_id = self._metadata().content, self._settings.client_id
        basic = "client_secret_basic" in metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        auth: Any = httpx.BasicAuth(client_id, self._secret) if basic else _as_it_is
        extra = {} if basic else {"client_id": client_id, "client_secret": self._secret}
        try:
            found: Mapping[str, Any] = self._client().fetch_token(
                metadata["token_endpoint"], auth=auth, grant_type="authorization_code", code=code, code_verifier=verifier, **extra
            )
        except OAuth2Error as error:
            raise RejectedError("the provider takes the code no longer", code="bad_token") from error
        except (httpx.HTTPError, ValueError) as error:
            raise _unreachable() from error
        return found

    def _verified(self, token: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
        """The ID token's claims: signed by the provider, for us, for this journey, now."""
        settings = self._settings
        offered = self._metadata().content.get("id_token_signing_alg_values_supported", ["RS256"])
        signatures = [name for name in _SIGNATURES if name in offered]
        options: Any = {
            "iss": {"essential": True, "value": settings.issuer},
            "aud": {"essential": True, "value": settings.client_id},
            "sub": {"essential": True},
        }
        params = {"nonce": nonce, "client_id": settings.client_id, "access_token": token.get("access_token")}
        try:
            decoded = self._decoded(str(token.get("id_token", "")), signatures)
            claims = CodeIDToken(decoded.claims, decoded.header, options, params)
            claims.validate(int(time.time()), _LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError) as error:
            raise RejectedError("the identity provider's token does not verify", code="bad_token") from error
        found: Mapping[str, Any] = claims
        return found

    def _decoded(self, text: str, signatures: list[str], may_ask: Callable[[], bool] = lambda: True) -> jwt.Token:
        """Decode with the keys at hand; a key unknown to us may be new, and is asked for once, where that is permitted."""
        try:
            return jwt.decode(text, self._metadata().keys, algorithms=signatures)
        except (JoseError, ValueError):
            if not may_ask():
                raise
            self._known = self._asked()
            return jwt.decode(text, self._known.keys, algorithms=signatures)

    def _may_ask(self) -> bool:
        """Whether the provider may be asked for its keys again for what anybody can post: now and then, whatever comes."""
        with self._turn:
            now = time.monotonic()
            if self._asked_at is not None and now - self._asked_at < _BETWEEN_SECONDS:
                return False
            self._asked_at = now
            return True

    def _principal(self, claims: Mapping[str, Any]) -> Principal:
        settings = self._settings
        roles = self._roles.rights(claims)
        name = "".join(letter for letter in str(claims.get(settings.name_claim) or "") if letter.isprintable())
        person = person_key(self._key, next(iter(values_of(claims, settings.person_claim)), ""))
        return Principal(self._account(str(claims["sub"])), name[:_NAME_LENGTH] or "–", roles, person)

    def _metadata(self) -> _Metadata:
        known = self._known
        if known is None or not self._is_known():
            known = self._known = self._asked()
        return known

    def _is_known(self) -> bool:
        known = self._known
        return known is not None and time.monotonic() - known.at <= _METADATA_SECONDS

    def _asked(self) -> _Metadata:
        content = self._get(f"{self._settings.issuer.rstrip('/')}/.well-known/openid-configuration")
        if content.get("issuer") != self._settings.issuer:
            raise RejectedError("the provider calls itself by another name than login.oidc.issuer", code="bad_token")
        try:
            keys = KeySet.import_key_set(self._get(content["jwks_uri"]))
            missing = {"authorization_endpoint", "token_endpoint"} - set(content)
        except (KeyError, ValueError, JoseError) as error:
            raise _unreachable() from error
        if missing:
            raise _unreachable()
        return _Metadata(content, keys, time.monotonic())

    def _get(self, address: str) -> Any:
        try:
            answer = self._http.get(address)
            answer.raise_for_status()
            return answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise _unreachable() from error


def _as_it_is(request: httpx.Request) -> httpx.Request:
    return request


def _unreachable() -> RetriableError:
    return RetriableError("the identity provider does not answer as it should", code="provider")
