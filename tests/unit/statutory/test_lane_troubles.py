"""Receipts and receivers that are not as they should be: what was confirmed counts, and what fails holds up nobody else."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from hub.errors import RetriableError
from hub.statutory.lane import key_of
from tests.unit.statutory.handing import EVENING, LaneTown
from tests.unit.statutory.make import KEY

DOWN = RetriableError("down", code="receiver_unreachable")


@pytest.mark.parametrize(
    ("number", "kept"),
    [
        ("SOC-2025-00012345", "SOC-2025-00012345"),
        ("2025000012345", "2025000012345"),
        ("SN 2025/117 (BoU)", "SN 2025/117 BoU"),
        ("SN#2025-117", "SN 2025-117"),
        ("20120314-9800", ""),
        ("SN 7 (20120314)9800", "SN 7"),
    ],
)
def test_what_a_receipt_confirms_is_handed_over_with_what_may_be_kept_of_its_number(
    tmp_path: Path, number: str, kept: str
) -> None:
    town = LaneTown(tmp_path)
    stored, lane = town.put(), town.lane()
    lane.look()
    town.reception.cases[key_of(stored)] = number
    lane.look()
    assert town.hand_overs().has("one")
    assert town.hand_overs().said(stored, KEY)["registered_as"] == kept
    assert lane.waiting == []


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("number", ["", "  "])
def test_a_receipt_without_a_number_confirms_nothing_and_somebody_is_told(tmp_path: Path, number: str, fails: bool) -> None:
    town = LaneTown(tmp_path)
    town.reception.fail = [DOWN] * fails
    stored, lane = town.put(), town.lane()
    lane.look()
    town.pass_by(lane, minutes=10)
    town.reception.cases[key_of(stored)] = number
    town.pass_by(lane, hours=25)
    assert not town.hand_overs().has("one")
    assert town.chief.asked == [key_of(stored)]
    town.reception.register_all()
    town.pass_by(lane, minutes=10)
    assert town.hand_overs().has("one")


def test_an_error_that_nobody_foresaw_keeps_no_other_receiver_from_its_reports_and_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    town = LaneTown(tmp_path, EVENING)
    town.jouren.fail = [ValueError("planted secret")] * 1000
    for number in range(5):
        town.put(f"m{number}")
    lane = town.lane()
    lane.look()
    assert len(town.jouren.asked) == 3  # then all of its reports rest
    town.clock.advance(timedelta(hours=15))
    well = town.put("well")
    for restarted in (lane, town.lane()):
        restarted.look()
        assert list(town.reception.effects) == [key_of(well)]
    for _ in range(3):
        town.pass_by(lane, minutes=10)
    assert len(set(town.chief.asked)) == 5
    told = capsys.readouterr().out
    assert "ValueError" in told
    assert "planted secret" not in told
    town.jouren.fail = []
    town.pass_by(lane, minutes=10)
    town.pass_by(lane, minutes=10)
    assert len(town.jouren.effects) == 5


def test_a_receiver_that_cannot_be_asked_for_receipts_is_asked_more_seldom_and_somebody_is_told(tmp_path: Path) -> None:
    town = LaneTown(tmp_path)
    stored, lane = town.put(), town.lane()
    lane.look()
    working, asked = town.reception.registered, []

    def broken(key: str) -> None:
        asked.append(key)
        raise TypeError("planted secret")

    town.reception.registered = broken
    for _ in range(300):
        town.pass_by(lane, seconds=1)
    assert 3 < len(asked) < 30
    town.pass_by(lane, hours=25)
    assert town.chief.asked == [key_of(stored)]
    town.reception.registered = working
    town.reception.register_all()
    town.pass_by(lane, minutes=10)
    assert town.hand_overs().has("one")


def test_who_is_told_may_fail_in_any_way_and_is_told_later(tmp_path: Path) -> None:
    town = LaneTown(tmp_path)
    town.reception.fail = [DOWN] * 1000
    town.chief.fail = [TypeError("planted secret")]
    stored, lane = town.put(), town.lane()
    for _ in range(3):
        town.pass_by(lane, minutes=31)
    assert town.chief.asked == [key_of(stored)] * 2


def test_a_report_whose_marks_cannot_be_written_holds_up_no_other_and_is_told_of(tmp_path: Path) -> None:
    town = LaneTown(tmp_path)
    stuck = town.put("one")
    (tmp_path / "marks").mkdir()
    (tmp_path / "marks" / stuck.parent.name).write_bytes(b"no folder")
    others = {key_of(town.put(name)) for name in ("two", "three")}
    with pytest.raises(RetriableError):
        town.lane().look()
    assert town.reception.effects.keys() == others


def test_every_receiver_is_closed_though_one_cannot_be(tmp_path: Path) -> None:
    town, closed = LaneTown(tmp_path), []

    def broken() -> None:
        raise OSError("planted secret")

    town.reception.close = broken
    town.chief.close = lambda: closed.append("chief")
    town.lane().close()
    assert closed == ["chief"]
