"""An installation with sources whose mapping is wrong, and then mended; its console, and who may do what there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hub.access.rights import each_for
from hub.access.roles import Principal, Role
from hub.audit.reading import Filter, the_latest
from hub.clock import Clock, ManualClock
from hub.connect.letter_box import LetterBox, Look
from hub.connect.runner import Runner
from hub.contract.codec import Codec
from hub.kafka import Outgoing
from hub.settings import Settings, load_settings
from hub.testing import MemoryPublisher
from hub.web.operations.console import Console
from tests.unit.connect.conftest import NOW, World
from tests.unit.connect.installation import Subjects, make_installation
from tests.unit.connect.toy import write_lines
from tests.unit.web.town import PagesTown, make_console

AT = "2025-05-16T09:00:00+02:00"


def of_role(*roles: Role) -> Principal:
    """Somebody with roles and no team."""
    name = "-".join(sorted(roles))
    return Principal(f"account-{name.encode().hex()}", name, each_for(roles, ()))


OPERATOR, OPS, OFFICER, AUDITOR = map(of_role, (Role.OPERATOR, Role.OPS, Role.SOURCE_OFFICER, Role.AUDITOR))


def audited(town: PagesTown) -> list[str]:
    """What was done, the newest first."""
    return [one.action for one in the_latest(town.audit.engine, Filter(), 100)]


class Publishing(MemoryPublisher):
    """Kafka in memory; `before` is called in front of each publish."""

    before: Callable[[], None] = staticmethod(lambda: None)

    def publish(self, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        self.before()
        return super().publish(records)


class Sources:
    """`run` polls an instance once, `mend` corrects the mapping of both that have a wrong one."""

    def __init__(self, home: Path, subjects_url: str, subjects: Subjects) -> None:
        self.home = home
        self.settings = make_installation(home, int(subjects_url.rsplit(":", 1)[1]))
        self.subjects = subjects
        self.publisher = Publishing()
        self.more: dict[str, Any] = {}

    def load(self) -> Settings:
        return load_settings(self.home)

    def runner(self, name: str) -> Runner:
        parts: dict[str, Any] = {"publisher_factory": lambda _: self.publisher, "statutory_port": None, "codec": Codec.load()}
        return Runner(self.load(), ManualClock(NOW), threading.Event(), name, **parts)

    def run(self, name: str = "toymend") -> None:
        assert self.runner(name).once()["events"].result == "ok"

    def console(self, clock: Clock) -> Console:
        parts: dict[str, Any] = {"load": self.load, "build_runner": self.runner, **self.more}
        return make_console(self.settings, clock, **parts)

    def facts(self, number: int, **more: Any) -> None:
        """So many facts about persons, of which none can be mapped before the mending."""
        facts = [{"id": f"a{one}", "person": World.person(one), "at": AT, "minutes": 40, **more} for one in range(number)]
        write_lines(self.home / "source" / "facts.jsonl", *facts)

    def places(self, number: int) -> None:
        rows = [{"id": f"p{one}", "at": AT, "area": "0581-hageby", "minutes": 1} for one in range(number)]
        write_lines(self.home / "source" / "facts.jsonl", *rows)

    def mend(self) -> None:
        file = self.home / "hub.toml"
        file.write_text(file.read_text().replace('"mins"', '"minutes"'))

    def grant(self, number: int) -> str:
        return self.subjects.grant(World.person(number), number + 1, "2025-03-01T00:00:00+01:00", "2025-09-01T00:00:00+02:00")

    def letters(self, look: Look | None = None) -> list[str]:
        return [one.letter.letter_id for one in LetterBox(self.load()).letters(look or Look())]
