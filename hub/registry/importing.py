"""Many consents in one transaction: what is looked up is looked up once, and a bad row does not stop the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hub.errors import RejectedError
from hub.registry import protection
from hub.registry.granting import GrantRequest, read_grant
from hub.registry.grants import Checked, GrantRules, check, enter, know
from hub.registry.views import RowError, YouthView, row_error, view_youth
from hub.registry.work import Work

__all__ = ["grant_chunk"]


def grant_chunk(
    work: Work, start: int, chunk: Sequence[GrantRequest | Mapping[str, Any]], rules: GrantRules
) -> tuple[list[YouthView], list[RowError]]:
    """Register the rows of `chunk`, which follow `start` others; what was granted, and the refused rows in their order."""
    checked: list[tuple[int, Checked]] = []
    errors: list[RowError] = []
    views: list[YouthView] = []
    for number, row in enumerate(chunk, start=start + 1):
        try:
            request = row if isinstance(row, GrantRequest) else read_grant(row)
            checked.append((number, check(work, request, rules)))
        except RejectedError as error:
            errors.append(row_error(number, error))
    know(work, [row for _, row in checked])
    protection.look_up(work, [row.lookup for _, row in checked])
    for number, good in checked:
        try:
            if protection.divert(work, good):
                raise protection.refuse()
            youth, _ = enter(work, good)
            views.append(view_youth(youth))
        except RejectedError as error:
            errors.append(row_error(number, error))
    return views, sorted(errors, key=lambda error: error.row)
