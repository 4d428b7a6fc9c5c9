"""Which letters are meant when all are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast

from hub.connect.letter_box import Filed, LetterBox, Look
from hub.connect.letters import Letter
from hub.connect.trying import choose

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)


def filed(number: int, *, tried_at: datetime | None = None) -> Filed:
    found = NOW - timedelta(days=100 - number)
    attempts = 0 if tried_at is None else 1
    return Filed("school", Letter(f"l{number}", found, "no_minutes", {}, 0, attempts=attempts, changed_at=tried_at))


class Box:
    """The letters that wait, oldest first, as a box gives them."""

    def __init__(self, *letters: Filed) -> None:
        self._letters = letters

    def letters(self, look: Look) -> list[Filed]:
        return [one for one in self._letters if not look.ids or one.letter.letter_id in look.ids]


def chosen(box: Box, *ids: str, limit: int = 2) -> tuple[list[str], int]:
    found, more = choose(cast("LetterBox", box), ids, Look(), limit, every=not ids)
    return [one.letter.letter_id for one in found], more


def test_of_all_letters_those_sent_again_in_vain_come_after_those_that_never_were() -> None:
    box = Box(filed(1, tried_at=NOW), filed(2, tried_at=NOW - timedelta(hours=1)), filed(3), filed(4))
    assert chosen(box) == (["l3", "l4"], 2)
    assert chosen(box, limit=9) == (["l3", "l4", "l2", "l1"], 0)


def test_letters_that_are_named_are_taken_whatever_happened_to_them_before() -> None:
    box = Box(filed(1, tried_at=NOW), filed(2), filed(3))
    assert chosen(box, "l1", "l2") == (["l1", "l2"], 0)
