"""An outbox stands still when its oldest message has not left it for ten minutes, however much waits behind it."""

from __future__ import annotations

from prometheus_client import REGISTRY

from hub.standstill import Standstill


def stuck() -> float | None:
    return REGISTRY.get_sample_value("hub_outbox_stuck", {"outbox": "sample"})


def test_it_is_told_after_ten_minutes_and_no_more_when_the_oldest_has_left() -> None:
    seconds = [0.0]
    watch = Standstill("sample", lambda: seconds[0])
    told = []
    for at, pending, oldest in (
        (0, 0, None),
        (10, 1, 7),
        (609, 40, 7),
        (610, 41, 7),
        (611, 41, 8),
        (1300, 3, 8),
        (1301, 0, None),
    ):
        seconds[0] = float(at)
        watch.tell(pending, oldest)
        told.append(stuck())
        assert REGISTRY.get_sample_value("hub_outbox_pending", {"outbox": "sample"}) == pending
    assert told == [0, 0, 0, 1, 0, 1, 0]


def test_a_number_that_is_given_again_is_another_message() -> None:
    seconds = [0.0]
    watch = Standstill("sample", lambda: seconds[0])
    watch.tell(1, 1)
    for at in (300.0, 599.0, 900.0):
        seconds[0] = at
        watch.tell(1, 1, moved=True)
    assert stuck() == 0
