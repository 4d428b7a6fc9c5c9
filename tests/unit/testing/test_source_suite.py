"""A connector without a fault passes every case; one with one fault fails exactly the case that is about it."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest

from hub.contract.models import InfoKind
from hub.errors import ConfigError
from hub.testing import SourceSuite, served
from tests.unit.testing import broken_sources as broken
from tests.unit.testing.exemplary import make_connector
from tests.unit.testing.indiscreet_sources import AskingById


@pytest.fixture(scope="module", autouse=True)
def quick():
    """A case walks through all objects in memory to count records: those of before are none, and are left out."""
    gc.collect()
    gc.freeze()


def suite_of(connector, waivers=None, serve=served) -> SourceSuite:
    words = {"connector": connector, "waivers": waivers or {}, "serve": lambda _suite, app: serve(app)}
    return type("Suite", (SourceSuite,), words)()


def failing(make: Callable[[], Any], folder, server) -> set[str]:
    """The cases that a connector fails; it is made anew for each."""
    failed = set()
    for number, name in enumerate(SourceSuite.cases()):
        (folder / str(number)).mkdir()
        try:
            getattr(suite_of(make(), serve=server.serve), name)(folder / str(number))
        except AssertionError:
            failed.add(name)
    return failed


_CODED = frozenset({InfoKind.SCHOOL_ABSENCE, InfoKind.POLICE_NOTICE})

_LATER = "test_trouble_at_a_later_poll_loses_nothing_and_takes_nothing_back"
_LATER_REPORT = "test_trouble_at_a_later_poll_loses_no_report"
_BACKFILL = "test_a_backfill_tells_all_of_a_person_and_goes_on"

_ONE_PERSON = "test_a_fact_stands_of_the_person_whom_it_is_about_now"

FAULTS: list[tuple[str | tuple[str, ...], dict[str, Any]]] = [
    ("test_an_empty_source_says_nothing", {"source": broken.Chatty}),
    ("test_every_fact_is_told_once", {"source": broken.Doubling}),
    ("test_records_are_of_the_declared_kinds", {"kinds": frozenset({InfoKind.POLICE_NOTICE})}),
    ("test_times_have_a_zone", {"source": broken.Naive}),
    ("test_a_second_reading_tells_the_same", {"source": broken.Shuffling}),
    ("test_reading_goes_on_from_every_cursor", {"source": broken.Skipping}),
    ("test_who_is_caught_up_hears_nothing_new", {"source": broken.Forgetful}),
    ("test_cursors_are_json_and_never_go_back", {"source": broken.Tupled}),
    ("test_no_person_and_no_secret_is_where_it_can_be_read", {"source": broken.NamingInCursor}),
    ("test_no_person_and_no_secret_is_where_it_can_be_read", {"source": broken.NamingInLog}),
    ("test_no_person_and_no_secret_is_where_it_can_be_read", {"source": broken.NamingInUrl}),
    ("test_trouble_at_the_server_is_retriable", {"source": broken.Hasty}),
    ("test_trouble_at_the_server_is_retriable", {"source": broken.Impatient}),
    (("test_trouble_in_the_middle_loses_nothing", _LATER), {"source": broken.Hurrying}),
    (("test_trouble_in_the_middle_loses_nothing", _LATER), {"source": broken.EndingEarly}),
    (("test_trouble_in_the_middle_loses_no_report", _LATER_REPORT), {"statutory": broken.Filling}),
    ("test_every_message_is_stored_whatever_it_says", {"statutory": broken.Choosing}),
    ("test_statutory_messages_are_whole_and_come_once", {"statutory": broken.Cutting}),
    ("test_a_garbled_answer_is_an_error_of_the_hub", {"source": broken.Trusting}),
    ("test_a_broken_record_is_refused_between_good_ones", {"source": broken.Swallowing}),
    ("test_a_broken_record_is_refused_between_good_ones", {"source": broken.Stumbling}),
    ("test_closing_lets_go_of_everything", {"source": broken.Clinging}),
    ("test_a_correction_keeps_its_identity", {"source": broken.Renaming}),
    ("test_what_is_taken_back_is_retracted", {"source": broken.Keeping}),
    ("test_batches_are_told_one_by_one", {"source": broken.Hoarding}),
    ("test_the_simulator_answers_the_same_twice", {"simulator": broken.gossiping}),
    (_BACKFILL, {"backfill": False}),
    ((_BACKFILL, "test_a_backfill_ends_where_the_source_stands"), {"source": broken.BackfillingLess}),
    (_BACKFILL, {"source": broken.BackfillingAnew}),
    ("test_a_backfill_asks_the_server_the_same_whomever_it_is_for", {"source": AskingById}),
    ("test_events_wait_for_the_statutory_store", {"source": broken.Reckless}),
    ("test_statutory_messages_are_whole_and_come_once", {"statutory": broken.Losing}),
    ("test_a_raw_message_is_read_for_whoever_codes_it", {"kinds": _CODED, "read_draft": broken.stumbling}),
    ("test_a_raw_message_is_read_for_whoever_codes_it", {"kinds": _CODED, "read_draft": broken.gossiping_draft}),
    ("test_what_comes_late_is_told", {"source": broken.ByTime}),
    ("test_a_report_that_comes_late_is_stored", {"statutory": broken.StoringByTime}),
    (_LATER, {"source": broken.SilentLater}),
    (_LATER, {"source": broken.TakingAllBack}),
    (_LATER, {"source": broken.TakingAllBackUnread}),
    (_LATER, {"source": broken.HurryingLater}),
    (_LATER_REPORT, {"statutory": broken.StoringSilentLater}),
    ("test_what_is_taken_back_is_retracted", {"source": broken.FirstPageOnly}),
    (("test_a_correction_keeps_its_identity", _ONE_PERSON), {"source": broken.FirstEditsOnly}),
    (_ONE_PERSON, {"source": broken.LeavingToBoth}),
    (_ONE_PERSON, {"source": broken.LeavingToBothLater}),
    (_ONE_PERSON, {"source": broken.TakingBackOfAll}),
    ("test_a_backfill_ends_where_the_source_stands", {"source": broken.BackfillingWhatStands}),
    ("test_a_broken_record_is_refused_between_good_ones", {"source": broken.Excusing}),
]


def _set_of(cases: str | tuple[str, ...]) -> set[str]:
    return {cases} if isinstance(cases, str) else set(cases)


def _named(fault: dict[str, Any]) -> str:
    return next((one.__name__ for one in fault.values() if callable(one)), "declared")


def fresh(fault: dict[str, Any]) -> dict[str, Any]:
    """Shuffling counts how many were built: anew for each case."""
    if fault.get("source") is not broken.Shuffling:
        return fault
    built: list[Any] = []
    return {"source": lambda config, context: broken.Shuffling(config, context, built)}


def test_a_connector_without_a_fault_passes_every_case(datasets, tmp_path, server) -> None:
    assert failing(lambda: make_connector(datasets), tmp_path, server) == set()


@pytest.mark.parametrize(
    ("cases", "fault"), FAULTS, ids=[f"{_named(fault)}-{number}" for number, (_, fault) in enumerate(FAULTS)]
)
def test_a_fault_fails_exactly_its_case(datasets, tmp_path, server, cases: str | tuple[str, ...], fault) -> None:
    assert failing(lambda: make_connector(datasets, **fresh(fault)), tmp_path, server) == _set_of(cases)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (broken.SilentLater, "let the error leave `batches`"),
        (broken.TakingAllBack, "what was not answered is not gone"),
        (broken.TakingAllBackUnread, "what was not answered is not gone"),
        (broken.HurryingLater, "the cursor of a batch may stand behind nothing that was not told"),
    ],
)
def test_trouble_at_a_later_poll_says_what_to_do(datasets, tmp_path, server, fault, told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        getattr(suite_of(make_connector(datasets, source=fault), serve=server.serve), _LATER)(tmp_path)


def test_every_case_has_a_fault_that_fails_it() -> None:
    assert {case for cases, _ in FAULTS for case in _set_of(cases)} == set(SourceSuite.cases())


def test_a_waived_case_that_fails_says_why(datasets, tmp_path) -> None:
    waivers = {"test_every_fact_is_told_once": "this source tells everything twice, to be sure"}
    with pytest.raises(pytest.xfail.Exception, match="to be sure"):
        suite_of(make_connector(datasets, source=broken.Doubling), waivers).test_every_fact_is_told_once(tmp_path)


def test_a_waiver_for_a_case_that_passes_is_to_be_taken_out(datasets, tmp_path) -> None:
    waivers = {"test_every_fact_is_told_once": "this source tells everything twice, to be sure"}
    with pytest.raises(AssertionError, match="take the waiver out"):
        suite_of(make_connector(datasets), waivers).test_every_fact_is_told_once(tmp_path)


@pytest.mark.parametrize(
    "waivers", [{"test_nothing": "there is no such case, and never was"}, {"test_every_fact_is_told_once": ""}]
)
def test_a_waiver_for_no_case_or_without_a_reason_is_refused(datasets, waivers) -> None:
    with pytest.raises(ConfigError) as raised:
        suite_of(make_connector(datasets), waivers)
    assert raised.value.code == "unknown_waiver"


def test_a_connector_without_a_trial_is_told_to_bring_one(datasets, tmp_path) -> None:
    with pytest.raises(ConfigError) as raised:
        suite_of(make_connector(datasets, trial=None)).test_every_fact_is_told_once(tmp_path)
    assert raised.value.code == "no_trial"


def test_a_dataset_that_is_missing_is_named(tmp_path) -> None:
    with pytest.raises(ConfigError, match="no dataset 'usual'"):
        suite_of(make_connector(tmp_path)).test_every_fact_is_told_once(tmp_path)
