"""The API of a receiver that asks for a bearer token: one attempt for each call, since whoever delivers waits and repeats.

What the other side says is translated once, for all sinks:

    no answer, a timeout, 408, 425, 429, 5xx    RetriableError; `retry_after` when the other side named it
    401, 403, wrong client credentials          ConfigError; a token that was refused is fetched anew first, once
    404, 405, 410, a redirect                   ConfigError: the address, or what it names of the receiver, is wrong
    an address in a private network             ConfigError `private_address`, before anything is sent (`hub.outward`)
    400 and any other 4xx                       to a question ConfigError: every errand would be refused; else RejectedError
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import httpx

from connectors.fetching import Answer, Fetcher, Limits, Params
from connectors.tokens import ClientCredentials, TokenKeeper
from hub.connector import SinkContext
from hub.errors import ConfigError, RejectedError
from hub.outward import GuardedTransport, Network

__all__ = ["Receiver"]

_TOKEN_REFUSED = frozenset({"status_401", "status_403"})
_WRONG_PLACE = frozenset(f"status_{status}" for status in (301, 302, 303, 307, 308, 404, 405, 410))
_ANSWER_BYTES = 32 * 1024 * 1024


class Receiver:
    """Asks and tells under one token, at public addresses and in the networks of `allow_private`.

    `describe` gives the receiver's own error code from a refusal's body, never its texts.
    """

    def __init__(
        self,
        credentials: ClientCredentials,
        context: SinkContext,
        *,
        allow_private: Iterable[Network] = (),
        transport: httpx.BaseTransport | None = None,
        describe: Callable[[bytes], str] = lambda _content: "",
    ) -> None:
        transport = transport or GuardedTransport(tuple(allow_private))
        limits = Limits(timeout_seconds=credentials.timeout_seconds, body_bytes=_ANSWER_BYTES, attempts=1)
        self._fetcher = Fetcher(limits, context.observe_request, transport=transport, describe=describe)
        self._keeper = TokenKeeper(credentials, context, transport=transport)

    def ask(self, operation: str, url: str, params: Params, *, none: Sequence[int] = ()) -> Answer | None:
        """A GET's answer; None for a status of `none`, which says that there is no such thing."""
        try:
            return self._under_a_token(lambda headers: self._fetcher.get(operation, url, params=params, headers=headers))
        except RejectedError as error:
            if error.code in {f"status_{status}" for status in none}:
                return None
            raise ConfigError(
                f"{error}; check the receiver's address and names in the sink's settings", code=error.code
            ) from error

    def tell(self, method: str, operation: str, url: str, body: Any, headers: dict[str, str] | None = None) -> Answer:
        """A call that changes something at the receiver, with a JSON body."""
        try:
            return self._under_a_token(
                lambda bearer: self._fetcher.call(method, operation, url, headers={**bearer, **(headers or {})}, body=body)
            )
        except RejectedError as error:
            if error.code not in _WRONG_PLACE:
                raise
            raise ConfigError(f"{error}; check the receiver's address in the sink's settings", code=error.code) from error

    def close(self) -> None:
        """Release the connections."""
        self._fetcher.close()
        self._keeper.close()

    def _under_a_token(self, call: Callable[[dict[str, str]], Answer]) -> Answer:
        try:
            return call(self._bearer())
        except ConfigError as error:
            if error.code not in _TOKEN_REFUSED:
                raise
        self._keeper.forget()  # it may have been taken back before its time
        return call(self._bearer())

    def _bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._keeper.token()}", "Accept": "application/json"}
