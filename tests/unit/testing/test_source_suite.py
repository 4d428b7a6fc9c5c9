"""A connector without a fault passes every case; one with one fault fails exactly the case that is about it."""

from __future__ import annotations

import gc
import json
import logging
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from starlette.responses import JSONResponse
from starlette.routing import Route

from hub.connector import Batch, Document, Draft, StatutoryBatch, Unmapped
from hub.contract.models import InfoKind
from hub.errors import ConfigError, RejectedError, RetriableError
from hub.testing import SourceSuite, served
from tests.unit.testing.exemplary import (
    PAGE,
    Source,
    Statutory,
    build_simulator,
    checked,
    make_connector,
    one_server,
    write_datasets,
)


@pytest.fixture(scope="module", autouse=True)
def quick():
    """A case walks through all objects in memory to count records: those of before are none, and are left out."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="module")
def datasets(tmp_path_factory):
    return write_datasets(tmp_path_factory.mktemp("datasets"))


@pytest.fixture(scope="module")
def server():
    with one_server() as server:
        yield server


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


class Chatty(Source):
    def batches(self, cursor):
        said = False
        for batch in super().batches(cursor):
            said = True
            yield batch
        if not said and cursor is None and not self.rows(0):
            yield Batch([Unmapped("nothing_new", intentional=True)], {"after": 0})


class Doubling(Source):
    def batches(self, cursor):
        for batch in super().batches(cursor):
            yield Batch([*batch.records, *batch.records], batch.cursor)


class Naive(Source):
    def time(self, row):
        return super().time(row).replace(tzinfo=None)


class Shuffling(Source):
    """The second one ever built tells its first batch the other way round."""

    def __init__(self, config, context, built) -> None:
        super().__init__(config, context)
        built.append(self)
        self.turned = len(built) == 2

    def batches(self, cursor):
        for batch in super().batches(cursor):
            yield Batch(batch.records[:: -1 if self.turned and cursor is None else 1], batch.cursor)


class Skipping(Source):
    """After a restart it passes one over."""

    begun = False

    def batches(self, cursor):
        restarted, self.begun = not self.begun, True
        yield from super().batches({"after": 3} if restarted and cursor == {"after": 2} else cursor)


class Forgetful(Source):
    def batches(self, cursor):
        told = False
        for batch in super().batches(cursor):
            told = True
            yield batch
        if cursor and not told:
            yield from super().batches({"after": cursor["after"] - 1})


class Tupled(Source):
    def cursor(self, after):
        return {"after": after, "span": (1, after)}


class NamingInCursor(Source):
    def batches(self, cursor):
        for batch in super().batches(cursor):
            yield Batch(batch.records, batch.cursor | {"last": getattr(batch.records[-1], "person_id", "")})


class NamingInLog(Source):
    def record(self, row):
        logging.getLogger("connector").debug("read %s", row.get("person", "").replace("-", "")[2:])
        return super().record(row)


class NamingInUrl(Source):
    def record(self, row):
        self.http.get("/simulator/received", params={"of": row.get("person", "")})
        return super().record(row)


class Hasty(Source):
    def check(self, response):
        if response.status_code == 500:
            raise RejectedError("answered 500")
        return checked(response)


class Impatient(Source):
    def check(self, response):
        if response.status_code == 429:
            response.headers.pop("retry-after", None)
        return checked(response)


class Hurrying(Source):
    """Where a page does not come it goes on behind it."""

    def batches(self, cursor):
        after, begun = cursor["after"] if cursor else 0, False
        while True:
            try:
                rows = self.rows(after)
            except RetriableError:
                if not begun:
                    raise
                after += PAGE
                continue
            if not self.safe(rows):
                return
            begun, after = True, rows[-1]["seq"]
            yield Batch([self.record(row) for row in rows], self.cursor(after))


class EndingEarly(Source):
    """Takes trouble in the middle for the end."""

    def batches(self, cursor):
        begun = False
        try:
            for batch in super().batches(cursor):
                begun = True
                yield batch
        except RetriableError:
            if not begun:
                raise


class Trusting(Source):
    def read(self, response):
        return response.json()


class Swallowing(Source):
    def batches(self, cursor):
        for batch in super().batches(cursor):
            yield Batch([one for one in batch.records if not isinstance(one, Unmapped)], batch.cursor)


class Stumbling(Source):
    """A broken row takes its neighbours with it."""

    def batches(self, cursor):
        for batch in super().batches(cursor):
            broken = [one for one in batch.records if isinstance(one, Unmapped)]
            yield Batch(broken or batch.records, batch.cursor)


class Clinging(Source):
    def close(self):
        """Holds on."""


class Renaming(Source):
    def source_id(self, row):
        return f"absence-{row['id']}-{row['minutes']}"


class Keeping(Source):
    def record(self, row):
        return super().record({name: value for name, value in row.items() if name != "deleted"})


class Hoarding(Source):
    def batches(self, cursor):
        yield from list(super().batches(cursor))


class Reckless(Source):
    def safe(self, rows):
        return rows


class BackfillingLess(Source):
    def backfill(self, subjects, since, progress=None):
        yield from list(super().backfill(subjects, since, progress))[:1]


class BackfillingAnew(Source):
    """Does not go on behind the batch whose progress it is given: it ends there."""

    def backfill(self, subjects, since, progress=None):
        if progress is None:
            yield from super().backfill(subjects, since)


class Losing(Statutory):
    def batches(self, cursor):
        for batch in super().batches(cursor):
            yield StatutoryBatch(batch.messages, {"after": 0})


class Cutting(Statutory):
    def batches(self, cursor):
        for batch in super().batches(cursor):
            yield StatutoryBatch([replace(one, content=one.content[:40]) for one in batch.messages], batch.cursor)


class Choosing(Statutory):
    """Stores what names somebody."""

    def batches(self, cursor):
        for batch in super().batches(cursor):
            yield StatutoryBatch([one for one in batch.messages if b"person" in one.content], batch.cursor)


class Filling(Statutory):
    """Where a page does not come, one empty message stands for it."""

    def rows(self, after):
        try:
            return super().rows(after)
        except RetriableError:
            return [{"seq": after + 1}] if after else []


def gossiping(dataset, options):
    """A simulator that never answers the same twice."""
    app = build_simulator(dataset, options)
    (feed,) = (route for route in app.routes if isinstance(route, Route) and route.path == "/rows")
    endpoint: Callable[..., Any] = feed.endpoint

    async def answer(request):
        response = await endpoint(request)
        return JSONResponse({**json.loads(response.body), "nonce": secrets.token_hex(4)})

    app.router.routes.insert(0, Route("/rows", answer))
    return app


_CODED = frozenset({InfoKind.SCHOOL_ABSENCE, InfoKind.POLICE_NOTICE})


def stumbling(_config, _places, _now, content):
    """A reading that takes every message for a good one."""
    return Draft(subjects=((1, json.loads(content)["person"]),))


def gossiping_draft(_config, _places, _now, _content):
    """A reading that says whom a message is about where it is printed."""
    return Draft(subjects=((1, "20110315-9801"),), documents=(Document("a.pdf", "20110315-9801"),))


FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("test_an_empty_source_says_nothing", {"source": Chatty}),
    ("test_every_fact_is_told_once", {"source": Doubling}),
    ("test_records_are_of_the_declared_kinds", {"kinds": frozenset({InfoKind.POLICE_NOTICE})}),
    ("test_times_have_a_zone", {"source": Naive}),
    ("test_a_second_reading_tells_the_same", {"source": Shuffling}),
    ("test_reading_goes_on_from_every_cursor", {"source": Skipping}),
    ("test_who_is_caught_up_hears_nothing_new", {"source": Forgetful}),
    ("test_cursors_are_json_and_never_go_back", {"source": Tupled}),
    ("test_nobody_is_named_in_a_cursor_a_url_a_repr_or_a_log", {"source": NamingInCursor}),
    ("test_nobody_is_named_in_a_cursor_a_url_a_repr_or_a_log", {"source": NamingInLog}),
    ("test_nobody_is_named_in_a_cursor_a_url_a_repr_or_a_log", {"source": NamingInUrl}),
    ("test_trouble_at_the_server_is_retriable", {"source": Hasty}),
    ("test_trouble_at_the_server_is_retriable", {"source": Impatient}),
    ("test_trouble_in_the_middle_loses_nothing", {"source": Hurrying}),
    ("test_trouble_in_the_middle_loses_nothing", {"source": EndingEarly}),
    ("test_trouble_in_the_middle_loses_no_report", {"statutory": Filling}),
    ("test_every_message_is_stored_whatever_it_says", {"statutory": Choosing}),
    ("test_statutory_messages_are_whole_and_come_once", {"statutory": Cutting}),
    ("test_a_garbled_answer_is_an_error_of_the_hub", {"source": Trusting}),
    ("test_a_broken_record_is_refused_between_good_ones", {"source": Swallowing}),
    ("test_a_broken_record_is_refused_between_good_ones", {"source": Stumbling}),
    ("test_closing_lets_go_of_everything", {"source": Clinging}),
    ("test_a_correction_keeps_its_identity", {"source": Renaming}),
    ("test_what_is_taken_back_is_retracted", {"source": Keeping}),
    ("test_batches_are_told_one_by_one", {"source": Hoarding}),
    ("test_the_simulator_answers_the_same_twice", {"simulator": gossiping}),
    ("test_a_backfill_tells_all_of_a_person_and_goes_on", {"backfill": False}),
    ("test_a_backfill_tells_all_of_a_person_and_goes_on", {"source": BackfillingLess}),
    ("test_a_backfill_tells_all_of_a_person_and_goes_on", {"source": BackfillingAnew}),
    ("test_events_wait_for_the_statutory_store", {"source": Reckless}),
    ("test_statutory_messages_are_whole_and_come_once", {"statutory": Losing}),
    ("test_a_raw_message_is_read_for_whoever_codes_it", {"kinds": _CODED, "read_draft": stumbling}),
    ("test_a_raw_message_is_read_for_whoever_codes_it", {"kinds": _CODED, "read_draft": gossiping_draft}),
]


def fresh(fault: dict[str, Any]) -> dict[str, Any]:
    """Shuffling counts how many were built: anew for each case."""
    if fault.get("source") is not Shuffling:
        return fault
    built: list[Any] = []
    return {"source": lambda config, context: Shuffling(config, context, built)}


def test_a_connector_without_a_fault_passes_every_case(datasets, tmp_path, server) -> None:
    assert failing(lambda: make_connector(datasets), tmp_path, server) == set()


@pytest.mark.parametrize(("case", "fault"), FAULTS, ids=[f"{name[5:]}-{number}" for number, (name, _) in enumerate(FAULTS)])
def test_a_fault_fails_exactly_its_case(datasets, tmp_path, server, case: str, fault) -> None:
    assert failing(lambda: make_connector(datasets, **fresh(fault)), tmp_path, server) == {case}


def test_every_case_has_a_fault_that_fails_it() -> None:
    assert {case for case, _ in FAULTS} == set(SourceSuite.cases())


def test_a_waived_case_that_fails_says_why(datasets, tmp_path) -> None:
    waivers = {"test_every_fact_is_told_once": "this source tells everything twice, to be sure"}
    with pytest.raises(pytest.xfail.Exception, match="to be sure"):
        suite_of(make_connector(datasets, source=Doubling), waivers).test_every_fact_is_told_once(tmp_path)


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
