"""`hub dlq` and `hub journal` on an installation whose mapping is wrong, and then mended."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.access.accounts import Newcomer
from hub.access.opening import build_access_engine, open_accounts
from hub.access.rights import each_for
from hub.access.roles import Role
from hub.access.trail import system_user
from hub.audit.reading import Filter, the_latest
from hub.bootstrap import build_audit
from hub.cli import app
from hub.clock import ManualClock
from hub.connect.letter_box import LetterBox, Look
from hub.connect.letters import LetterState
from hub.connect.runner import Runner
from hub.contract.codec import Codec
from hub.errors import RejectedError
from hub.settings import load_settings
from hub.testing import MemoryPublisher, served
from tests.command_line import CliRunner
from tests.unit.connect.conftest import NOW, World
from tests.unit.connect.installation import Subjects, make_installation
from tests.unit.connect.toy import install_toys, write_lines

AT = "2025-05-16T09:00:00+02:00"
LOOK = Look()
PASSWORD = "krusbär-på-verandan-9"


class Mending:
    """An installation; `run` polls a connector once, `mend` corrects both mappings."""

    def __init__(self, home: Path, port: int, subjects: Subjects) -> None:
        self.home = home
        self.settings = make_installation(home, port)
        self.subjects = subjects
        self.publisher = MemoryPublisher()
        for number, name in enumerate(("audit.key", "audit-subject.key", "worklist.key")):
            (home / "keys" / name).write_text(base64.b64encode(bytes([number]) * 32).decode())

    def run(self, name: str = "toymend") -> None:
        stop = threading.Event()
        parts = {"publisher_factory": lambda _: self.publisher, "statutory_port": None, "codec": Codec.load()}
        assert Runner(self.settings, ManualClock(NOW), stop, name, **parts).once()["events"].result == "ok"

    def fact(self, number: int, **more) -> None:
        fact = {"id": f"a{number}", "person": World.person(number), "at": AT, "minutes": 40}
        write_lines(self.home / "source" / "facts.jsonl", fact | more)

    def mend(self) -> None:
        file = self.home / "hub.toml"
        file.write_text(file.read_text().replace('"mins"', '"minutes"'))
        self.settings = load_settings(self.home)

    def hub(self, *words: str, code: int = 0, typed: str = "") -> str:
        ended = CliRunner().invoke(app, [*words, "--home", str(self.home)], input=typed, env={"COLUMNS": "200"})
        assert ended.exit_code == code, (ended.output, ended.exception)
        assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exc_info
        return ended.stdout

    def ids(self, *words: str) -> list[str]:
        return [one["letter"] for one in json.loads(self.hub("dlq", "list", "--json", *words))["letters"]]

    def account(self, name: str, *roles: Role) -> None:
        log, engine = build_audit(self.settings), build_access_engine(self.settings)
        newcomer = Newcomer(name, "Någon", each_for(roles, ()))
        open_accounts(self.settings, engine, log).add(newcomer, PASSWORD, system_user(), own=True)
        log.close()
        engine.dispose()

    def refused(self, *words: str, typed: str = "") -> RejectedError:
        ended = CliRunner().invoke(app, [*words, "--home", str(self.home)], input=typed)
        assert isinstance(ended.exception, RejectedError), ended.output
        return ended.exception

    def audited(self) -> list[str]:
        log = build_audit(self.settings)
        try:
            return [one.action for one in the_latest(log.engine, Filter(), 100)]
        finally:
            log.close()


@pytest.fixture
def mending(tmp_path, monkeypatch) -> Iterator[Mending]:
    install_toys(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    subjects = Subjects()
    with served(subjects.app) as url:
        yield Mending(tmp_path / "home", int(url.rsplit(":", 1)[1]), subjects)


def test_letters_are_listed_with_reason_and_counts_and_nothing_of_what_they_hold(mending) -> None:
    for number in range(3):
        mending.fact(number)
    mending.run()
    document = json.loads(mending.hub("dlq", "list", "--json", "--limit", "2"))
    assert len(document["letters"]) == 2
    assert document["counts"] == [{"connector": "toymend", "reason": "no_minutes", "state": "waiting", "letters": 3}]
    table = mending.hub("dlq", "list")
    for text in (json.dumps(document), table):
        assert "no_minutes" in text
        assert not any(World.person(number) in text for number in range(3))
    assert mending.audited()[:2] == ["dead_letter_listed", "dead_letter_listed"]


def test_an_empty_list_says_so(mending) -> None:
    assert "No letter waits" in mending.hub("dlq", "list")


def test_a_mended_mapping_is_tried_on_one_letter_and_nothing_is_done(mending) -> None:
    mending.fact(1)
    mending.run()
    (letter,) = mending.ids()
    assert "no_minutes" in mending.hub("dlq", "try", letter, code=1)
    mending.mend()
    shown = json.loads(mending.hub("dlq", "try", letter, "--json"))
    assert (shown["outcome"], shown["records"][0]["fields"]["minutes"]) == ("mapped", 40)
    assert World.person(1) not in json.dumps(shown)
    assert mending.ids() == [letter]
    assert mending.publisher.records == []


def test_of_a_source_that_does_not_answer_it_is_said_that_later_it_may(mending) -> None:
    mending.fact(1)
    mending.run()
    (letter,) = mending.ids()
    (mending.home / "source" / "away").write_text("status_503")
    said = "the source does not answer now; try again later"
    assert f"1  status_503 ({said})" in mending.hub("dlq", "preview", "--all")
    assert f"status_503: {said}" in mending.hub("dlq", "try", letter, code=1)
    assert json.loads(mending.hub("dlq", "preview", "--all", "--json"))["now"] == {"status_503": 1}
    mending.account("sara", Role.SOURCE_OFFICER)
    assert f"status_503: {said}" in mending.hub("dlq", "show", letter, "--body", "--as", "sara", typed=PASSWORD + "\n")


def test_a_preview_tells_what_each_letter_gives_now_up_to_the_cap(mending) -> None:
    for number in range(4):
        mending.fact(number)
    mending.fact(5, minutes=-3)
    mending.run()
    mending.mend()
    told = json.loads(mending.hub("dlq", "preview", "--all", "--json"))
    assert told["now"] == {"invalid_record": 1, "mapped": 4}
    assert json.loads(mending.hub("dlq", "preview", "--all", "--limit", "3", "--json"))["more"] == 2
    assert mending.refused("dlq", "preview").code == "which_letters"
    assert mending.refused("dlq", "preview", "l0123").code == "no_such_letter"


def test_a_letter_is_discarded_and_brought_back(mending) -> None:
    mending.fact(1)
    mending.run()
    (letter,) = mending.ids()
    assert "1 discarded" in mending.hub("dlq", "discard", letter, "--yes")
    assert mending.ids() == []
    assert mending.ids("--all") == [letter]
    assert "1 wait again" in mending.hub("dlq", "discard", letter, "--undo", "--yes")
    assert mending.ids() == [letter]


def test_an_operator_sees_metadata_and_only_the_source_officer_what_a_letter_holds(mending) -> None:
    mending.fact(1)
    mending.run()
    (letter,) = mending.ids()
    mending.account("olle", Role.OPERATOR)
    mending.account("sara", Role.SOURCE_OFFICER)
    typed = PASSWORD + "\n"
    assert "minutes" not in mending.hub("dlq", "show", letter).replace("no_minutes", "")
    assert mending.refused("dlq", "show", letter, "--body", "--as", "olle", typed=typed).code == "not_permitted"
    assert mending.refused("dlq", "redrive", letter, "--yes", "--as", "sara", typed=typed).code == "not_permitted"
    body = mending.hub("dlq", "show", letter, "--body", "--as", "sara", typed=typed)
    assert '"minutes": 40' in body
    assert World.person(1) not in body
    assert "dead_letter_body_read" in mending.audited()
    assert "request_refused" in mending.audited()


def test_what_the_commands_show_does_not_depend_on_a_consent(mending) -> None:
    mending.fact(1)
    mending.fact(2)
    mending.subjects.grant(World.person(1), 1, "2025-03-01T00:00:00+01:00", "2025-09-01T00:00:00+02:00")
    mending.run()
    mending.mend()
    one, two = (json.loads(mending.hub("dlq", "show", letter, "--json")) for letter in mending.ids())
    assert {key for key in one if one[key] != two[key]} <= {"letter", "place", "cursor"}
    shown = [json.loads(mending.hub("dlq", "try", letter, "--json"))["records"] for letter in mending.ids()]
    assert shown[0] == shown[1]


def test_a_letter_about_a_place_keeps_its_row_sealed(mending) -> None:
    row = {"id": "p1", "at": AT, "area": "0581-hageby", "minutes": 1, "note": "planted-control"}
    write_lines(mending.home / "source" / "facts.jsonl", row)
    mending.run("toyrows")
    (letter,) = mending.ids()
    (mending.home / "source" / "facts.jsonl").write_text("")
    folder = mending.home / "data" / "connect" / "toyrows"
    assert b"planted-control" not in b"".join(file.read_bytes() for file in folder.iterdir())
    mending.mend()
    assert json.loads(mending.hub("dlq", "try", letter, "--json"))["outcome"] == "mapped"


def test_the_journal_lists_places_and_gives_what_is_about_a_person_for_its_whole_id_only(mending) -> None:
    mending.subjects.grant(World.person(1), 1, "2025-03-01T00:00:00+01:00", "2025-09-01T00:00:00+02:00")
    mending.fact(1)
    write_lines(mending.home / "source" / "facts.jsonl", {"id": "p1", "at": AT, "area": "0581-hageby", "minutes": 1})
    mending.mend()
    mending.run()
    mending.run("toyrows")
    (place,) = json.loads(mending.hub("journal", "search", "--json"))
    assert (place["connector"], place["topic"], place["offset"]) == ("toyrows", "hub.place-events.v1", 1)
    person = next(
        line for line in LetterBox(mending.settings).journal(LOOK, persons=True, limit=9) if line.connector == "toymend"
    )
    (found,) = json.loads(mending.hub("journal", "search", "--event", person.published.event_id, "--json"))
    assert found["topic"] == "hub.school-absences.v1"
    assert person.published.subject not in json.dumps(found)
    assert "Nothing is found" in mending.hub("journal", "search", "--outcome", "retracted", code=1)
    assert "Nothing is found" in mending.hub("journal", "search", "--since", "2025-06-01", code=1)
    assert mending.refused("journal", "search", "--persons").code == "not_permitted"
    mending.account("rut", Role.AUDITOR)
    listed = mending.hub("journal", "search", "--persons", "--as", "rut", "--json", typed=PASSWORD + "\n")
    assert {one["connector"] for one in json.loads(listed)} == {"toymend", "toyrows"}


def test_two_at_once_queue_a_letter_once(mending) -> None:
    mending.fact(1)
    mending.run()
    (letter,) = mending.ids()
    box = LetterBox(mending.settings)
    moved = [box.move("toymend", [letter], LetterState.WAITING, LetterState.QUEUED, NOW) for _ in range(2)]
    assert moved == [[letter], []]


def test_what_the_source_has_corrected_since_is_told_before_it_is_sent(mending) -> None:
    place = {"id": "p0", "area": "0581-hageby", "minutes": 1}
    write_lines(mending.home / "source" / "facts.jsonl", place | {"at": AT}, place | {"at": AT, "id": "p1"})
    mending.run("toyrows")
    first, other = mending.ids("--connector", "toyrows")
    mending.mend()
    write_lines(mending.home / "source" / "facts.jsonl", place | {"at": "2025-05-16T21:00:00+02:00"})
    mending.run("toyrows")
    told = json.loads(mending.hub("dlq", "preview", "--all", "--json"))
    assert {one["letter"]: one["now"] for one in told["letters"]} == {first: "corrected_since", other: "mapped"}
    assert "hub dlq discard" in " ".join(mending.hub("dlq", "try", first, code=1).split())
    mending.hub("dlq", "try", other)
