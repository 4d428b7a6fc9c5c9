from __future__ import annotations

from datetime import UTC, datetime

from hub.contract.models import DeadLetter, Erasure, ErasureKind
from hub.contract.topics import ERASURES
from hub.registry.receipts import Receipts
from tests.unit.registry.support import Installation, MemoryReader, make_grant, make_identifier


def test_receipts_are_stored_then_committed_and_requests_pass_by(home: Installation) -> None:
    home.registry.grant(make_grant())
    home.registry.withdraw(make_identifier())
    home.relay.run_once()
    (request,) = home.sent(ERASURES.name)
    receipt = Erasure.model_validate({**request.model_dump(), "kind": ErasureKind.RECEIPT, "component": "worker"})
    reader = MemoryReader([home.incoming(message) for message in (request, receipt, receipt)])
    receipts = Receipts(home.registry, reader, home.codec.decode)
    assert receipts.run_once() == 2
    assert reader.commits == 1
    assert home.registry.erasure_status()[0].answered == ("worker",)
    assert receipts.run_once() == 0
    assert reader.commits == 1


def test_a_record_that_cannot_be_read_becomes_one_dead_letter_without_content(home: Installation) -> None:
    person = make_identifier()
    bad = home.incoming(b"\x01" + person.encode(), key=person)
    receipts = Receipts(home.registry, MemoryReader([bad]), home.codec.decode)
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
    assert home.kafka.published[-1].key is None
    assert person.encode() not in (home.kafka.published[-1].value or b"")
