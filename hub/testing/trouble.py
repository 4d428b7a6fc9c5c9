"""A source in trouble: one answer fails, at the first poll or at a later one, and nothing may come of it but delay."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from hub.connector import Batch, Cursor, Record, Unmapped
from hub.errors import HubError
from hub.testing.reading import stored
from hub.testing.serving import Fault, Watched, once, refusing
from hub.testing.world import World

__all__ = ["GARBLED", "Lane", "failure", "read_through_trouble", "server_of", "trouble_later"]

GARBLED = b'{"data": [{"id": "1", '
_MADE_UP = (
    "an answer of a later poll failed, and something was told that the source did not say, as if all were deleted: "
    "what was not answered is not gone; take back only what a whole answer takes back"
)
_SWALLOWED = (
    "an answer of a later poll failed, and the poll ended as if there were nothing new: let the error leave `batches`, "
    "so that the loop waits, asks again and an operator sees it"
)
_PASSED_OVER = (
    "an answer of a later poll failed, and what it would have held never came: the cursor of a batch may stand behind nothing "
    "that was not told up to that batch"
)
_MOST_PLACES = 8
_MOST_BATCHES = 200  # a source that goes on in trouble for ever has made up enough by then


@dataclass(frozen=True, slots=True)
class Lane:
    """One of a connector's ways in: how it is opened, and what is compared of what it tells."""

    opened: Callable[[], AbstractContextManager[Any]]
    told: Callable[[Iterable[Any]], set[Any]]


def server_of(world: World) -> Watched:
    """The simulator of a connector that has one."""
    assert world.server is not None, "the connector has no simulator to ask"
    return world.server


def failure(world: World) -> Exception | None:
    """What left a whole reading; an unreadable answer that was counted instead is as good as an error of the hub."""
    with world.source() as source:
        try:
            records = [record for batch in source.batches(None) for record in batch.records]
        except Exception as error:  # noqa: BLE001 -- whatever leaves a source is what the case asks about
            return error
    counted = [record for record in records if _is_refusal(record)]
    return HubError("counted", code="counted") if counted else None


def read_through_trouble(world: World, lane: Lane) -> None:
    """One answer fails, early, in the middle or last. The reading says so, or is whole; what it left comes with the next."""
    server = server_of(world)
    server.asked.clear()
    with lane.opened() as source:
        whole = lane.told(source.batches(None))
    asked = len(server.asked)
    for place in sorted({1, asked // 2, asked - 1} & set(range(asked))):
        server.fault = once(place, refusing(500), world.simulator())
        with lane.opened() as source:
            batches, failed = _as_far_as_it_goes(source, None)
            found = lane.told(batches)
            assert failed or whole <= found, "an answer failed, and the reading ended as if that were all"
            server.fault = None
            found |= lane.told(source.batches(_reached(batches, None)))
        assert whole <= found, "what an answer that failed would have held was passed over"


def trouble_later(world: World, lane: Lane, shown: str, fault: Fault) -> None:
    """`usual` was read to its end. Now the server fails every answer of a poll; then it holds `shown`, and fails one of them.

    A connector that reads files finds its folder gone instead.
    """
    with lane.opened() as source:
        cursor = _reached(list(source.batches(None)), None)
    _poll_in_vain(world, lane, cursor, fault)
    world.show(shown)
    if world.server is None:
        _poll_in_vain(world, lane, cursor, fault)
        return
    world.server.asked.clear()
    with lane.opened() as source:
        whole = lane.told(source.batches(cursor))
    for place in _spread(len(world.server.asked)):
        world.server.fault = once(place, fault, world.simulator())
        with lane.opened() as source:
            batches, failed = _as_far_as_it_goes(source, cursor)
            found = lane.told(batches)
            assert found <= whole, _MADE_UP
            assert failed or whole <= found, _SWALLOWED
            world.server.fault = None
            found |= lane.told(source.batches(_reached(batches, cursor)))
        assert whole <= found, _PASSED_OVER


def _poll_in_vain(world: World, lane: Lane, cursor: Cursor | None, fault: Fault) -> None:
    with lane.opened() as source:
        with _out_of_reach(world, fault):
            batches, failed = _as_far_as_it_goes(source, cursor)
        assert not lane.told(batches), _MADE_UP
        assert failed, _SWALLOWED


@contextmanager
def _out_of_reach(world: World, fault: Fault) -> Iterator[None]:
    if world.server is None:
        away = world.dataset.rename(world.dataset.with_name("away"))
        yield
        away.rename(world.dataset)
        return
    world.server.fault = fault
    yield
    world.server.fault = None


def _as_far_as_it_goes(source: Any, cursor: Cursor | None) -> tuple[list[Any], bool]:
    """What was told, and whether the reading said that something failed: by what left it, or by what it counted."""
    batches: list[Any] = []
    try:
        for batch in islice(source.batches(cursor), _MOST_BATCHES):
            batches.append(batch)  # noqa: PERF402 -- what was told before the error counts
    except Exception:  # noqa: BLE001 -- which error leaves is what other cases ask about
        return batches, True
    return batches, any(_is_refusal(record) for batch in batches if isinstance(batch, Batch) for record in batch.records)


def _is_refusal(record: Record) -> bool:
    return isinstance(record, Unmapped) and not record.intentional


def _reached(batches: list[Any], before: Cursor | None) -> Cursor | None:
    return stored(batches[-1].cursor) if batches else before


def _spread(asked: int) -> list[int]:
    """Places among so many answers: all of them, or as many as are played, evenly."""
    most = min(asked, _MOST_PLACES)
    return sorted({round(number * (asked - 1) / max(1, most - 1)) for number in range(most)})
