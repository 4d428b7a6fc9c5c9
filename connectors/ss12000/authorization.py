"""Which bearer token a request carries: the fixed one, or one that is fetched and renewed (OAuth 2 client credentials)."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

from connectors.ss12000.config import Ss12000Config
from connectors.tokens import ClientCredentials, TokenKeeper
from hub.connector import SourceContext
from hub.errors import ConfigError

__all__ = ["Authorization"]


class Authorization:
    """The standard asks for a bearer token (JWT) and does not say where it comes from; servers in the field do either.

    A fixed token is read again for every request, so that a renewed file needs no restart.
    """

    def __init__(
        self,
        config: Ss12000Config,
        context: SourceContext,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._secret = context.secret
        self._keeper: TokenKeeper | None = None
        if config.oauth is not None:
            credentials = ClientCredentials(
                token_url=config.oauth.token_url,
                client_id=config.oauth.client_id,
                scope=config.oauth.scope,
                authentication=config.oauth.client_authentication,
                timeout_seconds=config.timeout_seconds,
                attempts=config.attempts,
            )
            self._keeper = TokenKeeper(credentials, context, transport=transport, sleep=sleep)

    def token(self) -> str:
        """The token to send now. Raises ConfigError `bad_token` for a secret that is none, else what the keeper raises."""
        if self._keeper is not None:
            return self._keeper.token()
        token = self._secret("token").strip()
        if not token.isascii() or not token.isprintable() or not token:
            raise ConfigError("the secret `token` must be one line: the bearer token (JWT) of the source", code="bad_token")
        return token

    def renewed(self, refused: str) -> str | None:
        """Another token than the one that the source just refused with 401, or None when there is none to try."""
        if self._keeper is not None:
            self._keeper.forget()
        token = self.token()
        return token if token != refused else None

    def close(self) -> None:
        """Release connections."""
        if self._keeper is not None:
            self._keeper.close()
