from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.connect.revisions import History, assign
from hub.contract.topics import PLACE_EVENTS, SCHOOL_ABSENCES, Topic

TOLD_OF = datetime(2025, 5, 12, 17, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Item:
    content: str
    retracted: bool = False
    event_id: str = "e1"
    key: str = "y1"
    topic: Topic = SCHOOL_ABSENCES
    occurred_at: datetime | None = None
    withheld: bool = False

    def taking_back(self, occurred_at):
        return replace(self, content="retracted", occurred_at=occurred_at, withheld=False)


def revisions(plan) -> list[tuple[str, int, bool]]:
    return [(one.item.content, one.revision, one.repeated) for one in plan.sends]


def test_the_first_content_is_revision_one_and_a_repeat_says_nothing() -> None:
    plan = assign([Item("a"), Item("a")], {})
    assert revisions(plan) == [("a", 1, False)]
    assert plan.unchanged == 1


def test_every_consecutive_change_counts_even_a_change_back() -> None:
    assert revisions(assign([Item("a"), Item("b"), Item("a")], {})) == [("a", 1, False), ("b", 2, False), ("a", 3, False)]


def test_a_replay_of_intents_takes_the_same_revisions() -> None:
    pending = History(1, "a", {2: "b", 3: "c"})
    assert revisions(assign([Item("b"), Item("c")], {("e1", "y1"): pending})) == [("b", 2, True), ("c", 3, True)]


def test_other_content_after_a_crash_takes_a_higher_revision() -> None:
    assert revisions(assign([Item("c")], {("e1", "y1"): History(1, "a", {2: "b"})})) == [("c", 3, False)]


def test_going_back_to_the_acknowledged_content_after_a_crash_is_a_change() -> None:
    # Revision 2 may be on Kafka: to stay silent would leave it standing.
    assert revisions(assign([Item("a")], {("e1", "y1"): History(1, "a", {2: "b"})})) == [("a", 3, False)]


def test_a_retraction_of_what_was_never_said_says_nothing() -> None:
    assert assign([Item("gone", retracted=True)], {}).sends == ()


def test_a_retraction_of_what_may_have_been_said_is_published() -> None:
    assert revisions(assign([Item("gone", retracted=True)], {("e1", "y1"): History(0, "", {1: "a"})})) == [("gone", 2, False)]


@pytest.mark.parametrize(
    ("known", "content", "said"),
    [
        (History(), "b", []),
        (History(), "retracted", []),
        (History(3, "a"), "a", []),
        (History(3, "a"), "b", [("retracted", 4, False)]),
        (History(3, "a"), "retracted", [("retracted", 4, False)]),
        (History(4, "retracted"), "b", []),
        (History(0, "", {1: "a"}), "a", []),  # as the source has it, should it be on Kafka
        (History(0, "", {1: "a"}), "b", [("retracted", 2, False)]),
        (History(1, "a", {2: "b"}), "a", [("retracted", 3, False)]),
        (History(1, "a", {2: "retracted"}), "retracted", [("retracted", 2, True)]),
    ],
)
def test_what_is_withheld_takes_back_whatever_else_was_or_may_have_been_said(known, content, said) -> None:
    plan = assign([Item(content, withheld=True)], {("e1", "y1"): known})
    assert (revisions(plan), plan.unchanged) == (said, 0)


def test_a_first_word_is_taken_back_by_the_next_when_that_one_is_withheld() -> None:
    plan = assign([Item("a", occurred_at=TOLD_OF), Item("b", withheld=True), Item("c", withheld=True)], {})
    assert revisions(plan) == [("a", 1, False), ("retracted", 2, False)]
    assert plan.sends[1].item.occurred_at == TOLD_OF


def test_events_of_different_subjects_do_not_meet() -> None:
    plan = assign([Item("a"), Item("a", key="y2")], {})
    assert [one.revision for one in plan.sends] == [1, 1]


def test_the_revisions_of_an_event_count_on_over_its_places() -> None:
    known = {("e1", "x"): History(2, "a")}
    items = [Item("retracted", retracted=True, key="x", topic=PLACE_EVENTS), Item("a", key="y", topic=PLACE_EVENTS)]
    assert [one.revision for one in assign(items, known).sends] == [3, 4]
    crashed = {("e1", "x"): History(2, "a", {3: "retracted"}), ("e1", "y"): History(0, "", {4: "a"})}
    assert [(one.revision, one.repeated) for one in assign(items, crashed).sends] == [(3, True), (4, True)]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["ok", "lost", "sent"])), min_size=1, max_size=12))
def test_whatever_crashes_the_highest_revision_on_kafka_is_the_last_content(story) -> None:
    """Each step polls one content; it settles, or crashes before (`lost`) or after (`sent`) publishing and polls it again."""
    history = History()
    kafka: dict[int, str] = {}
    for content, fate in [*story, (story[-1][0], "ok")]:
        for attempt in (fate, "ok") if fate != "ok" else ("ok",):
            known = History(history.revision, history.content, dict(history.intents))
            plan = assign([Item(content)], {("e1", "y1"): known})
            for one in plan.sends:
                history.intents[one.revision] = content
                if attempt != "lost":
                    assert kafka.setdefault(one.revision, content) == content, "one revision, two contents"
                if attempt == "ok":
                    history = History(one.revision, content, {})
    assert kafka[max(kafka)] == story[-1][0]


def test_going_back_to_a_content_behind_which_another_may_be_on_kafka_takes_a_higher_revision() -> None:
    pending = {1: "a", 2: "b"}
    assert revisions(assign([Item("a")], {("e1", "y1"): History(0, "", dict(pending))})) == [("a", 3, False)]
    assert revisions(assign([Item("a", withheld=True), Item("a")], {("e1", "y1"): History(0, "", dict(pending))})) == [
        ("retracted", 3, False),
        ("a", 4, False),
    ]
    again = assign([Item("a")], {("e1", "y1"): History(0, "", {**pending, 3: "a"})})
    assert revisions(again) == [("a", 3, True)]
    assert again.overtaken == 2


def test_an_event_that_was_moved_and_moved_back_takes_a_revision_above_both() -> None:
    items = [Item("retracted", retracted=True, key="y", topic=PLACE_EVENTS), Item("a", key="x", topic=PLACE_EVENTS)]
    known = {("e1", "x"): History(0, "", {1: "a", 2: "retracted"}), ("e1", "y"): History(0, "", {3: "a"})}
    assert [(one.item.key, one.revision, one.repeated) for one in assign(items, known).sends] == [
        ("y", 4, False),
        ("x", 5, False),
    ]


words = st.lists(st.sampled_from("abc"), min_size=1, max_size=3)


@given(st.lists(st.tuples(words, st.sampled_from(["ok", "lost", "sent", "sent"])), min_size=1, max_size=8), words)
def test_whatever_is_not_acknowledged_the_highest_revision_on_kafka_is_the_last_word(story, end) -> None:
    """Nobody tries again: the source says something else, or the same, while what it said before may be on Kafka or not."""
    history = History()
    kafka: dict[int, str] = {}
    for contents, fate in [*story, (end, "ok")]:
        known = History(history.revision, history.content, dict(history.intents))
        plan = assign([Item(content) for content in contents], {("e1", "y1"): known})
        for one in plan.sends:
            history.intents[one.revision] = one.item.content
            if fate != "lost":
                assert kafka.setdefault(one.revision, one.item.content) == one.item.content, "one revision, two contents"
        again = assign([Item(content) for content in contents], {("e1", "y1"): replace(history, intents=dict(history.intents))})
        assert [one.revision for one in again.sends] == [one.revision for one in plan.sends]
        assert all(one.repeated for one in again.sends), "what is tried again and again adds nothing"
        if fate == "ok" and plan.sends:
            reached = plan.sends[-1].revision
            open_intents = {revision: content for revision, content in history.intents.items() if revision > reached}
            history = History(reached, plan.sends[-1].item.content, open_intents)
    assert kafka[max(kafka)] == end[-1]
