from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from hub.connect.dry_run import dry_run
from hub.connect.instance import load_instance
from hub.errors import ConfigError, FatalError
from tests.unit.connect.installation import free_port, make_installation
from tests.unit.connect.toy import install_toys, write_lines

AT = "2025-05-16T09:00:00+02:00"


def bytes_of(folder: Path) -> dict[str, str]:
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """No registry answers, and no Kafka."""
    install_toys(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    return make_installation(tmp_path / "home", free_port())


def facts(installed, *rows) -> None:
    write_lines(installed.home / "source" / "facts.jsonl", *rows)


def absence(world, number: int, minutes: int = 60) -> dict:
    return {"id": f"a{number}", "person": world.person(number), "at": AT, "minutes": minutes}


def test_a_trial_shows_the_first_records_and_leaves_every_byte_of_the_installation_as_it_was(installed, world) -> None:
    facts(installed, *(absence(world, number) for number in range(5)))
    before = bytes_of(installed.home)
    trial = dry_run(load_instance(installed, "toy"), world.clock, limit=3)
    assert bytes_of(installed.home) == before
    assert [one.fields["minutes"] for one in trial.records] == [60, 60, 60]
    assert (trial.code, trial.more) == ("", True)


def test_the_statutory_lane_is_not_touched(installed, world) -> None:
    facts(installed, absence(world, 1))
    write_lines(installed.home / "source" / "raw.jsonl", {"id": "m1", "at": AT, "text": "anmälan"})
    before = bytes_of(installed.home)
    assert len(dry_run(load_instance(installed, "toyraw"), world.clock, limit=10).records) == 1
    assert bytes_of(installed.home) == before


def test_records_are_counted_by_what_became_of_them(installed, world) -> None:
    facts(installed, absence(world, 1), absence(world, 2, minutes=-5), {**absence(world, 3), "person": "nobody"})
    counted = dry_run(load_instance(installed, "toy"), world.clock, limit=10)
    assert counted.counts == {
        ("mapped", ""): 1,
        ("refused", "invalid_record"): 1,
        ("refused", "unresolved_identifier"): 1,
    }
    assert not counted.more


def test_progress_is_told_as_records_come(installed, world) -> None:
    facts(installed, absence(world, 1), absence(world, 2))
    told: list[int] = []
    dry_run(load_instance(installed, "toy"), world.clock, 10, told.append)
    assert told == [1, 2]


def test_a_mapping_that_fails_ends_the_trial_without_telling_what_it_read(installed, world) -> None:
    facts(installed, "bug")
    with pytest.raises(FatalError) as failed:
        dry_run(load_instance(installed, "toy"), world.clock, limit=10)
    assert "9801" not in str(failed.value)


def test_an_unknown_agency_is_refused_before_anything_is_pulled(installed, world) -> None:
    with pytest.raises(ConfigError):
        dry_run(load_instance(installed, "odd"), world.clock, limit=10)
