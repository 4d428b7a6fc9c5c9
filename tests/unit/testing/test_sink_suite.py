"""A sink without a fault passes every case; one with one fault fails exactly the case that is about it."""

from __future__ import annotations

from typing import Any

import pytest

from hub.testing import SinkSuite
from tests.unit.testing import broken_sinks as broken
from tests.unit.testing.exemplary import make_connector


def failing(connector, folder, server) -> set[str]:
    suite = type("Suite", (SinkSuite,), {"connector": connector, "serve": lambda _suite, app: server.serve(app)})()
    failed = set()
    for number, name in enumerate(SinkSuite.cases()):
        (folder / str(number)).mkdir()
        try:
            getattr(suite, name)(folder / str(number))
        except AssertionError:
            failed.add(name)
    return failed


_TAKEN_BACK = ("test_a_task_that_is_taken_back_is_told_too", "test_trouble_at_the_receiver_is_retriable")
"""Who answers without asking the receiver does so in trouble too."""

FAULTS: list[tuple[str | tuple[str, ...], dict[str, Any]]] = [
    ("test_an_errand_arrives_once_however_often_it_is_handed_over", {"sink": broken.Numbering}),
    ("test_a_lost_answer_leaves_one", {"sink": broken.Remembering}),
    ("test_a_lost_answer_leaves_one", {"sink": broken.SigningIn}),
    ("test_a_lost_answer_leaves_one", {"sink": broken.LookingForTasksOnly}),
    ("test_trouble_at_the_receiver_is_retriable", {"sink": broken.Final}),
    ("test_trouble_at_the_receiver_is_retriable", {"sink": broken.LosingRecalls}),
    ("test_an_answer_that_drips_holds_nothing_up", {"sink": broken.Patient}),
    ("test_trouble_that_lasts_is_never_taken_for_delivered", {"sink": broken.GivingUp}),
    ("test_a_refusal_is_for_good", {"sink": broken.Stubborn}),
    ("test_a_wrong_secret_stops_delivery", {"sink": broken.Refused}),
    ("test_a_garbled_answer_is_no_foreign_error", {"sink": broken.Trusting}),
    (_TAKEN_BACK, {"sink": broken.Deaf}),
    (_TAKEN_BACK, {"sink": broken.NeverCancelling}),
    (("test_two_errands_stay_two", "test_a_refusal_is_for_good"), {"sink": broken.Lumping}),
    ("test_the_receivers_own_id_is_handed_back", {"sink": broken.Silent}),
    ("test_the_receivers_own_id_is_handed_back", {"sink": broken.Inventive}),
    ("test_no_person_and_no_secret_is_in_a_url_a_header_or_a_log", {"sink": broken.Naming}),
    ("test_no_person_and_no_secret_is_in_a_url_a_header_or_a_log", {"sink": broken.SecretInUrl}),
    ("test_no_person_and_no_secret_is_in_a_url_a_header_or_a_log", {"sink": broken.SecretInLog}),
    ("test_closing_lets_go_of_everything", {"sink": broken.Clinging}),
]


def test_a_sink_without_a_fault_passes_every_case(datasets, tmp_path, server) -> None:
    assert failing(make_connector(datasets), tmp_path, server) == set()


@pytest.mark.parametrize(("cases", "fault"), FAULTS, ids=[fault["sink"].__name__ for _, fault in FAULTS])
def test_a_fault_fails_exactly_its_case(datasets, tmp_path, server, cases: str | tuple[str, ...], fault) -> None:
    assert failing(make_connector(datasets, **fault), tmp_path, server) == ({cases} if isinstance(cases, str) else set(cases))


def test_every_case_has_a_fault_that_fails_it() -> None:
    assert {case for cases, _ in FAULTS for case in ([cases] if isinstance(cases, str) else cases)} == set(SinkSuite.cases())
