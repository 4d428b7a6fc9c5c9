"""Why somebody is re-identified. On its own, because the command line names the purposes without loading the registry."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Purpose"]


class Purpose(StrEnum):
    """Why somebody is re-identified: a closed list. Values stand in the audit log for years and are never renamed."""

    TASK = "task"  # acting on a referral task that the team has opened
    CONSENT = "consent"  # completing or correcting a consent's form
    EXTRACT = "extract"  # answering a request for a register extract
    CORRECTION = "correction"  # a wrong number, a merge or a split
    AUTHORITY = "authority"  # a request for stored data, decided by a person, never in bulk
