"""What the last attempt met is printed in words where its code is the source's answer."""

from __future__ import annotations

import pytest

from hub.commands.letter_texts import print_letter, print_preview, print_redriven
from hub.connect.letter_box import Filed
from hub.connect.letters import Letter
from hub.connect.trying import Tried
from tests.unit.connect.conftest import NOW


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("status_503", "did not answer then: hub dlq redrive again later"),
        ("status_403", "refused to answer then"),
        ("not_at_source", "does not show it any more"),
        ("no_minutes", ""),
    ],
)
def test_a_try_that_failed_says_why_and_what_to_do(code: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    filed = Filed("ss12000", Letter("l1", NOW, "no_minutes", {}, 0, attempts=1, result=code))
    for show in (lambda: print_letter(filed, None, as_json=False), lambda: print_redriven([filed], 0, as_json=False)):
        show()
        printed = capsys.readouterr().out
        assert f"{code} (the source {words}" in printed if words else f"{code}\n" in printed


@pytest.mark.parametrize("code", ["not_kept", "not_at_source", "corrected_since"])
def test_of_what_can_never_be_sent_again_a_preview_says_what_to_do_before_anybody_answers_yes(
    code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    filed = Filed("polisen", Letter("l1", NOW, "empty_body", {}, 0))
    print_preview([filed], {"l1": Tried((), code)}, 0, as_json=False)
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("       1  ")]
    assert line.startswith(f"       1  {code} (")
    assert "hub dlq discard" in line
