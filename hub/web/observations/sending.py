"""An observation → the local intake of a connector, signed as Standard Webhooks says; until then in memory alone."""

from __future__ import annotations

import binascii
import hashlib
import hmac
import json
import threading
from typing import Final

import httpx
from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from hub.clock import Clock
from hub.errors import ConfigError, InDoubtError, RejectedError, RetriableError
from hub.tls import trusted
from hub.web.observations.senders import Observation, Sender

__all__ = ["HttpIntake"]

_TIMEOUT: Final = httpx.Timeout(40, connect=3)  # an intake answers within thirty seconds, whatever is away behind it
_MOST_AT_ONCE = 12  # while Kafka is away each waits long, and the pages' threads are for everybody
_SAFE, _BROKEN_RULE, _NOT_SET_UP = 202, frozenset({413, 422}), frozenset({400, 401, 403, 404})
_NOT_TAKEN, _NOT_SAFE = frozenset({409, 429}), 503
_NOT_KEPT = frozenset({"withdrawn", "too_many_waiting"})  # of a 503: nothing of it will be sent
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class HttpIntake:
    """Passes on what the intake answers, when it answers: at whole beats, so that nobody can time a consent.

    Guarantee: one effect however often one form is sent. The same content from one showing goes under the same `webhook-id`, any
    other under another and the same `id`, which corrects it. It asks for what is not safe to be withdrawn: that something is not
    sent is said only where the intake says that it never will be, or never heard of it.
    """

    def __init__(self, clock: Clock, transport: httpx.BaseTransport | None = None, *, most: int = _MOST_AT_ONCE) -> None:
        # The way to this very machine leads through no proxy.
        self._client = httpx.Client(timeout=_TIMEOUT, transport=transport, trust_env=False, verify=trusted())
        self._clock = clock
        self._places = threading.Semaphore(most)

    def push(self, sender: Sender, observation: Observation) -> None:
        """As `Intake.push`."""
        body = _body(observation)
        answer = self._answer(sender, body, self._signed(sender, observation, body))
        status = answer.status_code
        if status == _SAFE:
            return
        if status in _BROKEN_RULE:
            raise RejectedError("the intake takes no such observation", code="refused")
        if status in _NOT_SET_UP:
            text = f"web.observations.senders.{sender.name}: its intake answers {status}: compare partner, secret and agency"
            raise ConfigError(text, code="intake_refuses")
        if status in _NOT_TAKEN or (status == _NOT_SAFE and _code(answer) in _NOT_KEPT):
            raise RetriableError("the intake did not take the observation", code="intake_not_safe")
        raise InDoubtError("the observation is not safe yet", code="intake_in_doubt")

    def _answer(self, sender: Sender, body: str, headers: dict[str, str]) -> httpx.Response:
        if not self._places.acquire(blocking=False):
            raise RetriableError("too many observations are being sent at once", code="too_many_sending")
        try:
            return self._client.post(sender.url, content=body, headers=headers)
        except _NEVER_LEFT:  # its request holds the body: not even as the cause of another
            raise RetriableError("the intake is not there", code="intake_away") from None
        except httpx.HTTPError:
            raise InDoubtError("the intake did not answer", code="intake_in_doubt") from None
        finally:
            self._places.release()

    def _signed(self, sender: Sender, observation: Observation, body: str) -> dict[str, str]:
        secret, now = sender.secret(), self._clock.now()
        said = f"{observation.showing}\x00{body}"
        push = f"{observation.number}.{hmac.new(secret.encode(), said.encode(), hashlib.sha256).hexdigest()[:16]}"
        try:
            signature = Webhook(secret).sign(push, now, body)
        except (EmptyWebhookSecretError, binascii.Error, ValueError):
            text = f"web.observations.senders.{sender.name}: the secret of its partner must be whsec_ and Base64"
            raise ConfigError(text, code="bad_secret") from None
        signed = {"webhook-id": push, "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}
        return signed | {"hub-if-not-safe": "withdraw"}


def _code(answer: httpx.Response) -> str:
    """What a refusal says by its code; of an answer that is none of the intake's, nothing."""
    try:
        told = answer.json()
    except ValueError:
        return ""
    return str(told.get("code", "")) if isinstance(told, dict) else ""


def _body(observation: Observation) -> str:
    """The same text for the same observation."""
    told = {
        "id": observation.number,
        "person": observation.person,
        "concern": observation.concern.value,
        "observed_at": observation.observed_at.isoformat(),
    }
    return json.dumps(told | ({"area": observation.area} if observation.area else {}), sort_keys=True)
