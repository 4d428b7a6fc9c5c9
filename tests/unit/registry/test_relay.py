from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from hub.contract.topics import CONSENTS
from hub.errors import RetriableError
from hub.lease import this_process
from hub.registry.relay import Relay
from tests.unit.registry.support import Installation, MemoryPublisher, make_grant, make_identifier


class StoppedEvent(threading.Event):
    """A stop event whose waits take no time, so that retries do not sleep."""

    def wait(self, timeout: float | None = None) -> bool:
        return False


def make_relay(home: Installation, publisher: MemoryPublisher, holder: str) -> Relay:
    return Relay(home.registry, publisher, StoppedEvent(), holder)


def pending() -> float | None:
    return REGISTRY.get_sample_value("hub_outbox_pending", {"outbox": "registry"})


def test_messages_go_out_once_in_order_keyed_with_cloud_event_headers(home: Installation) -> None:
    person = make_identifier()
    home.registry.grant(make_grant(person))
    home.registry.suspend(person)
    home.registry.withdraw(person)
    assert home.relay.run_once() == 4
    assert home.relay.run_once() == 0
    assert pending() == 0
    assert [record.version for record in home.sent()] == [1, 2, 3]
    first = home.kafka.published[0]
    headers = dict(first.headers)
    assert first.topic == CONSENTS.name
    assert (first.key or b"").decode() == home.sent()[0].youth_ref
    assert headers["ce_id"].decode() == f"{home.sent()[0].youth_ref}.1"
    assert headers["ce_source"] == b"/hub/registry"


def test_what_kafka_did_not_acknowledge_is_tried_again_and_nothing_is_served_meanwhile(home: Installation) -> None:
    home.registry.grant(make_grant())
    publisher = MemoryPublisher(failures=5)
    relay = make_relay(home, publisher, this_process())
    with pytest.raises(RetriableError):
        relay.run_once()
    assert home.told().entries == []
    publisher.failures = 4
    assert relay.run_once() == 1
    assert len(home.told().entries) == 1


def test_only_the_holder_of_the_lease_publishes_until_it_lets_go_or_falls_silent(home: Installation) -> None:
    publisher = MemoryPublisher()
    ours, theirs = (make_relay(home, publisher, f"elsewhere/{number}/x") for number in (1, 2))
    home.registry.grant(make_grant(make_identifier(1)))
    assert ours.run_once() == 1
    home.registry.grant(make_grant(make_identifier(2)))
    assert theirs.run_once() == 0
    home.clock.advance(timedelta(seconds=91))
    assert theirs.run_once() == 1
    home.registry.grant(make_grant(make_identifier(3)))
    assert ours.run_once() == 0
    theirs.release()
    assert ours.run_once() == 1


def test_the_lease_of_a_dead_process_of_this_machine_need_not_run_out(home: Installation) -> None:
    host, _, nonce = this_process().split("/")
    home.registry.grant(make_grant())
    gone = make_relay(home, MemoryPublisher(failures=9), f"{host}/{2**22 + 1}/{nonce}")
    with pytest.raises(RetriableError):
        gone.run_once()
    assert home.relay.run_once() == 1


def test_a_relay_that_lost_its_lease_while_it_tried_publishes_nothing_more(home: Installation) -> None:
    home.registry.grant(make_grant())
    publisher = MemoryPublisher(failures=1)
    slow, other = make_relay(home, publisher, "elsewhere/1/x"), make_relay(home, MemoryPublisher(), "elsewhere/2/x")

    def overtaken() -> None:
        home.clock.advance(timedelta(seconds=91))
        other.run_once()

    publisher.before = overtaken
    with pytest.raises(RetriableError) as caught:
        slow.run_once()
    assert caught.value.code == "lease_lost"
    assert publisher.published == []


def test_a_crash_after_publishing_repeats_the_same_records(home: Installation) -> None:
    home.registry.grant(make_grant())
    publisher = MemoryPublisher()
    crashed = make_relay(home, publisher, "elsewhere/1/x")
    # The publisher acknowledges, then the process is gone before it could mark anything.
    publisher.publish = lambda records: (publisher.published.extend(records), (_ for _ in ()).throw(KeyboardInterrupt))[1]  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        crashed.run_once()
    assert home.told().entries == []
    home.clock.advance(timedelta(seconds=91))
    home.relay.run_once()
    assert home.kafka.published == publisher.published
    assert len(home.told().entries) == 1
