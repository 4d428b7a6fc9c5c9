"""A receiver with a ledger of its own, in memory: fails, crashes and refuses as it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.clock import ManualClock
from hub.connector import Delivered, Errand
from hub.delivery.dispatcher import Dispatcher
from hub.delivery.errands import ErrandWriter
from hub.delivery.inbox import Inbox
from hub.delivery.tables import ErrandRow
from tests.unit.delivery.make import Desk


class Crash(BaseException):
    """The process is gone."""


@dataclass
class Receiver:
    """What it has by identity, in the order of arrival. `answers`: what the next calls meet: an error before it takes the errand, or
    `after`: it takes the errand, and then this happens. Without one it takes it.
    """

    clock: ManualClock | None = None
    has: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[datetime | None, str]] = field(default_factory=list)
    answers: Iterator[BaseException | None] = field(default_factory=lambda: iter(()))
    after: Iterator[BaseException | None] = field(default_factory=lambda: iter(()))
    closed: int = 0

    def deliver(self, errand: Errand) -> Delivered:
        self.calls.append((self.clock.now() if self.clock else None, errand.identity))
        if (error := next(self.answers, None)) is not None:
            raise error
        known = errand.identity in self.has
        reference = self.has.setdefault(errand.identity, f"ref-{len(self.has) + 1}")
        if (error := next(self.after, None)) is not None:
            raise error
        return Delivered(reference, known)

    def close(self) -> None:
        self.closed += 1

    def states(self) -> dict[str, str]:
        """The last word of each task."""
        return dict(identity.split(":") for identity in self.has)


def with_sinks(desk: Desk, *sinks: str) -> Desk:
    """The desk's inbox, whose team has these sinks."""
    desk.inbox = Inbox(desk.engine, desk.codec, desk.clock, errands=ErrandWriter({"outreach": sinks}))
    return desk


def dispatching(
    desk: Desk, receiver: Receiver, name: str = "system", *, most_per_minute: int = 60_000, build: Callable | None = None, **more
) -> Dispatcher:
    return Dispatcher(
        desk.engine, name, build or (lambda: receiver), desk.clock, most_per_minute=most_per_minute, chance=lambda: 0.0, **more
    )


def errands(engine: Engine) -> list[ErrandRow]:
    with Session(engine, expire_on_commit=False) as session:
        return list(session.scalars(select(ErrandRow).order_by(ErrandRow.id)))


def stand(engine: Engine) -> list[tuple[str, str, str]]:
    return [(row.sink, row.state, row.status) for row in errands(engine)]


def always(error: BaseException) -> Iterator[BaseException]:
    while True:
        yield error


def then(*errors: BaseException | None) -> Iterator[BaseException | None]:
    yield from errors


def sent(receiver: Receiver, errands: Iterable[str] = ()) -> list[str]:
    return [identity.rpartition(":")[2] for _at, identity in receiver.calls]
