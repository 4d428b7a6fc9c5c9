"""Every rule set that was ever in force, and when each came into force, by whom and why. No person is in it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from hub.registry.tables import Row

__all__ = ["RuleActivation", "RuleSetVersion"]


class RuleSetVersion(Row):
    """A rule set as canonical JSON. A version is one content for ever: episodes name it for years."""

    __tablename__ = "rule_set"

    version: Mapped[str] = mapped_column(String(64), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[str] = mapped_column(Text)
    kept_at: Mapped[datetime]


class RuleActivation(Row):
    """One time at which a version came into force; the greatest number is in force. `by`: an account, or `registry`."""

    __tablename__ = "rule_activation"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    version: Mapped[str] = mapped_column(ForeignKey("rule_set.version"))
    activated_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(64))
    note: Mapped[str] = mapped_column(String(200))
