"""Messages that steer the hub itself: rule markers, erasures and dead letters."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hub.contract.codes import ErasureKind
from hub.contract.fields import (
    Code,
    Count,
    Instant,
    Message,
    Revision,
    RulesContent,
    RulesVersion,
    Sha256,
    TopicName,
    Uuid,
    YouthRef,
)

__all__ = ["DeadLetter", "Erasure", "RuleMarker"]


class RuleMarker(Message):
    """Says in every partition which rule set is in force from here on.

    `content` is the set itself as canonical JSON, whose bytes `sha256` is the digest of; None: an older release wrote it.
    """

    version: RulesVersion
    sha256: Sha256
    activated_at: Instant
    content: RulesContent | None = None


class Erasure(Message):
    """A request to erase what is held of a reference, or one component's receipt that it has.

    `scope_id` narrows it to what that withdrawn scope alone covered. `awaits`: a team whose acknowledgement follows.
    """

    kind: ErasureKind
    erasure_id: Uuid
    youth_ref: YouthRef
    component: Code | None
    occurred_at: Instant
    scope_id: Uuid | None = None
    awaits: Code | None = None


class DeadLetter(Message):
    """Where a refused record stands and why; never its content."""

    origin_topic: TopicName
    origin_partition: Count
    origin_offset: Annotated[int, Field(ge=0, le=2**63 - 1)]
    stage: Code
    error_class: Code
    attempts: Revision
    occurred_at: Instant
