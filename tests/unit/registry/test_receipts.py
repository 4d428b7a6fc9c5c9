from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY

from hub.contract.ids import new_youth_ref
from hub.contract.models import DeadLetter, Erasure, ErasureKind
from hub.contract.topics import ERASURES
from hub.registry.receipts import Receipts
from tests.unit.registry.support import Installation, MemoryReader, make_grant, make_identifier

BOUND = timedelta(hours=100)


def test_receipts_are_stored_then_committed_and_requests_pass_by(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.withdraw(make_identifier())
    home.relay.run_once()
    (request,) = home.sent(ERASURES.name)
    receipt = Erasure.model_validate({**request.model_dump(), "kind": ErasureKind.RECEIPT, "component": "worker"})
    reader = MemoryReader([home.incoming(message) for message in (request, receipt, receipt)])
    receipts = Receipts(home.registry, reader, home.codec.decode, BOUND)
    assert receipts.run_once() == 2
    assert reader.commits == 1
    assert home.registry.erasure_status()[0].answered == ("worker",)
    assert receipts.run_once() == 0
    assert reader.commits == 1


def refused(code: str) -> float:
    labels = {"topic": ERASURES.name, "outcome": "dead_lettered", "reason": code}
    return REGISTRY.get_sample_value("hub_registry_messages_total", labels) or 0.0


def ask_and_answer(home: Installation) -> Erasure:
    """A receipt of the worker's that answers a withdrawal."""
    home.registry.grant(make_grant())
    home.registry.withdraw(make_identifier())
    home.relay.run_once()
    (request,) = home.sent(ERASURES.name)
    assert isinstance(request, Erasure)
    return request.model_copy(update={"kind": ErasureKind.RECEIPT, "component": "worker"})


@pytest.mark.parametrize(
    ("key", "code"),
    [(make_identifier(), "bad_key"), (None, "bad_key"), (new_youth_ref(), "key_mismatch")],
    ids=["an identifier", "none", "another youth's"],
)
def test_a_receipt_under_another_key_than_its_references_is_a_dead_letter_and_no_receipt(
    home: Installation, key: str | None, code: str
) -> None:
    receipt, before = replace(home.incoming(ask_and_answer(home)), key=None if key is None else key.encode()), refused(code)
    assert Receipts(home.registry, MemoryReader([receipt]), home.codec.decode, BOUND).run_once() == 0
    assert home.registry.erasure_status()[0].answered == ()
    home.relay.run_once()
    (letter,) = home.sent(f"{ERASURES.name}.dlq")
    assert isinstance(letter, DeadLetter)
    assert letter.error_class == code
    assert refused(code) == before + 1


def test_a_record_that_cannot_be_read_becomes_one_dead_letter_without_content(home: Installation) -> None:
    secret = make_identifier().encode()
    bad = home.incoming(b"\x01" + secret, key=new_youth_ref())
    receipts = Receipts(home.registry, MemoryReader([bad]), home.codec.decode, BOUND)
    assert receipts.run_once() == 0
    home.relay.run_once()
    (letter,) = home.sent(f"{ERASURES.name}.dlq")
    assert letter == DeadLetter(
        origin_topic=ERASURES.name,
        origin_partition=0,
        origin_offset=7,
        stage="registry",
        error_class="bad_magic",
        attempts=1,
        occurred_at=datetime(2025, 5, 19, 5, 30, tzinfo=UTC),
    )
    assert secret not in (home.kafka.published[-1].value or b"")


def test_a_refused_key_is_copied_nowhere(home: Installation) -> None:
    person = make_identifier()
    Receipts(home.registry, MemoryReader([home.incoming(b"\x01", key=person)]), home.codec.decode, BOUND).run_once()
    home.relay.run_once()
    assert home.kafka.published[-1].key is None
    assert person.encode() not in (home.kafka.published[-1].value or b"")


def test_a_record_that_is_read_twice_makes_the_same_dead_letter(home: Installation) -> None:
    bad = home.incoming(b"\x01", key=new_youth_ref())
    for _ in range(2):
        Receipts(home.registry, MemoryReader([bad]), home.codec.decode, BOUND).run_once()
    home.relay.run_once()
    assert [dict(record.headers)["ce_id"] for record in home.kafka.published] == [f"{ERASURES.name}:0:7:registry".encode()] * 2
