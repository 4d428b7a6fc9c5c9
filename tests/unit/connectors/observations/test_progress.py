"""How two exports differ: what was taken back, what cannot be read, and whose an observation was before."""

from __future__ import annotations

import pytest

from hub.connector import PersonRecord, PlaceRecord, Unmapped
from hub.contract.models import InfoKind
from tests.unit.connectors.observations.make import (
    EST_HEADER,
    HEADER,
    OTHER_PERSON,
    PERSON,
    make_row,
    make_source,
    pull,
    write,
)


@pytest.mark.parametrize("restarts", [False, True])
def test_a_row_with_another_person_is_taken_back_of_whomever_it_was_told_of(tmp_path, restarts):
    write(tmp_path, "a.csv", [HEADER, make_row("obs-1"), make_row("obs-2")], age_seconds=500)
    source = make_source(tmp_path)
    first, cursor = pull(source)
    write(tmp_path, "a.csv", [HEADER, make_row("obs-1", OTHER_PERSON), make_row("obs-2"), make_row("obs-3")], age_seconds=400)
    if restarts:
        source = make_source(tmp_path)
    asides = [aside for batch in source.batches(cursor) for aside in batch.asides]
    assert all(aside.kind is InfoKind.RISK_EVENT for aside in asides)
    told = {aside.source_ids: aside.but_of for aside in asides}
    # Whose a row was is in no cursor: after a restart each one that was told may be another's.
    assert told == {(first[0].source_id,): OTHER_PERSON} | ({(first[1].source_id,): PERSON} if restarts else {})


def test_a_file_that_is_read_for_the_first_time_takes_nothing_back(tmp_path):
    write(tmp_path, "a.csv", [HEADER, make_row("obs-1")])
    assert [list(batch.asides) for batch in make_source(tmp_path).batches(None)] == [[]]


def retracted_of(records):
    return [record.source_id for record in records if isinstance(record, PersonRecord | PlaceRecord) and record.retracted]


UNREADABLE = {
    "error text": b"Fel: databasen svarar inte\n",
    "nothing": b"",
    "no row": f"{HEADER}\n;;;\n".encode(),
    "a row of an unknown id": f"{HEADER}\n{make_row('obs-1')}\nobs-2;;\n".encode(),
    "a row whose id is told": f"{HEADER}\n{make_row('obs-1')}\n{make_row('obs-2', concern='rekrytring')}\n".encode(),
}


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_this_time_is_not_gone_and_is_counted(tmp_path, content, restarted):
    source = make_source(tmp_path)
    write(tmp_path, "a.csv", [HEADER, make_row("obs-1"), make_row("obs-2")], age_seconds=500)
    first, cursor = pull(source)
    if restarted:
        source = make_source(tmp_path)
    write(tmp_path, "a.csv", content, age_seconds=400)
    records, cursor = pull(source, cursor)
    assert retracted_of(records) == []
    [reason] = [record.reason for record in records if isinstance(record, Unmapped)]
    assert reason in {"unknown_columns", "empty_file", "wrong_columns", "unknown_concern"}
    # The next export that can be read says what has gone; whose it was this process knows if it ran, and the intake if not.
    write(tmp_path, "a.csv", [HEADER, make_row("obs-1")], age_seconds=300)
    batches = list(source.batches(cursor))
    gone = [(aside.source_ids, aside.but_of) for batch in batches for aside in batch.asides]
    retracted = retracted_of([record for batch in batches for record in batch.records])
    name = first[1].source_id
    if restarted:
        assert (((name,), "") in gone, retracted) == (True, [])
    else:
        assert (gone, retracted) == ([], [name])


def test_a_row_that_cannot_be_read_but_for_its_id_keeps_no_other_row(tmp_path):
    source = make_source(tmp_path)
    write(tmp_path, "a.csv", [HEADER, make_row("obs-1"), make_row("obs-2"), make_row("obs-3")], age_seconds=500)
    first, cursor = pull(source)
    write(tmp_path, "a.csv", [HEADER, make_row("obs-1"), make_row("obs-2", at="soon")], age_seconds=400)
    assert retracted_of(pull(source, cursor)[0]) == [first[2].source_id]


def test_a_row_that_could_not_be_read_is_taken_back_of_the_wrong_child_when_it_can(tmp_path):
    source = make_source(tmp_path)
    write(tmp_path, "a.csv", [HEADER, make_row("obs-1")], age_seconds=500)
    first, cursor = pull(source)
    write(tmp_path, "a.csv", [HEADER, make_row("obs-1", concern="rekrytring")], age_seconds=400)
    cursor = pull(source, cursor)[1]
    write(tmp_path, "a.csv", [HEADER, make_row("obs-1", OTHER_PERSON)], age_seconds=300)
    asides = [aside for batch in source.batches(cursor) for aside in batch.asides]
    assert [(aside.source_ids, aside.but_of) for aside in asides] == [((first[0].source_id,), OTHER_PERSON)]


@pytest.mark.parametrize(
    "content", [b"Fel\n", b"", f"{EST_HEADER}\n".encode(), f"{EST_HEADER}\n2025-W20;City;thefts;1\n".encode()]
)
def test_weekly_rows_stay_while_their_file_cannot_be_read(tmp_path, content):
    write(tmp_path, "est.csv", [EST_HEADER, "2025-W20;Hageby;disorder;3", "2025-W20;City;theft;1"], age_seconds=500)
    first, cursor = pull(make_source(tmp_path))
    write(tmp_path, "est.csv", content, age_seconds=400)
    records, cursor = pull(make_source(tmp_path), cursor)
    assert retracted_of(records) == []
    write(tmp_path, "est.csv", [EST_HEADER, "2025-W20;Hageby;disorder;3"], age_seconds=300)
    assert retracted_of(pull(make_source(tmp_path), cursor)[0]) == [first[1].source_id]


@pytest.mark.parametrize("content", [b"", f"{HEADER}\n".encode()])
def test_a_file_that_never_told_anything_may_be_empty(tmp_path, content):
    write(tmp_path, "a.csv", content)
    assert pull(make_source(tmp_path))[0] == []


WITHDRAWING = f"{HEADER};återtagen"


@pytest.mark.parametrize("restarted", [False, True])
def test_a_row_that_says_so_is_taken_back_the_last_one_of_a_file_too(tmp_path, restarted):
    source = make_source(tmp_path)
    write(tmp_path, "a.csv", [WITHDRAWING, f"{make_row('obs-1')};nej"], age_seconds=500)
    first, cursor = pull(source)
    if restarted:
        source = make_source(tmp_path)
    write(tmp_path, "a.csv", [WITHDRAWING, f"{make_row('obs-1')};ja"], age_seconds=400)
    records, cursor = pull(source, cursor)
    assert retracted_of(records) == [first[0].source_id]
    # It is told no more, so nothing is missing when the row goes, or the file is empty.
    for age, content in ((300, [WITHDRAWING, f"{make_row('obs-2')};"]), (200, [HEADER, make_row("obs-2")])):
        write(tmp_path, "a.csv", content, age_seconds=age)
        records, cursor = pull(make_source(tmp_path), cursor)
        assert [record.retracted for record in records] == [False]


def test_a_word_that_is_neither_yes_nor_no_leaves_the_row_as_it_was_told(tmp_path):
    source = make_source(tmp_path)
    write(tmp_path, "a.csv", [HEADER, make_row("obs-1")], age_seconds=500)
    cursor = pull(source)[1]
    write(tmp_path, "a.csv", [WITHDRAWING, f"{make_row('obs-1')};kanske"], age_seconds=400)
    assert [record.reason for record in pull(source, cursor)[0]] == ["bad_retracted"]


def removals_of(source, cursor):
    batches = list(source.batches(cursor))
    return [(aside.source_ids, aside.but_of) for batch in batches for aside in batch.asides], batches[-1].cursor


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("former", ["left", "stays", "corrected too"])
def test_what_another_file_corrects_is_taken_back_of_whomever_the_former_file_told_it_of(tmp_path, former, restarted):
    source = make_source(tmp_path)
    path = write(tmp_path, "v20.csv", [HEADER, make_row("obs-1")], age_seconds=500)
    first, cursor = pull(source)
    if former == "left":
        path.unlink()
        cursor = pull(source, cursor)[1]
    elif former == "corrected too":
        write(tmp_path, "v20.csv", [HEADER, make_row("obs-1", OTHER_PERSON)], age_seconds=450)
    if restarted:
        source = make_source(tmp_path)
    write(tmp_path, "v21.csv", [HEADER, make_row("obs-1", OTHER_PERSON)], age_seconds=400)
    found, cursor = removals_of(source, cursor)
    assert set(found) == {((first[0].source_id,), OTHER_PERSON)}
    # Taken out of the file that was read last, it is told as the former one says, where that is in the folder still.
    write(tmp_path, "v21.csv", [HEADER, make_row("obs-2", OTHER_PERSON)], age_seconds=300)
    records, _ = pull(source, cursor)
    expected = {"left": not restarted, "stays": True, "corrected too": False}[former]
    assert retracted_of(records) == ([first[0].source_id] if expected else [])
    again = [one.person_id for one in records if one.source_id == first[0].source_id and not one.retracted]
    assert again == ([PERSON] if former == "stays" else [])


def test_an_export_under_a_new_name_takes_nothing_back_of_whom_it_was_told_of(tmp_path):
    source = make_source(tmp_path)
    write(tmp_path, "v20.csv", [HEADER, make_row("obs-1")], age_seconds=500)
    cursor = pull(source)[1]
    write(tmp_path, "v21.csv", [HEADER, make_row("obs-1"), make_row("obs-2")], age_seconds=400)
    assert removals_of(source, cursor)[0] == []


def test_what_one_file_says_of_two_children_is_told_of_neither_and_taken_back_until_it_says_whose_it_is(tmp_path):
    source = make_source(tmp_path)
    write(tmp_path, "a.csv", [HEADER, make_row("obs-1")], age_seconds=500)
    first, cursor = pull(source)
    write(tmp_path, "a.csv", [HEADER, make_row("obs-1"), make_row("obs-2"), make_row("obs-1", OTHER_PERSON)], age_seconds=400)
    batches = list(source.batches(cursor))
    records = [record for batch in batches for record in batch.records]
    assert [getattr(record, "reason", "") for record in records] == ["duplicate_row_id", "", "duplicate_row_id"]
    assert [(aside.source_ids, aside.but_of) for batch in batches for aside in batch.asides] == [((first[0].source_id,), "")]
    write(tmp_path, "a.csv", [HEADER, make_row("obs-2"), make_row("obs-1", OTHER_PERSON)], age_seconds=300)
    records, _ = pull(source, batches[-1].cursor)
    assert [(record.person_id, record.retracted) for record in records] == [(PERSON, False), (OTHER_PERSON, False)]


FULL_WIDTH = PERSON.translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"})
SPELLINGS = pytest.mark.parametrize(
    "spelling",
    [PERSON.replace("-", "")[2:], FULL_WIDTH, FULL_WIDTH[2:].replace("-", "\N{EN DASH}")],
    ids=["ten digits", "full width", "full width, ten digits and an en dash"],
)


@SPELLINGS
def test_one_child_under_two_spellings_is_one_child(tmp_path, spelling):
    write(tmp_path, "a.csv", [HEADER, make_row("obs-1"), make_row("obs-1", spelling)])
    records, _ = pull(make_source(tmp_path))
    assert [getattr(record, "reason", "") for record in records] == ["", "duplicate_row_id"]


@SPELLINGS
def test_a_row_that_another_file_has_under_another_spelling_stays(tmp_path, spelling):
    source = make_source(tmp_path)
    write(tmp_path, "a.csv", [HEADER, make_row("obs-1"), make_row("obs-2")], age_seconds=500)
    write(tmp_path, "b.csv", [HEADER, make_row("obs-1", spelling)], age_seconds=400)
    _, cursor = pull(source)
    write(tmp_path, "a.csv", [HEADER, make_row("obs-2")], age_seconds=300)
    records, _ = pull(source, cursor)
    assert retracted_of(records) == []
