from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.observations import connector
from hub.connector import PersonRecord, PlaceRecord, Unmapped, load_connector
from hub.contract.models import RiskConcern
from hub.errors import RetriableError
from hub.testing import MemoryPlaces
from tests.unit.connectors.observations.make import (
    EST_HEADER,
    HEADER,
    NOW,
    OTHER_PERSON,
    PERSON,
    make_row,
    make_source,
    pull,
    write,
)


def test_the_connector_is_found_by_its_name():
    assert load_connector("observations") is connector


def test_files_are_read_and_left_as_they_are(tmp_path):
    path = write(tmp_path, "a.csv", [HEADER, make_row("obs-1"), make_row("obs-2", OTHER_PERSON)])
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    records, cursor = pull(make_source(tmp_path))
    assert [record.person_id for record in records] == [PERSON, OTHER_PERSON]
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert pull(make_source(tmp_path), cursor)[0] == []


def test_the_cursor_names_nobody_and_no_row(tmp_path):
    write(tmp_path, "fältgruppen.csv", [HEADER, make_row("obs-1")])
    text = json.dumps(pull(make_source(tmp_path))[1])
    assert not any(word in text for word in (PERSON, "9800", "obs-1", "gruppen"))


def test_a_corrected_row_keeps_its_identity(tmp_path):
    source = make_source(tmp_path)
    write(tmp_path, "a.csv", [HEADER, make_row("obs-1")], age_seconds=500)
    (before,), cursor = pull(source)
    write(tmp_path, "a.csv", [HEADER, make_row("obs-1", concern="conflict")], age_seconds=400)
    (after,), _ = pull(source, cursor)
    assert before.source_id == after.source_id
    assert (after.body.concern, after.retracted) == (RiskConcern.CONFLICT, False)


@pytest.mark.parametrize("restarted", [False, True])
def test_a_row_that_a_new_export_leaves_out_is_retracted(tmp_path, restarted):
    source = make_source(tmp_path)
    write(tmp_path, "a.csv", [HEADER, make_row("obs-1"), make_row("obs-2", OTHER_PERSON)], age_seconds=500)
    first, cursor = pull(source)
    if restarted:
        source = make_source(tmp_path)
        assert pull(source, cursor)[0] == []
    write(tmp_path, "a.csv", [HEADER, make_row("obs-1")], age_seconds=400)
    records, after = pull(source, cursor)
    assert [(record.source_id, record.person_id, record.retracted) for record in records] == [
        (first[0].source_id, PERSON, False),
        (first[1].source_id, OTHER_PERSON, True),
    ]
    assert pull(source, after)[0] == []


def test_a_retraction_is_told_again_until_its_cursor_is_stored(tmp_path):
    source = make_source(tmp_path)
    write(tmp_path, "a.csv", [HEADER, make_row("obs-1"), make_row("obs-2")], age_seconds=500)
    cursor = pull(source)[1]
    write(tmp_path, "a.csv", [HEADER, make_row("obs-1")], age_seconds=400)
    once, again = pull(source, cursor)[0], pull(source, cursor)[0]
    assert once == again
    assert [record.retracted for record in once if isinstance(record, PersonRecord)] == [False, True]


def test_a_row_lost_while_no_process_ran_is_taken_back_of_whomever_it_was_told_of(tmp_path):
    write(tmp_path, "a.csv", [HEADER, make_row("obs-1"), make_row("obs-2")], age_seconds=500)
    first, cursor = pull(make_source(tmp_path))
    write(tmp_path, "a.csv", [HEADER, make_row("obs-1")], age_seconds=400)
    asides = [(one.source_ids, one.but_of) for batch in make_source(tmp_path).batches(cursor) for one in batch.asides]
    assert ((first[1].source_id,), "") in asides


def test_a_row_that_moved_to_another_file_is_not_retracted(tmp_path):
    source = make_source(tmp_path)
    write(tmp_path, "a.csv", [HEADER, make_row("obs-1"), make_row("obs-2")], age_seconds=500)
    write(tmp_path, "b.csv", [HEADER, make_row("obs-2")], age_seconds=450)
    cursor = pull(source)[1]
    write(tmp_path, "a.csv", [HEADER, make_row("obs-1")], age_seconds=400)
    assert not any(record.retracted for record in pull(source, cursor)[0])


def test_weekly_rows_are_retracted_even_after_a_restart(tmp_path):
    write(tmp_path, "est.csv", [EST_HEADER, "2025-W20;Hageby;disorder;3", "2025-W20;City;theft;1"], age_seconds=500)
    first, cursor = pull(make_source(tmp_path))
    write(tmp_path, "est.csv", [EST_HEADER, "2025-W20;Hageby;disorder;3"], age_seconds=400)
    records, _ = pull(make_source(tmp_path), cursor)
    gone = [record for record in records if isinstance(record, PlaceRecord) and record.retracted]
    assert [record.source_id for record in gone] == [first[1].source_id]


def test_reports_of_several_parties_count_side_by_side(tmp_path):
    write(tmp_path, "est.csv", [EST_HEADER, "2025-W20;Hageby;disorder;3", "2025-W20;Hageby;disorder;2"])
    records, _ = pull(make_source(tmp_path))
    assert [record.body.incidents for record in records] == [3, 2]
    assert len({record.source_id for record in records}) == 2


def test_an_id_used_twice_of_one_child_is_refused_the_second_time(tmp_path):
    write(tmp_path, "a.csv", [HEADER, make_row("obs-1"), make_row("obs-1")])
    records, _ = pull(make_source(tmp_path))
    assert [isinstance(record, PersonRecord) for record in records] == [True, False]
    assert records[1] == Unmapped("duplicate_row_id", intentional=False)


def test_a_file_that_leaves_takes_nothing_back_and_is_forgotten_in_time(tmp_path):
    path = write(tmp_path, "a.csv", [HEADER, make_row("obs-1")])
    cursor = pull(make_source(tmp_path))[1]
    path.unlink()
    records, gone = pull(make_source(tmp_path), cursor)
    assert (records, len(gone["files"])) == ([], 1)
    assert list(make_source(tmp_path).batches(gone)) == []
    later = make_source(tmp_path, now=NOW + timedelta(days=130))
    assert pull(later, gone)[1]["files"] == {}


def test_a_file_that_comes_back_shorter_retracts(tmp_path):
    source = make_source(tmp_path)
    path = write(tmp_path, "est.csv", [EST_HEADER, "2025-W20;City;theft;1", "2025-W20;City;fire;1"], age_seconds=500)
    cursor = pull(source)[1]
    path.unlink()
    cursor = pull(source, cursor)[1]
    write(tmp_path, "est.csv", [EST_HEADER, "2025-W20;City;theft;1"], age_seconds=400)
    assert [record.retracted for record in pull(source, cursor)[0]] == [False, True]


def test_a_large_file_goes_on_in_its_middle(tmp_path):
    write(tmp_path, "a.csv", [HEADER, *[make_row(f"obs-{number}") for number in range(25)]])
    batches = list(make_source(tmp_path, batch_rows=10).batches(None))
    assert [len(batch.records) for batch in batches] == [10, 10, 5]
    rest, _ = pull(make_source(tmp_path, batch_rows=10), batches[1].cursor)
    assert rest == list(batches[2].records)


def test_a_file_changed_in_its_middle_is_read_from_its_beginning(tmp_path):
    write(tmp_path, "a.csv", [HEADER, *[make_row(f"obs-{number}") for number in range(5)]], age_seconds=500)
    first = next(iter(make_source(tmp_path, batch_rows=2).batches(None)))
    write(tmp_path, "a.csv", [HEADER, *[make_row(f"obs-{number}") for number in range(6)]], age_seconds=400)
    assert len(pull(make_source(tmp_path), first.cursor)[0]) == 6


def test_a_file_written_to_while_it_is_read_is_not_counted_as_done(tmp_path):
    path = write(tmp_path, "a.csv", [HEADER, *[make_row(f"obs-{number}") for number in range(4)]])
    more = make_row("obs-9").encode() + b"\n"

    class Writing(MemoryPlaces):
        def area_code(self, name, at=None):
            path.write_bytes(path.read_bytes().removesuffix(more) + more)
            return super().area_code(name, at)

    source = make_source(tmp_path, places=Writing(), batch_rows=2)
    with pytest.raises(RetriableError) as caught:
        next(source.batches(None))  # not even its first rows are told
    assert caught.value.code == "file_changed"


def test_a_refused_file_is_counted_once_and_holds_up_nothing(tmp_path):
    write(tmp_path, "20120314-9800.csv", [HEADER, make_row("obs-7")])
    write(tmp_path, "strange.csv", ["a;b", "1;2"])
    write(tmp_path, "good.csv", [HEADER, make_row("obs-1")])
    source = make_source(tmp_path)
    records, cursor = pull(source)
    assert sorted(record.reason for record in records if isinstance(record, Unmapped)) == ["bad_file_name", "unknown_columns"]
    assert sum(isinstance(record, PersonRecord) for record in records) == 1
    assert pull(source, cursor)[0] == []


def test_an_inbox_that_is_not_there_is_tried_again(tmp_path):
    with pytest.raises(RetriableError):
        pull(make_source(tmp_path / "missing"))


ROWS = st.dictionaries(st.integers(0, 5), st.sampled_from(["recruitment", "conflict", "runaway"]), min_size=1, max_size=6)


@given(exports=st.lists(ROWS, min_size=1, max_size=5), restarts=st.sets(st.integers(0, 5)))
def test_what_was_told_and_not_taken_back_is_what_the_last_export_says(tmp_path_factory, exports, restarts):
    folder = tmp_path_factory.mktemp("inbox")
    source, cursor, told = make_source(folder), None, {}
    for turn, export in enumerate(exports):
        if turn in restarts:  # a restart, and a poll before the next export
            source = make_source(folder)
            pull(source, cursor)
        rows = [make_row(f"obs-{number}", concern=concern) for number, concern in export.items()]
        write(folder, "a.csv", [HEADER, *rows], age_seconds=5000 - turn)
        records, cursor = pull(source, cursor)
        for record in records:
            assert isinstance(record, PersonRecord)
            if record.retracted:
                del told[record.source_id]
            else:
                told[record.source_id] = record.body.concern.value
        assert sorted(told.values()) == sorted(export.values())
