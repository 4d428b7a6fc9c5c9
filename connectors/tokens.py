"""OAuth 2 client credentials (RFC 6749 §4.4): one token, used until shortly before it expires."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from connectors.fetching import retry_after_seconds
from connectors.shallow import parse_shallow
from hub.call_time import CallTime
from hub.connector import SinkContext, SourceContext
from hub.errors import ConfigError, RetriableError
from hub.tls import outward_client

__all__ = ["ClientCredentials", "TokenKeeper"]

_OPERATION = "token"
_MARGIN = timedelta(seconds=30)
_SHORTEST = timedelta(seconds=1)
_DEFAULT_SECONDS = 60.0
_LONGEST_SECONDS = 24 * 3600.0
_MAX_ANSWER = 64 * 1024
_REFUSED = frozenset({400, 401, 403})
"""RFC 6749 §5.2 answers wrong credentials and wrong scopes with 400 or 401; 403 is what some servers say."""


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """Where a token is fetched and as whom; the client's secret is the connector's secret `client-secret`.

    `timeout_seconds` and `attempts` bound one fetch; the seconds are those of a whole attempt. `refusal_stops`: wrong
    credentials are a ConfigError, for callers behind whom nothing waits that must not.
    """

    token_url: str
    client_id: str
    scope: str
    authentication: Literal["basic", "post"]
    timeout_seconds: float
    attempts: int
    refusal_stops: bool = False


class TokenKeeper:
    """Fetches a token when there is none that still holds.

    A refusal is a RetriableError `token_refused`, unless `refusal_stops`: mandatory reports may wait behind it, so the lane
    keeps asking while somebody puts the secret right.
    """

    def __init__(
        self,
        credentials: ClientCredentials,
        context: SourceContext | SinkContext,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._credentials = credentials
        self._context = context
        self._client = outward_client(timeout=credentials.timeout_seconds, transport=transport, reuse=False)
        self._sleep = sleep
        self._token = ""
        self._until: datetime | None = None

    def token(self) -> str:
        """A bearer token. Raises RetriableError, or ConfigError when there is no secret or a refusal stops."""
        if self._until is None or self._context.now() >= self._until:
            retrying = Retrying(
                retry=retry_if_exception_type(RetriableError),
                stop=stop_after_attempt(self._credentials.attempts),
                wait=wait_random_exponential(multiplier=1.0, max=20.0),
                sleep=self._sleep,
                reraise=True,
            )
            retrying(self._fetch)
        return self._token

    def forget(self) -> None:
        """Throw the token away: the other side refused it before its time."""
        self._until = None
        self._token = ""

    def close(self) -> None:
        """Release connections."""
        self._client.close()

    def _fetch(self) -> None:
        secret = self._context.secret("client-secret").strip()
        if not secret:
            raise ConfigError("the secret `client-secret` is empty", code="missing_secret")
        form = {"grant_type": "client_credentials"} | ({"scope": self._credentials.scope} if self._credentials.scope else {})
        basic: httpx.BasicAuth | None = httpx.BasicAuth(self._credentials.client_id, secret)
        if self._credentials.authentication == "post":
            form |= {"client_id": self._credentials.client_id, "client_secret": secret}
            basic = None
        status = 0
        try:
            response = self._answer(form, basic)
            status = response.status_code
        except httpx.HTTPError as error:
            raise RetriableError("the token endpoint does not answer", code="token_unreachable") from error
        finally:
            self._context.observe_request(_OPERATION, status)
        if status != 200:
            text = f"the token endpoint answered {status}: look at client_id, the secret `client-secret` and the scope"
            if self._credentials.refusal_stops and status in _REFUSED:
                raise ConfigError(text, code="token_refused")
            raise RetriableError(text, code="token_refused", retry_after=retry_after_seconds(response.headers))
        self._keep(response)

    def _answer(self, form: dict[str, str], basic: httpx.BasicAuth | None) -> httpx.Response:
        with CallTime(self._credentials.timeout_seconds) as call:
            request = self._client.build_request(
                "POST",
                self._credentials.token_url,
                data=form,
                headers={"Accept": "application/json"},
                extensions={"trace": call.saw},
            )
            return self._client.send(request, auth=basic)

    def _keep(self, response: httpx.Response) -> None:
        answer = _parsed(response)
        token = answer.get("access_token")
        if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
            raise RetriableError("the token endpoint's answer holds no token", code="token_refused")
        seconds = answer.get("expires_in", _DEFAULT_SECONDS)
        if not isinstance(seconds, int | float) or isinstance(seconds, bool):
            seconds = _DEFAULT_SECONDS
        lifetime = timedelta(seconds=min(max(seconds, 0.0), _LONGEST_SECONDS))
        self._token = token
        self._until = self._context.now() + max(lifetime - min(_MARGIN, lifetime / 2), _SHORTEST)


def _parsed(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = parse_shallow(response.content) if len(response.content) <= _MAX_ANSWER else None
    except ValueError:
        answer = None
    return answer if isinstance(answer, dict) else {}
