"""The whole fleet: every connector that is installed passes the suite, but for what the table of waivers says."""

from __future__ import annotations

import pytest

from hub.connector import find_connectors
from hub.testing import SourceSuite
from tests.contract.connectors.waivers import SOURCES

_FLEET = {name: connector for name, connector in sorted(find_connectors().items()) if connector.build_source is not None}


@pytest.mark.parametrize("case", SourceSuite.cases())
@pytest.mark.parametrize("name", _FLEET)
def test_every_source_passes_the_suite(name: str, case: str, tmp_path) -> None:
    words = {"connector": _FLEET[name], "waivers": SOURCES.get(name, {})}
    suite = type(f"SuiteOf{name.title()}", (SourceSuite,), words)()
    getattr(suite, case)(tmp_path)


def test_the_table_waives_nothing_of_a_source_that_is_not_there() -> None:
    assert set(SOURCES) <= set(_FLEET)
