"""One POST for each errand, signed, under an idempotency key that stays."""

from __future__ import annotations

import binascii
import json
from datetime import UTC

import httpx
from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from connectors.fetching import retry_after_seconds
from connectors.webhook.config import WebhookConfig
from hub.connector import Delivered, Errand, SinkContext
from hub.errors import ConfigError, RejectedError, RetriableError
from hub.outward import guarded_client

__all__ = ["WebhookSink", "body_of"]

_OPERATION = "post"
_MOST_KEYS = 2  # the newest, and the one that it takes the place of
_FORM = "webhook: the secret `signing` must be whsec_ and Base64"
_AGAIN = frozenset({408, 425, 429})
_WRONG_PLACE = frozenset({401, 403, 404, 405, 410})


class WebhookSink:
    """Posts to one address. It tries once: whoever calls it waits and repeats.

    Guarantee: at least once, with one effect. `webhook-id` is the errand's identity, the same at every attempt and after every
    crash; Standard Webhooks asks receivers to take an id once. A receiver that does not has a task twice after a lost answer.
    """

    def __init__(self, config: WebhookConfig, context: SinkContext) -> None:
        self._url = config.url
        self._context = context
        self._http = guarded_client(timeout=config.timeout_seconds, allow_private=config.allow_private)

    def deliver(self, errand: Errand) -> Delivered:
        """As `Sink.deliver`. A receiver of webhooks names no id of its own; what else it says is not read, so that an answer that
        never ends, or that nobody can unpack, holds nothing up.

        408, 425, 429, 5xx and no answer: RetriableError. 401, 403, 404, 405, 410, a redirect and an address that leads to a
        private network: ConfigError, the address or the secret is wrong. Any other 4xx: RejectedError.
        """
        body = body_of(errand)
        status = 0
        try:
            with self._http.stream("POST", self._url, content=body.encode(), headers=self._headers(errand, body)) as response:
                status = response.status_code
        except httpx.TimeoutException as error:
            raise RetriableError("webhook: no answer in time", code="timeout") from error
        except httpx.TransportError as error:
            text = "webhook: the connection failed; it goes to the receiver itself, and through no proxy of the environment"
            raise RetriableError(text, code="unreachable") from error
        finally:
            self._context.observe_request(_OPERATION, status)
        _check(response)
        return Delivered()

    def close(self) -> None:
        """Release the connections."""
        self._http.close()

    def _headers(self, errand: Errand, body: str) -> dict[str, str]:
        now = self._context.now().astimezone(UTC)
        # Read at every attempt, so that a new secret needs no restart.
        keys = self._context.secret("signing").split()
        if not 1 <= len(keys) <= _MOST_KEYS:
            raise ConfigError(f"{_FORM}, or two of them with a space between", code="bad_secret")
        try:
            signatures = [Webhook(key).sign(errand.identity, now, body) for key in keys]
        except (EmptyWebhookSecretError, binascii.Error, ValueError):
            # `from None`: the cause may quote the secret.
            raise ConfigError(_FORM, code="bad_secret") from None
        return {
            "content-type": "application/json",
            "webhook-id": errand.identity,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }


def body_of(errand: Errand) -> str:
    """What the receiver is told: that a team has a task, how soon it must answer, and nothing of whom it is about or why.

    The same bytes at every attempt.
    """
    told = {
        "type": f"task.{errand.state}",
        "timestamp": errand.created_at.astimezone(UTC).isoformat(),
        "data": {
            "task_id": errand.task_id,
            "team": errand.team,
            "priority": errand.priority.value,
            "respond_by": errand.respond_by.astimezone(UTC).isoformat(),
        },
    }
    return json.dumps(told, separators=(",", ":"))


def _check(response: httpx.Response) -> None:
    status, code = response.status_code, f"status_{response.status_code}"
    if response.is_success:
        return
    if status in _AGAIN or status >= 500:
        raise RetriableError(f"webhook: answered {status}", code=code, retry_after=retry_after_seconds(response.headers))
    if status in _WRONG_PLACE or response.is_redirect:
        text = f"webhook: answered {status}; check the receiver's address and the secret `signing` that it shares"
        raise ConfigError(text, code=code)
    raise RejectedError(f"webhook: answered {status}", code=code)
