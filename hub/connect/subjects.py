"""The registry's subject service, as the intake reads it: HTTP, one agency, changes since a version."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from typing import Annotated

import httpx
from pydantic import AwareDatetime, Base64Bytes, BaseModel, ConfigDict, Field, ValidationError

from hub.connect.ports import Entry, Removed
from hub.contract.fields import Uuid, YouthRef
from hub.contract.models import InfoKind
from hub.errors import RetriableError
from hub.tls import trusted

__all__ = ["Changes", "SubjectFeed"]

_TIMEOUT_SECONDS = 10.0
_KEY_HEADER = "Hub-Agency-Key"
_KINDS = frozenset(InfoKind)


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)  # a newer registry may say more


class _Span(_Part):
    start: Annotated[AwareDatetime, Field(alias="from")]
    to: AwareDatetime


class _Row(_Part):
    youth_ref: YouthRef
    removed: bool = False
    erasure_id: Uuid | None = None
    subject_hashes: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")], ...] = ()
    link_key: Base64Bytes = b""
    kinds: tuple[str, ...] = ()
    spans: tuple[_Span, ...] = ()


class _Answer(_Part):
    version: Annotated[int, Field(ge=0)]
    keys: Annotated[tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{8}$")], ...], Field(min_length=1)]
    entries: tuple[_Row, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Changes:
    """What changed up to `version`: present entries by subject hash, removals, and the ids of the agency's valid keys.

    An entry has one hash for each identifier of the person under each valid key.
    """

    version: int
    etag: str
    present: dict[str, Entry]
    removed: tuple[Removed, ...]
    keys: tuple[str, ...] = ()


class SubjectFeed:
    """Fetches changes for one agency. `token` is read at every request, so that a new token needs no restart."""

    def __init__(self, base_url: str, agency: str, token: Callable[[], str], client: httpx.Client | None = None) -> None:
        self._agency_url = f"{base_url}/v1/agencies/{agency}"
        self._url = f"{self._agency_url}/subjects"
        self._token = token
        self._client = client or httpx.Client(timeout=_TIMEOUT_SECONDS, verify=trusted(), trust_env=False)

    def fetch(self, since: int, etag: str, key: str) -> Changes | None:
        """Changes after version `since`, or None when there are none (304). `key` is the id of the agency key used here.

        Raises RetriableError whenever the answer is not one: unreachable, `not_admitted` (401, 403: the operator has to
        look, and until then nothing is published) or unreadable. Its text holds a status at most.
        """
        headers = {"Authorization": f"Bearer {self._token()}", _KEY_HEADER: key, **({"If-None-Match": etag} if etag else {})}
        try:
            response = self._client.get(self._url, params={"since": since}, headers=headers)
        except httpx.HTTPError as error:
            raise RetriableError(f"the registry does not answer: {type(error).__name__}", code="registry") from error
        if response.status_code == 304:
            return None
        if response.status_code in (401, 403):
            text = f"the registry answers {response.status_code}: check keys/agency-*.token against the registry's"
            raise RetriableError(text, code="not_admitted")
        if response.status_code != 200:
            raise RetriableError(f"the registry answers {response.status_code}", code="registry")
        try:
            answer = _Answer.model_validate_json(response.content)
        except ValidationError:
            # `from None`: the cause would carry what the registry said.
            raise RetriableError("the registry's answer cannot be read", code="registry_answer") from None
        return _changes(answer, response.headers.get("etag", ""))

    def protect(self, youth_ref: str) -> None:
        """Say that this agency's system marks the person as protected. Raises RetriableError unless the registry took it."""
        headers = {"Authorization": f"Bearer {self._token()}"}
        try:
            response = self._client.post(f"{self._agency_url}/protected", json={"youth_ref": youth_ref}, headers=headers)
        except httpx.HTTPError as error:
            raise RetriableError(f"the registry does not answer: {type(error).__name__}", code="registry") from error
        if response.status_code != 202:
            raise RetriableError(f"the registry answers {response.status_code} to a marking", code="not_marked")

    def close(self) -> None:
        """Release connections."""
        self._client.close()


def _changes(answer: _Answer, etag: str) -> Changes:
    present: dict[str, Entry] = {}
    removed = []
    for row in answer.entries:
        if row.removed:
            present = {subject: entry for subject, entry in present.items() if entry.youth_ref != row.youth_ref}
            removed.append(Removed(row.youth_ref, row.erasure_id))
        else:
            present.update(dict.fromkeys(row.subject_hashes, _entry(row)))
    return Changes(answer.version, etag, present, tuple(removed), answer.keys)


def _entry(row: _Row) -> Entry:
    # A kind this version does not know is not consented as far as it can tell.
    kinds = frozenset(InfoKind(kind) for kind in row.kinds if kind in _KINDS)
    spans = tuple((span.start.astimezone(UTC), span.to.astimezone(UTC)) for span in row.spans)
    return Entry(row.youth_ref, row.link_key, kinds, spans)
