"""What decoding one message costs, beside what it costs without the readers made for our schemas; figures to read, not bounds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.bench.contract.decode import measure

pytestmark = pytest.mark.bench


def test_decoding_a_message(report: Callable[[str], None]) -> None:
    found = measure(messages=1_000, rounds=5)
    report(
        ", ".join(
            f"{topic}: {each['codec']} µs, {each['ratio']} times less than {each['without']} µs (avro {each['avro']})"
            for topic, each in found.items()
        )
    )
    assert len(found) == 4
