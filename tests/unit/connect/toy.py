"""Connectors for tests, installed like any other: by entry points of a distribution on the path (`install_toys`)."""

from __future__ import annotations

import json
import threading
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from hub.connector import Absence, Batch, Connector, PersonRecord, Place, PlaceRecord, RawMessage, StatutoryBatch, Unmapped
from hub.contract.models import AbsenceKind, InfoKind, PlaceCategory, PlaceKind
from hub.errors import RetriableError

_TOYS = ("toy", "toyraw", "toyplaces", "toyfeed", "toymend", "toyrows", "toytold", "toypatient")


class ToyConfig(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path = Field(description="Where facts.jsonl and raw.jsonl lie.")
    page: int = Field(2, description="Facts of one batch.")
    minutes_in: str = Field("minutes", description="The field that holds the minutes: a mapping that can be wrong and be mended.")


class Lines:
    """Lines of a JSON file; the cursor is how many were read. A line that is `"bug"` makes the mapping fail.

    A file `away` beside it holds the code of the error with which the source does not answer.
    """

    def __init__(self, config: ToyConfig, name: str) -> None:
        self._file = config.folder / name
        self._page = config.page

    def pages(self, cursor):
        away = self._file.parent / "away"
        if away.exists():
            raise RetriableError("nobody answers", code=away.read_text())
        lines = self._file.read_text().splitlines() if self._file.exists() else []
        for first in range(cursor["read"] if cursor else 0, len(lines), self._page):
            page = [json.loads(line) for line in lines[first : first + self._page]]
            yield page, {"read": first + len(page)}

    def close(self) -> None:
        """Nothing is held."""


class ToySource(Lines):
    def batches(self, cursor):
        for page, reached in self.pages(cursor):
            yield Batch([_record(fact) for fact in page], reached)


class ToyMend(Lines):
    """As `ToySource`, with the field of the minutes as the settings name it; without it there is no event."""

    def __init__(self, config: ToyConfig) -> None:
        super().__init__(config, "facts.jsonl")
        self._minutes_in = config.minutes_in

    def batches(self, cursor):
        for page, reached in self.pages(cursor):
            yield Batch([mend(fact, self._minutes_in) for fact in page], reached)


def mend(fact, minutes_in):
    if minutes_in not in fact:
        content = json.dumps(fact).encode()
        return Unmapped("no_minutes", intentional=False, source_id=fact["id"], content=content)
    return _record({**fact, "minutes": fact[minutes_in]})


class ToyFeed(Lines):
    """Shows one page at each poll, and never again: the next poll is of the page after it, wherever the cursor stands."""

    def __init__(self, config: ToyConfig) -> None:
        super().__init__(config, "facts.jsonl")
        self._shown = config.folder / "shown"

    def batches(self, cursor):
        shown = int(self._shown.read_text()) if self._shown.exists() else 0
        for page, reached in self.pages({"read": shown}):
            self._shown.write_text(str(reached["read"]))
            yield Batch([_record(fact) for fact in page], reached)
            return


class ToyTold(Lines):
    """Gives what lies in the file once it was told of it, and writes down that it is safe."""

    def __init__(self, config: ToyConfig) -> None:
        super().__init__(config, "facts.jsonl")
        self._safe = config.folder / "safe"
        self._told = False

    def batches(self, cursor):
        for page, reached in self.pages(cursor) if self._told else ():
            yield Batch([_record(fact) for fact in page], reached)

    def listen(self, wake, stop):
        self._told = True
        wake()
        stop.wait()

    def settled(self, cursor):
        self._safe.write_text(str(cursor["read"]))


class ToyPatient(Lines):
    """Waits a minute before it reads anything, as before another try of a source that does not answer."""

    waits = threading.Event()

    def __init__(self, config: ToyConfig, context) -> None:
        super().__init__(config, "facts.jsonl")
        self._pause = context.pause

    def batches(self, cursor):
        self.waits.set()
        self._pause(60)
        yield from ()


class ToyRaw(Lines):
    def batches(self, cursor):
        for page, reached in self.pages(cursor):
            messages = [RawMessage(one["id"], datetime.fromisoformat(one["at"]), one["text"].encode()) for one in page]
            yield StatutoryBatch(messages, reached)


def _record(fact):
    if fact == "bug":
        raise KeyError("20110315-9801 as in the payload")
    at = datetime.fromisoformat(fact["at"])
    if "area" in fact:
        return PlaceRecord(fact["id"], fact["area"], at, Place(kind=PlaceKind.EST_REPORT, category=PlaceCategory.FIRE))
    body = Absence(kind=AbsenceKind.UNEXCUSED, minutes=fact["minutes"], offered_minutes=None)
    return PersonRecord(InfoKind.SCHOOL_ABSENCE, fact["person"], fact["id"], at, body)


def make_connector(name: str, **changes) -> Connector:
    parts = {"config": ToyConfig, "build_source": lambda config, _: ToySource(config, "facts.jsonl")}
    return Connector(name=name, title=f"A connector for tests ({name})", **(parts | changes))


toy = make_connector("toy", kinds=frozenset({InfoKind.SCHOOL_ABSENCE}))
toymend = make_connector("toymend", kinds=frozenset({InfoKind.SCHOOL_ABSENCE}), build_source=lambda config, _: ToyMend(config))
toyrows = make_connector(
    "toyrows",
    places=True,
    build_source=lambda config, _: ToyMend(config),
    map_again=lambda config, _, content: [mend(json.loads(content), config.minutes_in)],
)
toyraw = make_connector(
    "toyraw",
    kinds=frozenset({InfoKind.SCHOOL_ABSENCE}),
    build_statutory=lambda config, _: ToyRaw(config, "raw.jsonl"),
)
toyplaces = make_connector("toyplaces", places=True)
toytold = make_connector("toytold", places=True, build_source=lambda config, _: ToyTold(config))
toypatient = make_connector("toypatient", places=True, build_source=ToyPatient)
toyfeed = make_connector("toyfeed", places=True, moving_window=True, build_source=lambda config, _: ToyFeed(config))


def install_toys(folder: Path, **points: str) -> None:
    """Write the metadata of a distribution that registers the toys (and `points`); put `folder` on the path to use it."""
    metadata = folder / "toys-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
    lines = [f"{name} = {place}" for name, place in ({name: f"{__name__}:{name}" for name in _TOYS} | points).items()]
    (metadata / "entry_points.txt").write_text("\n".join(["[hub.connectors]", *lines, ""]))


def write_lines(file: Path, *facts) -> None:
    """Append facts."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as out:
        out.writelines(json.dumps(fact) + "\n" for fact in facts)
