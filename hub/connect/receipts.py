"""Receipts of erasures: what this connector held of a withdrawn reference is gone."""

from __future__ import annotations

from hub.connect.ledger import Ledger
from hub.connect.ports import Encode, Publisher
from hub.contract.models import Erasure, ErasureKind
from hub.contract.topics import ERASURES

__all__ = ["send_receipts"]


def send_receipts(ledger: Ledger, publisher: Publisher, encode: Encode, connector: str) -> None:
    """Publish every receipt that waits, and forget it once Kafka has it. Raises RetriableError when Kafka may not."""
    receipts = ledger.receipts()
    if not receipts:
        return
    component = f"connector-{connector}"
    records = []
    for receipt in receipts:
        message = Erasure(
            kind=ErasureKind.RECEIPT,
            erasure_id=receipt.erasure_id,
            youth_ref=receipt.youth_ref,
            component=component,
            occurred_at=receipt.erased_at,
        )
        identity = f"{receipt.erasure_id}.{component}"
        records.append(encode(ERASURES, receipt.youth_ref, message, identity, receipt.erased_at))
    publisher.publish(records)
    ledger.receipts_sent(receipts)
