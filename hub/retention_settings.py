"""How long each kind of data is kept: the municipality's decision (gallringsbeslut), in days from when its purpose was done."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["RetentionSettings"]

_Days = Annotated[int, Field(ge=0, le=36_500)]


class RetentionSettings(BaseModel):
    """0: of this kind nothing is let go of by `hub retention run`.

    `task_days`: what an ended task said, and whom it was about; that there was one, and how it ended, stays without either.
    `note_days`: notes on ended tasks. `errand_days`: what teams' systems were told of ended tasks, after they took all of it.
    `move_days`: who did what with a task or a case whose content has gone, who was called for it and which team opened it.
    `colleague_days`: what an account of a team is called, after it was last seen. `case_days`: what a closed case of a
    cooperation said. `outcome_days`: the numbers of a closed case, tied to nobody, after the year that they count in.
    `order_days`: orders of a service that have ended. `presence_days`: presence in areas that is over and reported.
    `report_days`: originals of mandatory
    reports, after the receiver's case system registered them; who said so, when and under which number stays sealed.
    `protected_case_days`: cases of the manual lane, after their outcome was recorded. What else is kept has its times
    elsewhere: `[journal]`, `[audit]`, `[erasure]`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    task_days: _Days = 90
    note_days: _Days = 90
    errand_days: _Days = 90
    move_days: _Days = 730
    colleague_days: _Days = 365
    case_days: _Days = 365
    outcome_days: _Days = 1826
    order_days: _Days = 730
    presence_days: _Days = 730
    report_days: _Days = 90
    protected_case_days: _Days = 90
