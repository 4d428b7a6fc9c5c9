"""Settings of a receiver that runs Support Management (Sundsvall's open-source errand system, API 15)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, StringConstraints

from hub.connector.addresses import SafeAddress

__all__ = ["SupportManagementConfig"]

Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Word = Annotated[str, StringConstraints(min_length=1, max_length=255, strip_whitespace=True)]


class SupportManagementConfig(BaseModel):
    """Where a team's errands are made and what they are called there. The OAuth 2 client secret is the secret `client-secret`.

    The names (category, type, statuses, group) must be known in the receiver's namespace: its administrator has them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: SafeAddress = Field(description="The API's root, what comes before /2281/NAMESPACE; https, except on this machine.")
    token_url: SafeAddress = Field(description="Where a token is fetched with client credentials (OAuth 2).")
    client_id: Word = Field(description="The hub's name at the token endpoint.")
    client_authentication: Literal["basic", "post"] = Field(
        "basic", description="How the client secret is given: in the header, or in the form."
    )
    scope: str = Field("", description="What the token is asked for; empty: the client's own.")
    municipality_id: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")] = Field(
        description="Four figures: 0581 is Norrköping, 2281 Sundsvall."
    )
    namespace: Code = Field(description="The receiver's part of the system.")
    category: Word = Field(description="The errands' category.")
    type: Word = Field(description="The errands' type, one of the category's.")
    status_new: Word = Field("NEW", description="The status of a new errand.")
    status_taken_back: Word = Field("CLOSED", description="The status of an errand whose task was recalled or cancelled.")
    assigned_group: Word | None = Field(None, description="The group that new errands are given to; none: nobody's yet.")
    reporter: Word = Field("hub", description="The user id that errands are reported by.")
    channel: Word = Field("HUB", description="The channel that errands are said to come by.")
    hub_url: SafeAddress | None = Field(None, description="The hub's start page, told in the errand's text.")
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = Field(
        10.0, description="How long one call may take, with its answer."
    )
    allow_private: tuple[IPvAnyNetwork, ...] = Field(
        (), description='Private networks that the addresses may lead to, as ["10.20.0.0/16"]; without, public addresses only.'
    )
