"""A folder of observations and weekly rows, before a whole intake."""

from __future__ import annotations

from connectors.observations.config import ObservationsConfig
from connectors.observations.source import ObservationsSource
from hub.connect.gate import Origin
from hub.connector import SourceContext
from hub.contract.models import InfoKind
from hub.errors import RetriableError
from hub.testing import MemoryPlaces
from tests.unit.connect.conftest import AREAS, KEY, World
from tests.unit.connectors.observations.make import HEADER, OTHER_PERSON, PERSON, write

KINDS = frozenset({InfoKind.RISK_EVENT})


class Folder(World):
    """A lane over a folder. Each file is newer than the one before; `fails_after` so many batches Kafka is away, once.

    `unsure`: once, Kafka has what is sent and does not say so.
    """

    def __init__(self, home) -> None:
        super().__init__(home)
        self.origin = Origin("leisure-norrkoping", "observations", KINDS, True, KEY, areas=AREAS)
        self.inbox, self.age, self.fails_after, self.unsure = home / "inbox", 500_000, 0, False
        self.inbox.mkdir()
        self.grant(PERSON, 1, kinds=KINDS)
        self.grant(OTHER_PERSON, 2, kinds=KINDS)
        self.restart()

    def restart(self) -> None:
        context = SourceContext(self.clock.now, str, MemoryPlaces(), kinds=KINDS, home=self.folder)
        config = ObservationsConfig(folder=self.inbox, batch_rows=2)
        self.read = ObservationsSource(config, context)
        self.events = self.lane(source=self, after_publish=self._answer)

    def batches(self, cursor):
        for number, batch in enumerate(self.read.batches(cursor), 1):
            yield batch
            if number == self.fails_after:
                self.fails_after = 0
                raise RetriableError("no broker", code="kafka")

    def _answer(self) -> None:
        if self.unsure:
            self.unsure = False
            raise RetriableError("no answer", code="kafka")

    def write(self, name: str, *rows: str, head: str = HEADER) -> None:
        self.age -= 10
        write(self.inbox, name, [head, *rows], age_seconds=self.age)

    def poll(self, name: str, *rows: str, head: str = HEADER) -> dict:
        self.write(name, *rows, head=head)
        return dict(self.events.poll())

    def standing(self) -> list[tuple[str, str]]:
        """Whose, and what: of each event the last revision counts."""
        last = {(one.event_id, one.topic_key): one for one in map(_Told, self.published)}
        return sorted((one.whose, one.what) for one in last.values() if not one.retracted)


class _Told:
    def __init__(self, message) -> None:
        self.event_id, self.retracted = message.event_id, message.retracted
        self.topic_key = getattr(message, "youth_ref", "") or message.area
        self.whose = self.topic_key[-1] if hasattr(message, "youth_ref") else message.area
        self.what = message.concern.value if hasattr(message, "concern") else str(message.incidents)
