"""Files of one folder, from the inbox to the topic: whose an observation is, and whether it stands, the newest file says."""

from __future__ import annotations

import pytest

from connectors.observations.config import ObservationsConfig
from connectors.observations.source import ObservationsSource
from hub.connector import SourceContext
from hub.errors import RetriableError
from hub.testing import MemoryPlaces
from tests.unit.connectors.observations.folder import KINDS, Folder
from tests.unit.connectors.observations.make import EST_HEADER, HEADER, OTHER_PERSON, make_row, write

WITHDRAWING = f"{HEADER};retracted"
THIRD_PERSON = "201105219826"


@pytest.fixture
def folder(tmp_path):
    built = Folder(tmp_path)
    yield built
    built.close()


def test_of_two_files_that_come_at_once_the_newer_says_whose_an_observation_is(folder) -> None:
    folder.write("w20.csv", make_row("obs-1"), make_row("obs-2"))
    counts = folder.poll("w21.csv", make_row("obs-1", OTHER_PERSON))
    assert folder.standing() == [("1", "recruitment"), ("2", "recruitment")]
    assert len(folder.published) == 2  # of the wrong child not for a moment
    assert counts["unmapped", "in_newer_file"] == 1


def test_of_two_files_that_come_at_once_the_newer_may_say_that_it_is_not_known_whose_an_observation_is(folder) -> None:
    folder.write("w20.csv", make_row("obs-1"))
    folder.poll("w21.csv", make_row("obs-1"), make_row("obs-1", OTHER_PERSON))
    assert folder.published == []


def test_a_row_that_the_newer_file_cannot_read_stands_as_the_older_says(folder) -> None:
    folder.write("w20.csv", make_row("obs-1"))
    folder.poll("w21.csv", make_row("obs-1", concern="rekrytring"))
    assert folder.standing() == [("1", "recruitment")]


def test_a_file_that_cannot_be_read_holds_up_none_before_it(folder) -> None:
    folder.write("w20.csv", make_row("obs-1"))
    path = write(folder.inbox, "w21.csv", [HEADER, make_row("obs-1", OTHER_PERSON)], age_seconds=10)

    class Writing(MemoryPlaces):
        def area_code(self, name, at=None):
            if not folder.read_so_far:
                path.write_bytes(path.read_bytes() + b"\n")
            folder.read_so_far.append(name)
            return super().area_code(name, at)

    folder.read_so_far = []
    context = SourceContext(folder.clock.now, str, Writing(), kinds=KINDS, home=folder.folder)
    folder.read = ObservationsSource(ObservationsConfig(folder=folder.inbox), context)
    with pytest.raises(RetriableError) as caught:
        folder.events.poll()
    assert caught.value.code == "file_changed"
    assert folder.standing() == [("1", "recruitment")]


def test_what_a_newer_file_says_of_nobody_that_can_be_read_the_older_says(folder) -> None:
    folder.write("w20.csv", make_row("obs-1"))
    folder.poll("w21.csv", make_row("obs-1", "20120314"))
    assert folder.standing() == [("1", "recruitment")]


@pytest.mark.parametrize(("settled", "restarts"), [(1, True), (3, False)])
@pytest.mark.parametrize("newer", ["replaced", "taken out", "the same"])
def test_what_is_left_to_a_newer_file_that_is_replaced_before_it_is_told_the_older_says(folder, newer, settled, restarts) -> None:
    folder.write("w20.csv", *[make_row(f"obs-{number}") for number in range(5)])
    folder.fails_after = settled
    with pytest.raises(RetriableError):
        folder.poll("w21.csv", *[make_row(f"obs-{number}", OTHER_PERSON) for number in range(4)])
    assert len(folder.published) <= 1  # the only row that the older file does not leave
    if newer == "taken out":
        (folder.inbox / "w21.csv").unlink()
    elif newer == "replaced":
        folder.write("w21.csv", make_row("obs-3", OTHER_PERSON))
    if restarts:
        folder.restart()
    folder.events.poll()
    others = {"replaced": 1, "taken out": 0, "the same": 4}[newer]
    assert [whose for whose, _ in folder.standing()] == ["1"] * (5 - others) + ["2"] * others
    assert len(folder.published) == 5
    assert "left" not in str(folder.ledger.cursor("events")["files"])
    assert dict(folder.events.poll()) == {}


def test_what_an_older_file_takes_back_and_a_newer_one_says_of_another_child_stands_of_her_alone(folder) -> None:
    folder.poll("w20.csv", make_row("obs-1"), make_row("obs-2"))
    folder.write("w20.csv", f"{make_row('obs-1')};yes", f"{make_row('obs-2')};yes", head=WITHDRAWING)
    folder.poll("w21.csv", make_row("obs-1", OTHER_PERSON), make_row("obs-2"))
    assert folder.standing() == [("1", "recruitment"), ("2", "recruitment")]


def test_what_a_newer_file_has_told_stands_when_the_files_before_it_are_looked_at_again(folder) -> None:
    folder.write("w20.csv", make_row("obs-1"))
    folder.write("w21.csv", make_row("obs-1", OTHER_PERSON), make_row("obs-2"))
    folder.fails_after = 3  # both are told; what they leave to the third is not
    with pytest.raises(RetriableError):
        folder.poll("w22.csv", make_row("obs-2"))
    folder.events.poll()
    assert folder.standing() == [("1", "recruitment"), ("2", "recruitment")]


@pytest.mark.parametrize("doubtful", [False, True])
def test_an_older_file_that_comes_late_takes_nothing_back_of_a_newer_one(folder, doubtful) -> None:
    folder.poll("w21.csv", make_row("obs-1", OTHER_PERSON))
    rows = [make_row("obs-1"), make_row("obs-2"), *([make_row("obs-1", OTHER_PERSON)] if doubtful else [])]
    write(folder.inbox, "w20.csv", [HEADER, *rows], age_seconds=folder.age + 100)
    folder.events.poll()
    assert folder.standing() == [("1", "recruitment"), ("2", "recruitment")]
    assert len(folder.published) == 2


NEWER = {
    "another child": (HEADER, [make_row(f"obs-{number}", OTHER_PERSON) for number in range(3)]),
    "taken back": (WITHDRAWING, [f"{make_row(f'obs-{number}')};yes" for number in range(3)]),
    "another concern": (HEADER, [make_row(f"obs-{number}", concern="conflict") for number in range(3)]),
}


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize(("head", "rows"), NEWER.values(), ids=NEWER)
def test_a_new_consent_tells_again_nothing_that_a_newer_file_corrected(folder, head, rows, restarts) -> None:
    folder.poll("w20.csv", *[make_row(f"obs-{number}") for number in range(3)], make_row("obs-9", THIRD_PERSON))
    folder.poll("w21.csv", *rows, head=head)
    before, stood = len(folder.published), folder.standing()
    folder.grant(THIRD_PERSON, 3, kinds=KINDS)
    if restarts:
        folder.restart()
    folder.events.poll()
    assert [one.youth_ref[-1] for one in folder.published[before:]] == ["3"]
    assert folder.standing() == [*stood, ("3", "recruitment")]


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("gone", ["the file", "the rows"])
@pytest.mark.parametrize(("head", "rows"), NEWER.values(), ids=NEWER)
def test_a_new_consent_tells_again_nothing_that_a_newer_word_corrected_which_is_gone(folder, head, rows, gone, restarts) -> None:
    folder.poll("w20.csv", *[make_row(f"obs-{number}") for number in range(3)], make_row("obs-9", THIRD_PERSON))
    folder.poll("w21.csv", *rows, head=head)
    if gone == "the file":
        (folder.inbox / "w21.csv").unlink()
        folder.events.poll()
    else:
        folder.poll("w21.csv", make_row("obs-8", OTHER_PERSON))
    before, stood = len(folder.published), folder.standing()
    for consent in (1, 2):
        folder.grant(THIRD_PERSON, 3, kinds=KINDS)
        if restarts or consent > 1:
            folder.restart()
        folder.events.poll()
    assert [one.youth_ref[-1] for one in folder.published[before:]] == ["3"]
    assert folder.standing() == [*stood, ("3", "recruitment")]


def test_a_new_consent_is_told_what_a_newer_file_that_is_gone_said_alike(folder) -> None:
    folder.poll("w20.csv", make_row("obs-1"), make_row("obs-9", THIRD_PERSON))
    folder.poll("w21.csv", make_row("obs-1"), make_row("obs-9", THIRD_PERSON.removeprefix("20")))
    (folder.inbox / "w21.csv").unlink()
    folder.events.poll()
    folder.grant(THIRD_PERSON, 3, kinds=KINDS)
    folder.events.poll()
    assert folder.standing() == [("1", "recruitment"), ("3", "recruitment")]


def test_a_new_consent_is_told_what_was_handed_back_to_the_older_file(folder) -> None:
    folder.poll("w20.csv", make_row("obs-9", THIRD_PERSON))
    folder.poll("w21.csv", make_row("obs-9", OTHER_PERSON), make_row("obs-2", OTHER_PERSON))
    folder.poll("w21.csv", make_row("obs-2", OTHER_PERSON))
    folder.grant(THIRD_PERSON, 3, kinds=KINDS)
    folder.events.poll()
    assert folder.standing() == [("2", "recruitment"), ("3", "recruitment")]


def test_a_file_that_came_late_and_whose_newer_one_is_gone_tells_a_new_consent_nothing_that_was_corrected(folder) -> None:
    folder.poll("w21.csv", make_row("obs-1", OTHER_PERSON))
    write(folder.inbox, "w20.csv", [HEADER, make_row("obs-1"), make_row("obs-9", THIRD_PERSON)], age_seconds=folder.age + 100)
    folder.events.poll()
    (folder.inbox / "w21.csv").unlink()
    folder.grant(THIRD_PERSON, 3, kinds=KINDS)
    folder.restart()
    folder.events.poll()
    assert folder.standing() == [("2", "recruitment"), ("3", "recruitment")]


def test_a_file_that_came_late_and_says_what_was_corrected_since_is_not_told_because_an_older_one_says_it_alike(folder) -> None:
    folder.poll("w19.csv", make_row("obs-1"), make_row("obs-9", THIRD_PERSON))
    folder.poll("w21.csv", make_row("obs-1", OTHER_PERSON))
    write(folder.inbox, "w20.csv", [HEADER, make_row("obs-1")], age_seconds=folder.age + 5)
    folder.events.poll()
    (folder.inbox / "w21.csv").unlink()
    folder.grant(THIRD_PERSON, 3, kinds=KINDS)
    folder.events.poll()
    assert folder.standing() == [("2", "recruitment"), ("3", "recruitment")]


@pytest.mark.parametrize("leaves", [False, True])
def test_a_new_consent_takes_nothing_back_that_an_older_file_says_of_two_children(folder, leaves) -> None:
    folder.poll("w20.csv", make_row("obs-1"), make_row("obs-1", OTHER_PERSON), make_row("obs-2"))
    folder.poll("w21.csv", make_row("obs-1", OTHER_PERSON))
    if leaves:
        (folder.inbox / "w21.csv").unlink()
    before = len(folder.published)
    folder.grant(THIRD_PERSON, 3, kinds=KINDS)
    folder.events.poll()
    assert len(folder.published) == before
    assert folder.standing() == [("1", "recruitment"), ("2", "recruitment")]


@pytest.mark.parametrize("leaves", [False, True])
def test_a_weekly_report_that_a_file_which_is_gone_corrected_is_not_told_as_it_was(folder, leaves) -> None:
    for name, number in (("w20.csv", 3), ("w21.csv", 4)):
        folder.poll(name, f"2025-W20;City;theft;{number}", head=EST_HEADER)
    if leaves:
        (folder.inbox / "w21.csv").unlink()
    folder.grant(THIRD_PERSON, 3, kinds=KINDS)
    folder.restart()
    folder.events.poll()
    assert [what for _, what in folder.standing()] == ["4"]


def test_a_weekly_report_of_two_files_is_told_as_the_newer_says_when_the_folder_is_read_anew(folder) -> None:
    for name, number in (("w20.csv", 3), ("w21.csv", 4)):
        folder.poll(name, f"2025-W20;City;theft;{number}", head=EST_HEADER)
    folder.grant(THIRD_PERSON, 3, kinds=KINDS)
    folder.events.poll()
    assert [one.incidents for one in folder.published] == [3, 4]


FIRST = [make_row(f"obs-{number}") for number in range(5)]


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("told_before", [False, True])
def test_what_was_told_of_a_file_before_it_was_replaced_in_the_middle_does_not_stand(folder, restarts, told_before) -> None:
    """Its first row goes, its second is another child's, its third stands."""
    if told_before:
        folder.poll("a.csv", *FIRST[:3])
    folder.fails_after = 2
    with pytest.raises(RetriableError):
        folder.poll("a.csv", *FIRST)
    if restarts:
        folder.restart()
    folder.poll("a.csv", make_row("obs-1", OTHER_PERSON), FIRST[2])
    assert folder.standing() == [("1", "recruitment"), ("2", "recruitment")]
    assert "begun" not in str(folder.ledger.cursor("events"))


def test_a_file_that_is_replaced_in_the_middle_twice_leaves_what_the_last_one_says(folder) -> None:
    for rows in (FIRST, [make_row(f"obs-{number}", OTHER_PERSON) for number in (1, 2, 3)]):
        folder.fails_after = 1
        with pytest.raises(RetriableError):
            folder.poll("a.csv", *rows)
    folder.poll("a.csv", make_row("obs-1", OTHER_PERSON))
    assert folder.standing() == [("2", "recruitment")]


def test_what_kafka_had_of_a_file_and_did_not_say_before_it_was_replaced_does_not_stand(folder) -> None:
    folder.unsure = True
    with pytest.raises(RetriableError):
        folder.poll("a.csv", *FIRST[:2])
    folder.poll("a.csv", FIRST[1])
    assert len(folder.standing()) == 1


@pytest.mark.parametrize("unsure", [1, 2, 0], ids=["unsure", "unsure twice", "in the middle"])
def test_a_file_that_comes_back_to_its_former_content_leaves_what_that_says(folder, unsure) -> None:
    folder.poll("a.csv", *FIRST[:2])
    stood = folder.standing()
    folder.unsure, folder.fails_after = unsure > 0, 0 if unsure else 2
    with pytest.raises(RetriableError):
        folder.poll("a.csv", make_row("obs-0", concern="conflict"), make_row("obs-1", OTHER_PERSON), *FIRST[2:])
    if unsure > 1:
        folder.unsure = True
        with pytest.raises(RetriableError):
            folder.poll("a.csv", *FIRST[:2])
        folder.events.poll()
    else:
        folder.poll("a.csv", *FIRST[:2])
    assert folder.standing() == stood
    assert dict(folder.events.poll()) == {}
    assert "begun" not in str(folder.ledger.cursor("events"))


@pytest.mark.parametrize("unread", ["2025-W20;City;theft;many", "2025-W20;City;thefts;3", "2025-W20;City"])
def test_a_weekly_row_beside_one_of_its_place_and_week_that_cannot_be_read_this_time_is_not_told_twice(folder, unread) -> None:
    def row(number: int) -> str:
        return f"2025-W20;City;theft;{number}"

    folder.poll("a.csv", row(3), row(1), "2025-W20;City;fire;2", head=EST_HEADER)
    counts = folder.poll("a.csv", unread, row(1), "2025-W20;City;fire;7", head=EST_HEADER)
    assert [what for _, what in folder.standing()] == ["1", "3", "7"]
    assert counts["unmapped", "beside_unread_row"] == 1
    folder.grant(THIRD_PERSON, 3, kinds=KINDS)
    folder.restart()
    folder.events.poll()
    assert [what for _, what in folder.standing()] == ["1", "3", "7"]
    folder.poll("a.csv", row(5), row(1), "2025-W20;City;fire;7", head=EST_HEADER)
    assert [what for _, what in folder.standing()] == ["1", "5", "7"]
    folder.poll("a.csv", row(1), "2025-W20;City;fire;7", head=EST_HEADER)
    assert [what for _, what in folder.standing()] == ["1", "7"]


def test_a_file_that_goes_on_in_its_middle_takes_nothing_back(folder) -> None:
    folder.fails_after = 1
    with pytest.raises(RetriableError):
        folder.poll("a.csv", *FIRST)
    folder.events.poll()
    assert len(folder.published) == 5


def test_of_a_file_that_is_replaced_in_the_middle_stays_what_another_file_has(folder) -> None:
    folder.poll("b.csv", FIRST[0], make_row("obs-1", OTHER_PERSON))
    folder.fails_after = 1
    with pytest.raises(RetriableError):
        folder.poll("a.csv", *FIRST)
    folder.poll("a.csv", FIRST[4])
    assert folder.standing() == [("1", "recruitment"), ("1", "recruitment"), ("2", "recruitment")]


def test_of_a_file_that_is_replaced_in_the_middle_stays_what_cannot_be_read_this_time(folder) -> None:
    folder.fails_after = 1
    with pytest.raises(RetriableError):
        folder.poll("a.csv", *FIRST)
    folder.poll("a.csv", "obs-1;;")
    assert len(folder.standing()) == 2
    folder.poll("a.csv")
    assert len(folder.standing()) == 2


def test_weekly_rows_that_were_told_of_a_file_before_it_was_replaced_in_the_middle_are_taken_back(folder) -> None:
    week = [f"2025-W{number};City;theft;{number}" for number in (18, 19, 20)]
    folder.fails_after = 1
    with pytest.raises(RetriableError):
        folder.poll("a.csv", *week, head=EST_HEADER)
    folder.poll("a.csv", *week[1:], head=EST_HEADER)
    assert [what for _, what in folder.standing()] == ["19", "20"]


def test_what_was_told_in_part_does_not_stand_though_another_file_comes_while_kafka_is_away(folder) -> None:
    folder.poll("a.csv", make_row("obs-3", OTHER_PERSON))
    folder.unsure = True
    with pytest.raises(RetriableError):
        folder.poll("b.csv", make_row("obs-3"))
    folder.write("b.csv", make_row("obs-2", THIRD_PERSON))
    folder.publisher.failures.append(RetriableError("no broker", code="kafka"))
    with pytest.raises(RetriableError):
        folder.poll("c.csv", make_row("obs-3", OTHER_PERSON))
    folder.events.poll()
    assert folder.standing() == [("2", "recruitment")]


@pytest.mark.parametrize("restarts", [False, True])
def test_a_row_that_is_left_out_of_the_newer_file_is_told_as_the_older_says(folder, restarts) -> None:
    folder.poll("w20.csv", make_row("obs-1"))
    folder.poll("w21.csv", make_row("obs-1", OTHER_PERSON), make_row("obs-2", OTHER_PERSON))
    if restarts:
        folder.restart()
    folder.poll("w21.csv", make_row("obs-2", OTHER_PERSON))
    assert folder.standing() == [("1", "recruitment"), ("2", "recruitment")]


def test_a_row_that_is_left_out_of_the_newer_file_is_told_as_it_was_before_that_corrected_it(folder) -> None:
    folder.poll("w20.csv", make_row("obs-1"))
    folder.poll("w21.csv", make_row("obs-1", concern="conflict"), make_row("obs-2", OTHER_PERSON))
    folder.poll("w21.csv", make_row("obs-2", OTHER_PERSON))
    assert folder.standing() == [("1", "recruitment"), ("2", "recruitment")]


def test_a_row_that_is_left_out_does_not_stand_where_the_newest_other_file_takes_it_back(folder) -> None:
    folder.poll("w20.csv", make_row("obs-1"))
    folder.poll("w21.csv", f"{make_row('obs-1')};yes", head=WITHDRAWING)
    folder.poll("w22.csv", make_row("obs-1"), make_row("obs-2", OTHER_PERSON))
    folder.poll("w22.csv", make_row("obs-2", OTHER_PERSON))
    assert folder.standing() == [("2", "recruitment")]


def test_a_row_that_is_left_out_stands_as_the_newest_other_file_says_though_an_older_one_has_it_of_the_same_child(folder) -> None:
    folder.poll("w20.csv", make_row("obs-1"))
    folder.poll("w21.csv", make_row("obs-1", OTHER_PERSON))
    folder.poll("w22.csv", make_row("obs-1"), make_row("obs-2"))
    folder.poll("w22.csv", make_row("obs-2"))
    assert folder.standing() == [("1", "recruitment"), ("2", "recruitment")]


def test_a_row_that_is_left_out_stands_of_nobody_where_the_newest_other_file_says_it_of_two_children(folder) -> None:
    folder.poll("w20.csv", make_row("obs-1"))
    folder.poll("w21.csv", make_row("obs-1"), make_row("obs-1", OTHER_PERSON))
    folder.poll("w22.csv", make_row("obs-1", OTHER_PERSON), make_row("obs-2", OTHER_PERSON))
    folder.poll("w22.csv", make_row("obs-2", OTHER_PERSON))
    assert folder.standing() == [("2", "recruitment")]


@pytest.mark.parametrize("restarts", [False, True])
def test_a_row_that_is_left_out_is_told_as_the_newest_other_file_says_that_names_somebody(folder, restarts) -> None:
    folder.poll("w20.csv", make_row("obs-1"))
    folder.poll("w21.csv", make_row("obs-1", "20120314"))
    folder.poll("w22.csv", make_row("obs-1", OTHER_PERSON), make_row("obs-2", OTHER_PERSON))
    folder.write("w22.csv", make_row("obs-2", OTHER_PERSON))
    if restarts:
        folder.restart()
    folder.events.poll()
    assert folder.standing() == [("1", "recruitment"), ("2", "recruitment")]


def test_a_row_that_is_left_out_and_said_by_a_newer_file_still_is_told_of_nobody_else_meanwhile(folder) -> None:
    folder.poll("w20.csv", make_row("obs-1"))
    folder.poll("w21.csv", make_row("obs-1", OTHER_PERSON), make_row("obs-2", OTHER_PERSON))
    folder.write("w21.csv", make_row("obs-2", OTHER_PERSON))
    before = len(folder.published)
    folder.poll("w22.csv", make_row("obs-1", OTHER_PERSON, "conflict"))
    assert folder.standing() == [("2", "conflict"), ("2", "recruitment")]
    assert {one.youth_ref[-1] for one in folder.published[before:]} == {"2"}


@pytest.mark.parametrize("later", [False, True])
def test_a_row_that_was_lost_while_no_process_ran_does_not_stand(folder, later) -> None:
    folder.poll("a.csv", make_row("obs-1"), make_row("obs-2"))
    folder.write("a.csv", make_row("obs-2"))
    folder.restart()
    folder.events.poll()
    assert folder.standing() == [("1", "recruitment")]
    if later:
        folder.poll("b.csv", make_row("obs-1", OTHER_PERSON))
        assert folder.standing() == [("1", "recruitment"), ("2", "recruitment")]


def test_a_row_that_was_lost_while_no_process_ran_stands_as_another_file_says(folder) -> None:
    folder.poll("a.csv", make_row("obs-1"), make_row("obs-2"))
    folder.poll("b.csv", make_row("obs-1", OTHER_PERSON))
    folder.write("a.csv", make_row("obs-2"))
    folder.restart()
    folder.events.poll()
    assert folder.standing() == [("1", "recruitment"), ("2", "recruitment")]


def test_rows_that_a_file_takes_from_another_child_in_another_file_are_counted_once(folder) -> None:
    folder.poll("club1.csv", make_row("1"), make_row("2"))
    counts = folder.poll("club2.csv", make_row("1", OTHER_PERSON), make_row("2"), make_row("3"))
    assert counts["unmapped", "taken_from_other_file"] == 1
    counts = folder.poll("club2.csv", make_row("1", OTHER_PERSON), make_row("2"), make_row("3"), make_row("4"))
    assert ("unmapped", "taken_from_other_file") not in counts


def test_a_row_that_is_gone_does_not_stand_though_another_file_that_was_told_in_part_has_it_of_another_child(folder) -> None:
    folder.poll("b.csv", make_row("obs-5", THIRD_PERSON), make_row("obs-6", OTHER_PERSON))
    folder.fails_after = 1
    with pytest.raises(RetriableError):
        folder.poll("a.csv", *[make_row(f"obs-{number}") for number in (6, 1, 0)])
    folder.write("b.csv", make_row("obs-3", OTHER_PERSON))
    folder.poll("a.csv", *[make_row(f"obs-{number}") for number in (6, 1, 0)])
    assert folder.standing() == [("1", "recruitment")] * 3 + [("2", "recruitment")]
