"""What a process looks at first: its own settings, then whether anybody answers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support import make_settings
from tests.unit.connect.installation import free_port


def test_delivery_tells_a_wrong_database_before_it_waits_for_kafka(tmp_path: Path) -> None:
    make_settings(tmp_path, broker={"port": free_port()}, delivery={"database_url": "nonsense"})
    words = [sys.executable, "-m", "hub", "deliver", "--home", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("hub: delivery.database_url: ")
    assert done.stderr.count("\n") == 1
