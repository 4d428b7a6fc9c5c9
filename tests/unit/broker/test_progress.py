from __future__ import annotations

import io

from hub.broker.progress import shown_progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_two_plain_lines():
    out = io.StringIO()
    with shown_progress(46, out) as progress:
        progress.received(45_300_000)
        progress.have(46)
    first, second = out.getvalue().splitlines()
    assert first.startswith("Fetching Apache Kafka: 46 jars")
    assert second.startswith("Fetched Apache Kafka: 45 MB in ")


def test_a_terminal_gets_a_bar_with_jars_and_megabytes():
    out = Terminal()
    with shown_progress(46, out) as progress:
        progress.received(12_000_000)
        progress.have(46)
    assert "46/46" in out.getvalue()
    assert "12 MB" in out.getvalue()
