"""A bad mapping refuses sixty records; it is mended, fifty are sent again by the cap, ten remain: on real Kafka, by the commands."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub.bootstrap import build_runner
from hub.connect.sending import LETTER_HEADER
from hub.contract.codec import Codec
from hub.contract.topics import SCHOOL_ABSENCES
from hub.kafka import Incoming, Reader, end_offsets
from hub.settings import load_settings
from hub.testing import served
from tests.unit.connect.conftest import World
from tests.unit.connect.installation import Subjects, make_installation
from tests.unit.connect.toy import install_toys, write_lines

ROOT = Path(__file__).resolve().parents[3]
RECORDS, CAP, WITHDRAWN = 60, 50, 5
pytestmark = [pytest.mark.kafka, pytest.mark.timeout(600)]


class Sixty:
    """An installation whose mapping looks for the minutes in a field that does not exist, until `mend`."""

    def __init__(self, site: Path, home: Path, kafka: str, port: int, subjects: Subjects) -> None:
        self.site = site
        self.home = home
        self.kafka = kafka
        self.subjects = subjects
        make_installation(home, port)
        for number, name in enumerate(("audit.key", "audit-subject.key", "worklist.key")):
            (home / "keys" / name).write_text(base64.b64encode(bytes([number]) * 32).decode())
        with (home / "hub.toml").open("a") as file:
            file.write(f'\n[kafka]\nbootstrap_servers = "{kafka}"\n')
        spans = ("2025-03-01T00:00:00+01:00", "2025-09-01T00:00:00+02:00")
        self.references = [subjects.grant(World.person(number), number + 1, *spans) for number in range(RECORDS)]
        facts = [
            {"id": f"a{number}", "person": World.person(number), "at": "2025-05-16T09:00:00+02:00", "minutes": number + 1}
            for number in range(RECORDS)
        ]
        write_lines(home / "source" / "facts.jsonl", *facts)

    def hub(self, *words: str, code: int = 0, **variables: str) -> str:
        """A command in a process of its own; what it printed."""
        environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(self.site), str(ROOT)))} | variables
        command = [sys.executable, "-m", "hub", *words, "--home", str(self.home)]
        ended = subprocess.run(command, env=environment, timeout=180, check=False, capture_output=True, text=True)
        assert ended.returncode == code, (ended.stdout, ended.stderr)
        return ended.stdout + ended.stderr if code else ended.stdout

    def letters(self) -> dict[str, int]:
        document = json.loads(self.hub("dlq", "list", "--all", "--json"))
        return {one["state"]: one["letters"] for one in document["counts"]}

    def mend(self) -> None:
        file = self.home / "hub.toml"
        file.write_text(file.read_text().replace('"mins"', '"minutes"'))

    def withdraw(self, numbers: range) -> None:
        for number in numbers:
            self.subjects.withdraw(self.references[number], f"11111111-2222-3333-4444-{number:012d}")

    @contextmanager
    def running(self) -> Iterator[None]:
        """The connector at work, as `hub connect` would have it."""
        stop = threading.Event()
        runner = build_runner(load_settings(self.home), "toymend", stop)
        thread = threading.Thread(target=runner.run)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(30)
        assert not thread.is_alive()

    def topic(self) -> list[Incoming]:
        wanted = sum(end_offsets(self.kafka, [SCHOOL_ABSENCES.name]).values())
        reader = Reader(self.kafka, (SCHOOL_ABSENCES.name,), None, "test")
        found: list[Incoming] = []
        try:
            deadline = time.monotonic() + 60
            while len(found) < wanted and time.monotonic() < deadline:
                found += reader.poll(1.0, 500)
        finally:
            reader.close()
        return found

    def minutes(self) -> Counter[int]:
        codec = Codec.load()
        return Counter(codec.decode(SCHOOL_ABSENCES, one.value).minutes for one in self.topic())


@pytest.fixture
def sixty(fresh_kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sixty]:
    install_toys(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setenv("HUB_CLOCK", f"2025-05-19T07:30:00+02:00@{time.time()}")
    subjects = Subjects()
    with served(subjects.app) as url:
        yield Sixty(tmp_path / "site", tmp_path / "home", fresh_kafka, int(url.rsplit(":", 1)[1]), subjects)


def test_fifty_of_sixty_are_sent_again_by_the_cap_as_consent_is_now_and_ten_remain(sixty: Sixty) -> None:
    sixty.hub("connect", "toymend", "--once")
    assert (sixty.letters(), sixty.topic()) == ({"waiting": RECORDS}, [])
    assert json.loads(sixty.hub("dlq", "preview", "--all", "--json"))["now"] == {"no_minutes": CAP}
    sixty.mend()
    told = json.loads(sixty.hub("dlq", "preview", "--all", "--json"))
    assert (told["now"], told["more"]) == ({"mapped": CAP}, RECORDS - CAP)
    taken = [one["letter"] for one in told["letters"]]

    sixty.withdraw(range(RECORDS))  # everybody, and then all but a few sign anew: whose letters are among the fifty is not known
    spans = ("2025-03-01T00:00:00+01:00", "2025-09-01T00:00:00+02:00")
    for number in range(WITHDRAWN, RECORDS):
        sixty.subjects.grant(World.person(number), 100 + number, *spans)
    done = json.loads(sixty.hub("dlq", "redrive", "--all", "--yes", "--json"))
    assert (done["redriven"], done["more"]) == ([{"state": "handled", "reason": "", "letters": CAP}], RECORDS - CAP)
    assert sixty.letters() == {"handled": CAP, "waiting": RECORDS - CAP}

    sent = sixty.topic()
    said = sixty.minutes()
    print(f"{len(said)} of {CAP} sent again; of {WITHDRAWN} who had withdrawn none")
    assert CAP - WITHDRAWN <= len(sent) <= CAP
    assert set(said.values()) == {1}
    assert not set(said) & set(range(1, WITHDRAWN + 1))
    links = {dict(one.headers)[LETTER_HEADER].decode() for one in sent}
    assert links <= set(taken)
    assert len(links) == len(sent)

    # The other ten while the connector runs, which then reads on and repeats nothing.
    with sixty.running():
        again = json.loads(sixty.hub("dlq", "redrive", "--all", "--yes", "--json"))
    assert again["redriven"] == [{"state": "handled", "reason": "", "letters": RECORDS - CAP}]
    assert sixty.letters() == {"handled": RECORDS}
    assert sixty.minutes() == Counter(range(WITHDRAWN + 1, RECORDS + 1))


def test_nothing_personal_is_in_any_byte_of_the_folder_and_a_control_is_found(sixty: Sixty) -> None:
    sixty.hub("connect", "toymend", "--once")
    folder = sixty.home / "data"
    found = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    plain = [World.person(number) for number in range(RECORDS)]
    assert not [one for one in plain if one.encode() in found or one.replace("-", "").encode() in found]
    assert not any(f'"a{number}"'.encode() in found for number in range(RECORDS))
    (folder / "control").write_text(f"x{plain[0]}x")
    assert plain[0].encode() in b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_without_kafka_the_letters_wait_again_and_the_command_says_what_failed(sixty: Sixty) -> None:
    sixty.hub("connect", "toymend", "--once")
    sixty.mend()
    said = sixty.hub("dlq", "redrive", "--all", "--yes", code=4, HUB_KAFKA__BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert "Kafka does not answer" in said
    assert sixty.letters() == {"waiting": RECORDS}
