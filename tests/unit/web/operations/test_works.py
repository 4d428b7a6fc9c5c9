"""Long works that are watched: their beginner's alone, a few at once, forgotten after an hour."""

from __future__ import annotations

import threading

import pytest

from hub.errors import RejectedError, RetriableError
from hub.web.operations.works import Works


class Elapsed:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_is_over_soon_has_its_result_at_once_and_tells_how_far_it_came() -> None:
    works = Works()

    def task(advance) -> str:
        advance(7)
        return "done"

    work = works.begin("anna", task)
    assert (work.over.is_set(), work.done, work.result) == (True, 7, "done")
    assert works.find(work.number, "anna") is work
    with pytest.raises(RejectedError, match="no such work"):
        works.find(work.number, "bo")


def test_what_fails_says_why_and_what_nobody_expected_is_said_without_its_text() -> None:
    works = Works()

    def away(_advance) -> None:
        raise RetriableError("nobody answers", code="kafka")

    def strange(_advance) -> None:
        raise KeyError("20110315-9801")

    told = [works.begin("anna", task).failure for task in (away, strange)]
    assert [one.code if one else "" for one in told] == ["kafka", "unexpected"]
    assert "9801" not in str(told[1])


def test_only_a_few_run_at_once_and_what_runs_is_not_forgotten() -> None:
    elapsed, release = Elapsed(), threading.Event()
    works = Works(elapsed, soon_seconds=0.0)
    running = [works.begin("anna", lambda _advance: release.wait(10)) for _ in range(4)]
    with pytest.raises(RejectedError, match="several"):
        works.begin("bo", lambda _advance: None)
    elapsed.now = 4000.0
    assert works.find(running[0].number, "anna").over.is_set() is False
    release.set()
    for work in running:
        assert work.over.wait(10)
    elapsed.now = 9000.0
    with pytest.raises(RejectedError):
        works.find(running[0].number, "anna")


def test_of_many_that_are_over_the_oldest_goes() -> None:
    elapsed = Elapsed()
    works, numbers = Works(elapsed), []
    for second in range(11):
        elapsed.now = float(second)
        numbers.append(works.begin("anna", lambda _advance: None).number)
    with pytest.raises(RejectedError):
        works.find(numbers[0], "anna")
    assert works.find(numbers[1], "anna").over.is_set()
