"""Entries as callers make them."""

from __future__ import annotations

from typing import Any

from hub.audit.actions import Action
from hub.audit.entries import Actor, Entry, Subject, SubjectKind

CLERK = Actor("account-7f3a", unit="outreach", role="team_member")


def make_youth(number: int = 1) -> Subject:
    return Subject(SubjectKind.REFERENCE, f"y{number:032x}")


def make_task(number: int = 1) -> Subject:
    return Subject(SubjectKind.TASK, f"00000000-0000-5000-8000-{number:012x}")


def make_entry(number: int = 1, **values: Any) -> Entry:
    """A task opened, unless said otherwise; each number another task."""
    return Entry(**{"actor": CLERK, "action": Action.TASK_OPENED, "subject": make_youth(), "item": make_task(number), **values})
