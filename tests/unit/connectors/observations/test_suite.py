from __future__ import annotations

from typing import ClassVar

from connectors.observations import connector
from hub.testing import SourceSuite
from tests.unit.connectors.observations.make import EST_HEADER, HEADER, OTHER_PERSON, make_row, write


class TestObservations(SourceSuite):
    connector = connector
    config: ClassVar = {"folder": "{dataset}", "batch_rows": 2}

    def make_dataset(self, folder):
        rows = [make_row(f"obs-{number}") for number in range(5)]
        write(folder, "observations-2025-05-12.csv", [HEADER, *rows, make_row("obs-9", concern="unknown")], age_seconds=7200)
        write(folder, "more.csv", [HEADER, make_row("obs-10", OTHER_PERSON)])
        write(folder, "est-2025-W20.csv", [EST_HEADER, "2025-W20;Hageby;disorder;3", "2025-W20;City;theft;x"])
