"""How much that is new a lane has read, hour by hour: a source's pulse. It says nothing of anybody's consent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, update

from hub.connect.tables import news

__all__ = ["NEWS", "add_news", "newest_news", "news_since"]

NEWS = frozenset({"handled", "placed", "secured"})
"""Outcomes that say something new was read: none of them depends on anybody's consent."""
_KEPT = timedelta(days=8)


def add_news(connection: Connection, lane: str, now: datetime, counts: Mapping[tuple[str, str], int]) -> None:
    """Note what of these counts is new. Hours that are long past go, the last one in which there was something stays."""
    number = sum(records for (outcome, _), records in counts.items() if outcome in NEWS)
    if number <= 0:
        return
    hour = now.replace(minute=0, second=0, microsecond=0)
    same = (news.c.lane == lane) & (news.c.hour == hour)
    if connection.execute(update(news).where(same).values(records=news.c.records + number, last_at=now)).rowcount:
        return
    connection.execute(insert(news).values(lane=lane, hour=hour, records=number, last_at=now))
    connection.execute(delete(news).where((news.c.lane == lane) & (news.c.hour < hour - _KEPT)))


def newest_news(connection: Connection, lane: str) -> datetime | None:
    """When something new was read last; a UTC instant."""
    found: datetime | None = connection.scalar(
        select(news.c.last_at).where(news.c.lane == lane).order_by(news.c.hour.desc()).limit(1)
    )
    return found


def news_since(connection: Connection, lane: str, since: datetime) -> int:
    """Records in the hours that began at `since` or later."""
    query = select(func.coalesce(func.sum(news.c.records), 0)).where((news.c.lane == lane) & (news.c.hour >= since))
    return int(connection.scalar(query) or 0)
