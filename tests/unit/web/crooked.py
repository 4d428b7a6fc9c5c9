"""An identity provider over HTTP that does everything right, unless a test asks it for one wrong thing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

CLIENT, SECRET = "hub", "s3cret"
CLAIMS = {"name": "Samordnare", "roles": ["Hub-Officers"], "teams": ["Team-SSPF", "Other"]}


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _nothing(claims: dict[str, Any]) -> dict[str, Any]:
    return claims


@dataclass
class Crooked:
    """`change` bends the ID token's claims, `sign` its signature, `metadata` what the provider says of itself."""

    url: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    change: Callable[[dict[str, Any]], dict[str, Any]] = _nothing
    sign: Callable[[dict[str, Any]], str] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._discovery),
                Route("/keys", self._keys),
                Route("/token", self._token, methods=["POST"]),
            ]
        )

    def authorise(self, address: str, **claims: Any) -> dict[str, str]:
        """What the browser comes back with, after somebody has signed in at `address`."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert address.startswith(f"{self.url}/authorize?")
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self.asked[code] = query | {"claims": claims}  # type: ignore[dict-item]
        return {"code": code, "state": query["state"], "iss": self.url}

    async def _discovery(self, request: Request) -> JSONResponse:
        self.fetched.append("discovery")
        return JSONResponse(
            {
                "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize", "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys", "id_token_signing_alg_values_supported": ["RS256"],
                "end_session_endpoint": f"{self.url}/end", "authorization_response_iss_parameter_supported": True,
            } | self.metadata
        )  # fmt: skip

    async def _keys(self, request: Request) -> JSONResponse:
        return JSONResponse(KeySet([self.key]).as_dict(private=False))

    async def _token(self, request: Request) -> JSONResponse:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        basic = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        by_form = (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        query = self.asked.pop(form.get("code", ""), None)
        challenge = _encoded(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        right = query is not None and challenge == query["code_challenge"] and form["redirect_uri"] == query["redirect_uri"]
        if not right or not (request.headers.get("authorization") == basic or by_form):
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        assert query is not None
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.url, "aud": CLIENT, "sub": "person-17", "iat": now, "exp": now + 300, "nonce": query["nonce"],
        }  # fmt: skip
        claims = self.change(claims | CLAIMS | dict(query["claims"]))
        signed = self.sign(claims) if self.sign else self.signed(claims, self.key)
        return JSONResponse({"token_type": "Bearer", "access_token": "opaque", "expires_in": 60, "id_token": signed})

    @staticmethod
    def signed(claims: dict[str, Any], key: Any, **header: Any) -> str:
        return jwt.encode({"alg": "RS256", "kid": "one"} | header, claims, key, algorithms=["RS256", "HS256"])

    def signed_by_a_stranger(self, claims: dict[str, Any]) -> str:
        return self.signed(claims, RSAKey.generate_key(2048, {"kid": "one"}))

    def unsigned(self, claims: dict[str, Any]) -> str:
        _, body, _ = self.signed(claims, self.key).split(".")
        header = _encoded(b'{"alg":"none"}')
        return f"{header}.{body}."

    def signed_with_the_public_key_as_a_secret(self, claims: dict[str, Any]) -> str:
        """The classic confusion: HS256 with what everybody knows."""
        _, body, _ = self.signed(claims, self.key).split(".")
        header = _encoded(b'{"alg":"HS256","kid":"one"}')
        made = hmac.new(self.key.as_pem(private=False), f"{header}.{body}".encode(), hashlib.sha256).digest()
        return f"{header}.{body}.{_encoded(made)}"

    def tampered(self, claims: dict[str, Any]) -> str:
        header, _, signature = self.signed(claims, self.key).split(".")
        _, body, _ = self.signed(claims | {"roles": ["Hub-Auditors"]}, self.key).split(".")
        return f"{header}.{body}.{signature}"


def come_back(client: httpx.Client, answer: dict[str, str]) -> httpx.Response:
    return client.get(f"/sign-in/return?{urlencode(answer)}")
