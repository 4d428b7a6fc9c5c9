"""Cases about later polls: what comes late, what is corrected, and trouble once something has been told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from hub.connector import DATASETS, Backfill, Batch, PersonRecord
from hub.testing.reading import Identity, about, content, facts, identity, news, raw, standing, stored
from hub.testing.serving import garbled, refusing
from hub.testing.source_reading import SourceReading
from hub.testing.suite import case
from hub.testing.trouble import GARBLED, Lane, trouble_later

__all__ = ["SourceLater"]

_LATE = (
    "a fact that came late was passed over: let the cursor say how far the source was read in the order in which things come "
    "to it (a number, a time of change), never when they happened; or the dataset `late` holds no such fact"
)
_LATE_REPORT = (
    "a report that came late was not stored: let the cursor say which messages are done, never a time; or the dataset `late` "
    "holds no further message"
)
_NOT_RETRACTED = "what was taken back was not told as retracted"
_EDITS = "an edit was not told: who polls must end with what one hears who reads everything anew"
_LEFT_STANDING = "what was taken back still stands: who polls must end with what one hears who reads everything anew"
_ONE_BATCH = "`corrected` changes facts of one batch only: what is done wrong behind the first one would not be seen; change more"
_NO_MOVED = (
    "the trial has no dataset `moved` ({what}); "
    "a source that cannot correct whom a fact is about has this case waived, with the reason"
)
_NOBODY_MOVED = "a fact that is about another person now was not told of that person; or the dataset `moved` corrects nobody"
_ONE_BATCH_MOVED = "`moved` corrects facts of one batch only: what is done wrong behind it would not be seen; correct more"
_OF_TWO = (
    "a fact stands of two persons though its source says that it is about one: beside the record yield "
    "Removal(kind, (its source id,), body, but_of=its person) among `Batch.asides`, which takes it back of everybody else; of a "
    "fact that a batch tells twice, for the last person alone"
)
_OF_NOBODY = (
    "what was told last of a person does not stand of anybody: of a fact that a batch tells twice, only the last has an aside"
)
_ELSEWHERE = "who polls must end with what one hears who reads everything anew, also when it was corrected whom a fact is about"
_BACKFILL = (
    "a backfill ends elsewhere than a whole reading: it tells every record of the persons asked for, also what was edited and "
    "taken back since"
)


class SourceLater(SourceReading):
    """The part of the suite that plays at later polls: a cursor is stored, and the source goes on."""

    @case
    def test_a_correction_keeps_its_identity(self, tmp_path: Path) -> None:
        before, later, anew = self._before_later_and_anew(tmp_path)
        contents = {identity(one): content(one) for one in facts(before)}
        assert {identity(one) for one in facts(later)} <= set(contents), "a correction came as a new fact"
        edited = [one for one in facts(later) if not one.retracted and content(one) != contents[identity(one)]]
        assert edited, "the edited fact was not told again"
        stands = standing([*before, *later])
        assert all(stands.get(one) == text for one, text in standing(anew).items()), _EDITS
        changed = [any(one.retracted or content(one) != contents[identity(one)] for one in facts([each])) for each in later]
        several = sum(bool(facts([each])) for each in before) > 1
        assert sum(changed) > several, _ONE_BATCH

    @case
    def test_what_is_taken_back_is_retracted(self, tmp_path: Path) -> None:
        before, later, anew = self._before_later_and_anew(tmp_path)
        stood = standing(before)
        assert any(one.retracted and identity(one) in stood for one in facts(later)), _NOT_RETRACTED
        assert not (set(stood) - set(standing(anew))) & set(standing([*before, *later])), _LEFT_STANDING

    @case
    def test_what_comes_late_is_told(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world, world.source() as source:
            batches = list(source.batches(None))
            cursor = stored(batches[-1].cursor)
            world.show("late")
            with world.source() as restarted:
                readings = [facts(each.batches(cursor)) for each in (restarted, source)]
        known, newest = set(standing(batches)), max(one.occurred_at for one in facts(batches))
        for told in readings:
            late = [one for one in told if not one.retracted and identity(one) not in known]
            assert any(one.occurred_at < newest for one in late), _LATE

    @case
    def test_a_report_that_comes_late_is_stored(self, tmp_path: Path) -> None:
        if self.connector.build_statutory is None:
            return
        with self.world(tmp_path) as world, world.statutory() as source:
            assert source is not None
            batches = list(source.batches(None))
            world.show("late")
            told = raw(source.batches(stored(batches[-1].cursor)))
        assert {name for name, _ in told} - {name for name, _ in raw(batches)}, _LATE_REPORT

    @case
    def test_trouble_at_a_later_poll_loses_nothing_and_takes_nothing_back(self, tmp_path: Path) -> None:
        with self.world(tmp_path) as world:
            lane = Lane(world.source, news)
            for shown, fault in (("corrected", refusing(500)), ("late", garbled(GARBLED))):
                world.show("usual")
                trouble_later(world, lane, shown, fault)

    @case
    def test_trouble_at_a_later_poll_loses_no_report(self, tmp_path: Path) -> None:
        if self.connector.build_statutory is None:
            return
        with self.world(tmp_path) as world:
            trouble_later(world, Lane(world.statutory, raw), "late", refusing(500))

    @case
    def test_a_fact_stands_of_the_person_whom_it_is_about_now(self, tmp_path: Path) -> None:
        if not self.connector.kinds:
            return
        has_moved = self.trial.datasets is not None and (self.trial.datasets / "moved").is_dir()
        assert has_moved, _NO_MOVED.format(what=DATASETS["moved"])
        with self.world(tmp_path) as world, world.source() as source:
            before = list(source.batches(None))
            cursor = stored(before[-1].cursor)
            world.show("moved")
            polled = list(source.batches(cursor))
            with world.source() as restarted:
                readings = [polled, list(restarted.batches(cursor))]
            anew = self.read_all(world)
        several = sum(bool(about([each])) for each in before) > 1
        for later in readings:
            moved = [_moved(before, [each]) for each in later]
            assert any(moved), _NOBODY_MOVED
            assert sum(map(bool, moved)) > several, _ONE_BATCH_MOVED
            ends = standing([*before, *later])
            assert not _of_two(ends), _OF_TWO
            assert ends == standing(anew), _ELSEWHERE
            assert {(one[0], one[2]) for one in ends} >= set(about([*before, *later])), _OF_NOBODY

    @case
    def test_a_backfill_ends_where_the_source_stands(self, tmp_path: Path) -> None:
        with self.world(tmp_path, "corrected") as world, world.source() as source:
            if not isinstance(source, Backfill):
                return
            whole = list(source.batches(None))
            start = min(one.occurred_at for one in facts(whole) if isinstance(one, PersonRecord))
            told = list(source.backfill(lambda _: True, start))
        ends = [{one: text for one, text in standing(each).items() if one[0] != "place"} for each in (told, whole)]
        assert ends[0] == ends[1], _BACKFILL

    def _before_later_and_anew(self, folder: Path) -> tuple[list[Batch], list[Batch], list[Batch]]:
        """What `usual` tells, what a later poll tells of `corrected`, and what one hears of that who knows nothing yet."""
        with self.world(folder) as world, world.source() as source:
            before = list(source.batches(None))
            world.show("corrected")
            later = list(source.batches(stored(before[-1].cursor)))
            return before, later, self.read_all(world)


def _of_two(stands: Iterable[Identity]) -> list[Identity]:
    """What stands of more than one person."""
    persons = [one for one in stands if one[0] != "place"]
    facts_of = Counter((kind, source_id) for kind, _, source_id in persons)
    return [(kind, who, source_id) for kind, who, source_id in persons if facts_of[kind, source_id] > 1]


def _moved(before: Sequence[Batch], later: Sequence[Batch]) -> set[tuple[str, str]]:
    """The facts that are told of another person than before."""
    was, now = about(before), about(later)
    return {fact for fact, person in now.items() if was.get(fact, person) != person}
