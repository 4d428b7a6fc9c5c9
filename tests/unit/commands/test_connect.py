from __future__ import annotations

import json
from collections import Counter

from hub.commands.connect import _print_summary
from hub.connect.loop import Polled

RESULTS = {
    "statutory": Polled("ok", "", Counter({("secured", ""): 1})),
    "events": Polled("ok", "", Counter({("published", ""): 12, ("refused", "no_reference"): 1, ("unchanged", ""): 4})),
}


def test_small_counts_of_the_gate_are_not_shown(capsys) -> None:
    _print_summary(RESULTS, as_json=False)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["12", "published"] in lines
    assert ["<5", "refused:", "no_reference"] in lines
    assert ["<5", "unchanged"] in lines
    assert ["1", "secured"] in lines


def test_the_document_says_the_same(capsys) -> None:
    _print_summary(RESULTS, as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert document["statutory"]["counts"] == [{"outcome": "secured", "reason": "", "records": 1}]
    assert {"outcome": "refused", "reason": "no_reference", "records": "<5"} in document["events"]["counts"]


def test_a_poll_that_failed_says_why_and_what_to_do(capsys) -> None:
    for result, code, told in (
        ("stale", "stale_directory", "hub registry"),
        ("retry", "kafka", "hub up"),
        ("rejected", "other", ""),
    ):
        _print_summary({"events": Polled(result, code, Counter())}, as_json=False)
        first, *more = capsys.readouterr().out.splitlines()
        assert first == f"events: {result} ({code})"
        assert [told in line for line in more] == ([True] if told else [])
