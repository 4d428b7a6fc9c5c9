"""The whole fleet of sinks, as `test_sources` does for sources."""

from __future__ import annotations

import pytest

from hub.connector import find_connectors
from hub.testing import SinkSuite
from tests.contract.connectors.waivers import SINKS

_FLEET = {name: connector for name, connector in sorted(find_connectors().items()) if connector.build_sink is not None}


@pytest.mark.parametrize("case", SinkSuite.cases())
@pytest.mark.parametrize("name", _FLEET)
def test_every_sink_passes_the_suite(name: str, case: str, tmp_path) -> None:
    words = {"connector": _FLEET[name], "waivers": SINKS.get(name, {})}
    suite = type(f"SuiteOf{name.title()}", (SinkSuite,), words)()
    getattr(suite, case)(tmp_path)


def test_the_table_waives_nothing_of_a_sink_that_is_not_there() -> None:
    assert set(SINKS) <= set(_FLEET)
