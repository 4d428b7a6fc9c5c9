"""The operations of the SDK API that the hub uses: list messages, get one, delete one. It has no way to send."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import quote

import httpx

from connectors.fetching import Answer, Fetcher, Limits, Params
from connectors.sdk.config import SdkConfig
from connectors.sdk.listing import Listed, parse_listing
from connectors.shallow import parse_shallow
from connectors.tokens import ClientCredentials, TokenKeeper
from hub.connector import SourceContext
from hub.errors import ConfigError, RejectedError, RetriableError

__all__ = ["SdkClient"]

_BASE64_GROWTH = 4 / 3
_METADATA_BYTES = 1024 * 1024
_REFUSED = frozenset({"status_401", "status_403"})
_GONE = frozenset({"status_202", "status_404", "status_410"})
"""How a deletion is answered that was taken, or is no longer needed; 202 (accepted) is no answer to any other call."""
_MAX_CODE = 64


class SdkClient:
    """Lists and gets. Errors: those of `connectors.fetching`, and RejectedError `malformed_listing`.

    A token that is refused twice is a RetriableError `unauthorized`, not a ConfigError: mandatory reports wait behind it, so
    the lane keeps asking while somebody puts the rights straight.
    """

    def __init__(
        self,
        config: SdkConfig,
        context: SourceContext,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._config = config
        limits = Limits(
            timeout_seconds=config.timeout_seconds,
            body_bytes=int(config.max_message_megabytes * 1024 * 1024 * _BASE64_GROWTH) + _METADATA_BYTES,
            attempts=config.attempts,
        )
        self._fetcher = Fetcher(limits, context.observe_request, transport=transport, sleep=sleep, describe=problem_code)
        credentials = ClientCredentials(
            token_url=config.token_url,
            client_id=config.client_id,
            scope=config.scope,
            authentication=config.client_authentication,
            timeout_seconds=config.timeout_seconds,
            attempts=config.attempts,
        )
        self._keeper = TokenKeeper(credentials, context, transport=transport, sleep=sleep)

    def list_messages(self) -> list[Listed]:
        """Every message in the inbox now, oldest first, each once, without its documents.

        The statuses are asked for in the order in which a message passes through them, so one that moves on between two
        requests is met in the later.
        """
        found: dict[str, Listed] = {}
        for status in self._config.statuses:
            params: Params = [("filter[messageStatus]", status)]
            if self._config.recipient:
                params.append(("filter[recipientAttention.subOrganization.extension]", self._config.recipient))
            answer = self._get("list", f"{self._config.base_url}/sdk/messages", params)
            for listed in parse_listing(answer.content, path_id=self._config.path_id):
                # A server that ignores the filter also shows what was sent from here; an unreadable status is no reason to pass.
                if listed.status is None or listed.status in self._config.statuses:
                    found.setdefault(listed.key, listed)
        return sorted(found.values(), key=lambda each: (each.created_text, each.key))

    def get_message(self, path_id: str) -> bytes:
        """One message with its documents, byte for byte as it came."""
        return self._get("get", f"{self._config.base_url}/sdk/messages/{quote(path_id, safe='')}", []).content

    def delete_message(self, path_id: str) -> None:
        """Ask for one message to be deleted; one that is gone is as good. Whether it may be is the caller's to know."""
        url = f"{self._config.base_url}/sdk/messages/{quote(path_id, safe='')}"
        try:
            self._again(lambda: self._fetcher.call("DELETE", "delete", url, headers=self._headers()))
        except RejectedError as error:
            if error.code not in _GONE:
                raise

    def close(self) -> None:
        """Release the connections."""
        self._fetcher.close()
        self._keeper.close()

    def _get(self, operation: str, url: str, params: Params) -> Answer:
        return self._again(lambda: self._fetcher.get(operation, url, params=params, headers=self._headers()))

    def _again(self, call: Callable[[], Answer]) -> Answer:
        """The call, and once more with a fresh token when it was refused."""
        try:
            return call()
        except ConfigError as error:
            if error.code not in _REFUSED:
                raise
        self._keeper.forget()
        try:
            return call()
        except ConfigError as error:
            if error.code not in _REFUSED:
                raise
            raise RetriableError(f"{error}", code="unauthorized") from error

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._keeper.token()}", "Accept": "application/json"}


def problem_code(content: bytes) -> str:
    """The `typeCode` of the first issue in an answer of type `Events`, or nothing; never its texts."""
    try:
        issue = parse_shallow(content)["eventIssues"][0]["typeCode"]
    except (ValueError, LookupError, TypeError):
        return ""
    plain = isinstance(issue, str) and len(issue) <= _MAX_CODE and issue.replace("_", "").isascii()
    return issue if plain and issue.replace("_", "").isalpha() else ""
