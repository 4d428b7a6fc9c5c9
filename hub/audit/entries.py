"""What a caller says of an access, and what stands in the log of it.

The log tells who did what and when, never about whom: a subject is written as HMAC-SHA256 under `keys/audit-subject.key`, by
its internal reference (a youth's row or reference, a task, a report), never by a name or a number. As long as the registry's
mapping stands, a person's register extract finds the entries: person → references → pseudonyms. Erasure destroys the mapping
and leaves the entries as they are: the log is kept for its years (HSLF-FS 2016:40 4 kap. 9 §) and a chain of hashes
admits no change; without the mapping nobody can tell whose they are, yet a reviewer still sees that one account opened the
same unknown subject again and again. Only the sealed vault, by four eyes, keeps a way from a person to them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hub.audit.actions import Action
from hub.errors import RejectedError

__all__ = ["SYSTEM", "Actor", "Entry", "Outcome", "Record", "Subject", "SubjectKind", "canonical_content", "pseudonym"]

_CODE = re.compile(r"[a-z0-9][a-z0-9_.:-]{0,63}\Z")
# Ten or twelve places that stand alone, with the letter of an interim number too.
_PERSONAL_NUMBER = re.compile(r"(?<![0-9a-z])(?:\d{2})?\d{6}[-+.:_]?[0-9a-z]\d{3}(?![0-9a-z])")
_PSEUDONYM_HEX = 40
_FORM = "hub-audit-1"


def _checked(name: str, value: str, *, needed: bool = False) -> None:
    if not value and not needed:
        return
    if not _CODE.match(value) or _PERSONAL_NUMBER.search(value):
        raise RejectedError(
            f"audit {name}: a code of a-z, 0-9 and _.:- that is no personal number, at most 64 characters", code="bad_audit_entry"
        )


@dataclass(frozen=True, slots=True)
class Actor:
    """Who: an account's opaque id (never a name or a number), the unit or team acted for, the role used.

    Raises RejectedError `bad_audit_entry` when one of them is no code: a programming fault, not the user's.
    """

    account: str
    unit: str = ""
    role: str = ""

    def __post_init__(self) -> None:
        _checked("account", self.account, needed=True)
        _checked("unit", self.unit)
        _checked("role", self.role)


SYSTEM = Actor("system")  # what the hub does by itself, at a birthday or an expiry


class SubjectKind(StrEnum):
    """What a subject's reference is a reference of; part of the pseudonym, so that two kinds never meet."""

    YOUTH = "youth"  # the registry's row (`youth_id`)
    REFERENCE = "reference"  # the bus' `youth_ref`
    TASK = "task"
    CASE = "case"  # of a cooperation
    ORDER = "order"  # of a service, without a person
    CONTACT = "contact"  # somebody who asks to be reached
    CONSENT = "consent"
    REPORT = "report"  # an entry of the statutory store
    DOCUMENT = "document"  # a document of the sealed vault
    ACCOUNT = "account"
    LETTER = "letter"  # a dead letter, by its own number
    PRESENCE = "presence"  # a planned presence, or an offer of it
    AGREEMENT = "agreement"  # with an association


@dataclass(frozen=True, slots=True)
class Subject:
    """About what, by internal reference; the log keeps a keyed pseudonym of it only."""

    kind: SubjectKind
    reference: str = field(repr=False)


class Outcome(StrEnum):
    PERMIT = "permit"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Entry:
    """One access or refusal. `subject` is the youth it is about, `item` the task, consent, report or document.

    `purpose` and `rule` are codes: why it was done, and which rule permitted or refused it.
    """

    actor: Actor
    action: Action
    subject: Subject | None = None
    item: Subject | None = None
    purpose: str = ""
    outcome: Outcome = Outcome.PERMIT
    rule: str = ""

    def __post_init__(self) -> None:
        _checked("purpose", self.purpose)
        _checked("rule", self.rule)


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the log as it is read. `position` counts from 1; `subject` and `item` are pseudonyms or empty; `at` is UTC."""

    position: int
    at: datetime
    account: str
    unit: str
    role: str
    action: str
    subject: str
    item: str
    purpose: str
    outcome: str
    rule: str


def canonical_content(*values: str) -> bytes:
    """The bytes under an entry's hash: a line of JSON in the order of the table's columns, its form fixed for ever.

    Where somebody made of a text a value of another type, they are no bytes of any entry that was ever written.
    """
    line = json.dumps([_FORM, *values], ensure_ascii=False, separators=(",", ":"), default=_no_text)
    return line.encode("utf-8", "surrogatepass")


def _no_text(value: object) -> dict[str, str]:
    return {"no text": repr(value)}


def pseudonym(key: bytes, subject: Subject | None) -> str:
    """What the log says instead of a reference; the same reference always gives the same."""
    if subject is None:
        return ""
    text = f"{subject.kind}\x00{subject.reference}".encode("utf-8", "surrogatepass")
    return "p" + hmac.new(key, text, hashlib.sha256).hexdigest()[:_PSEUDONYM_HEX]
