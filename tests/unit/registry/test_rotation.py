from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from hub.clock import ManualClock
from hub.connect.directory import Directory
from hub.connect.subjects import SubjectFeed
from hub.connect.vault import DirectoryFile
from hub.contract.codec import Codec
from hub.errors import RejectedError, RetriableError, StaleDirectoryError
from hub.installation import read_key, read_secret
from hub.registry.agency_trail import AgencyTrail
from hub.registry.opening import OpenRegistry, open_registry
from hub.registry.relay import Relay
from hub.registry.rotation import agency_key_states, retire_agency, rotate_agency
from hub.registry.subject_api import build_app
from hub.settings import Settings, load_settings
from hub.testing import served
from tests.prepared import initialised
from tests.unit.registry.support import SCHOOL, START, MemoryPublisher, make_grant, make_identifier

PERSON = make_identifier()
HMAC, TOKEN = f"agency-{SCHOOL}.hmac", f"agency-{SCHOOL}.token"


class Place:
    """An installation whose registry is served, and the school's connector in a zone with keys of its own."""

    def __init__(self, home: Path) -> None:
        initialised(home)
        self.settings: Settings = load_settings(home)
        self.clock = ManualClock(START)
        self.opened: OpenRegistry = open_registry(self.settings, self.clock, Codec.load())
        self.zone = {"key": read_key(self.settings, HMAC), "token": read_secret(self.settings, TOKEN)}
        self.records = 0

    def record(self) -> None:
        self.records += 1

    def relay(self) -> None:
        Relay(self.opened.registry, MemoryPublisher(), threading.Event()).run_once()

    def bring(self) -> None:
        """What an operator does: the new files into the connector's zone."""
        self.zone = {"key": read_key(self.settings, HMAC), "token": read_secret(self.settings, TOKEN)}

    def directory(self, url: str) -> Directory:
        feed = SubjectFeed(url, SCHOOL, lambda: str(self.zone["token"]))
        return Directory(
            feed,
            DirectoryFile(self.settings.home / "zone" / "directory.sealed", self.zone["key"], "ss12000"),
            agency_key=lambda: self.zone["key"],
            clock=self.clock,
            stale_after=timedelta(hours=1),
            pause=lambda _: None,
        )


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.opened.close()


@pytest.fixture
def url(place: Place) -> Iterator[str]:
    with served(
        build_app(place.opened.engine, place.opened.tools, place.clock, AgencyTrail(place.opened.sealed.log, place.clock))
    ) as address:
        yield address


def refused(code: str, call: Callable[..., object], *arguments: object, **named: object) -> str:
    with pytest.raises(RejectedError) as caught:
        call(*arguments, **named)
    assert caught.value.code == code
    return str(caught.value)


def test_a_rotation_from_the_first_step_to_the_last_interrupts_nothing(place: Place, url: str) -> None:
    place.opened.registry.grant(make_grant())
    place.relay()
    directory = place.directory(url)
    directory.refresh(lambda _: None)
    entry = directory.lookup(PERSON)
    assert entry is not None
    rotate_agency(place.settings, SCHOOL, place.record)
    heeded: list[object] = []
    for bring in (False, True):  # before and after the connector got the new files
        if bring:
            place.bring()
        directory.refresh(heeded.append)
        directory.require_fresh()
        assert directory.lookup(PERSON) == entry
    place.clock.advance(timedelta(minutes=61))
    directory.refresh(heeded.append)
    retire_agency(place.settings, place.opened.registry, SCHOOL, place.clock.now(), place.record)
    directory.refresh(heeded.append)
    directory.require_fresh()
    assert directory.lookup(PERSON) == entry
    assert heeded == []  # nobody gained and nobody was removed: no source is read again, no ledger erased
    assert place.records == 2
    assert not list(place.settings.keys.glob("*.former"))


def test_in_the_dual_period_an_entry_has_a_hash_under_each_key_and_both_tokens_are_taken(place: Place, url: str) -> None:
    place.opened.registry.grant(make_grant())
    place.relay()

    def ask(token: str) -> httpx.Response:
        return httpx.get(f"{url}/v1/agencies/{SCHOOL}/subjects", headers={"Authorization": f"Bearer {token}"})

    old = read_secret(place.settings, TOKEN)
    (single,) = ask(old).json()["entries"]
    rotate_agency(place.settings, SCHOOL, place.record)
    new = read_secret(place.settings, TOKEN)
    assert new != old
    for token in (old, new):
        answer = ask(token).json()
        (entry,) = answer["entries"]
        assert len(answer["keys"]) == len(entry["subject_hashes"]) == 2
        assert entry["subject_hashes"][1] == single["subject_hashes"][0]
        assert answer["version"] == 2  # told once more, and only once
    retire_agency(place.settings, place.opened.registry, SCHOOL, place.clock.now(), place.record, force=True)
    assert ask(old).status_code == 401
    answer = ask(new).json()
    assert answer["entries"][0]["subject_hashes"] == [entry["subject_hashes"][0]]
    assert len(answer["keys"]) == 1


def test_a_connector_that_never_got_the_new_key_stops_and_says_what_it_needs(place: Place, url: str) -> None:
    place.opened.registry.grant(make_grant())
    place.relay()
    directory = place.directory(url)
    rotate_agency(place.settings, SCHOOL, place.record)
    retire_agency(place.settings, place.opened.registry, SCHOOL, place.clock.now(), place.record)  # nobody ever asked
    with pytest.raises(RetriableError, match="token"):
        directory.refresh(lambda _: None)
    place.zone["token"] = read_secret(place.settings, TOKEN)
    directory.refresh(lambda _: None)
    with pytest.raises(StaleDirectoryError) as caught:
        directory.require_fresh()
    assert caught.value.code == "agency_key_retired"
    place.bring()
    directory.refresh(lambda _: None)
    directory.require_fresh()
    assert directory.lookup(PERSON) is not None


def test_no_key_is_retired_under_a_connector_that_uses_it(place: Place, url: str) -> None:
    retire = (retire_agency, place.settings, place.opened.registry, SCHOOL)
    refused("nothing_to_retire", *retire, place.clock.now(), place.record)
    directory = place.directory(url)
    directory.refresh(lambda _: None)
    rotate_agency(place.settings, SCHOOL, place.record)
    refused("rotation_under_way", rotate_agency, place.settings, SCHOOL, place.record)
    assert "asked with the former hmac" in refused("still_used", *retire, place.clock.now(), place.record)
    place.clock.advance(timedelta(hours=2))
    assert "no connector" in refused("still_used", *retire, place.clock.now(), place.record)
    place.bring()
    directory.refresh(lambda _: None)
    retire_agency(place.settings, place.opened.registry, SCHOOL, place.clock.now(), place.record)
    refused("unknown_agency", rotate_agency, place.settings, "nobody", place.record)
    assert place.records == 2


def test_two_rotations_at_a_time_leave_the_key_that_connectors_have(place: Place) -> None:
    before = read_key(place.settings, HMAC)
    refused(
        "rotation_under_way",
        rotate_agency,
        place.settings,
        SCHOOL,
        lambda: rotate_agency(place.settings, SCHOOL, place.record),
    )
    assert read_key(place.settings, f"{HMAC}.former") == before


def test_the_list_of_keys_names_each_and_shows_none(place: Place, url: str) -> None:
    rotate_agency(place.settings, SCHOOL, place.record)
    place.directory(url).refresh(lambda _: None)
    states = [state for state in agency_key_states(place.settings, place.opened.registry) if state.agency == SCHOOL]
    assert [(state.what, state.former, state.used_at is None) for state in states] == [
        ("hmac", False, True),
        ("hmac", True, False),
        ("token", False, True),
        ("token", True, False),
    ]
    shown = json.dumps([str(state) for state in states])
    for path in place.settings.keys.glob("agency-*"):
        assert path.read_text().strip() not in shown


def test_a_change_that_cannot_be_logged_is_not_made(place: Place) -> None:
    def full() -> None:
        raise RetriableError("no log", code="audit")

    before = {path.name: path.read_bytes() for path in place.settings.keys.iterdir()}
    with pytest.raises(RetriableError):
        rotate_agency(place.settings, SCHOOL, full)
    assert {path.name: path.read_bytes() for path in place.settings.keys.iterdir()} == before


def test_keys_that_cannot_be_read_for_a_moment_leave_the_former_ones_valid(place: Place) -> None:
    known = place.opened.tools.agencies[SCHOOL]
    (place.settings.keys / TOKEN).rename(place.settings.keys / "elsewhere")
    assert place.opened.tools.agencies[SCHOOL] == known
    (place.settings.keys / "elsewhere").rename(place.settings.keys / TOKEN)
    assert place.opened.tools.agencies[SCHOOL] == known
