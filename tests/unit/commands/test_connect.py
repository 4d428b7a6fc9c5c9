from __future__ import annotations

import json
from collections import Counter

from hub.commands.connect import _print_summary
from hub.connect.loop import Polled

RESULTS = {
    "statutory": Polled("ok", "", Counter({("secured", ""): 1})),
    "events": Polled(
        "ok",
        "",
        Counter(
            {
                ("handled", ""): 17,
                ("published", ""): 12,
                ("refused", "no_reference"): 1,
                ("refused", "invalid_record"): 2,
                ("unchanged", ""): 4,
            }
        ),
    ),
}


def test_what_consent_decided_is_not_told_however_often_it_did(capsys) -> None:
    _print_summary(RESULTS, as_json=False)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ["statutory:", "ok"],
        ["1", "secured"],
        ["events:", "ok"],
        ["17", "handled"],
        ["2", "refused:", "invalid_record"],
    ]


def test_the_document_says_the_same(capsys) -> None:
    _print_summary(RESULTS, as_json=True)
    document = json.loads(capsys.readouterr().out)
    assert document["statutory"]["counts"] == [{"outcome": "secured", "reason": "", "records": 1}]
    assert [(one["outcome"], one["reason"], one["records"]) for one in document["events"]["counts"]] == [
        ("handled", "", 17),
        ("refused", "invalid_record", 2),
    ]


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
