"""Who works with an installation's data: many together, or one alone, as the operating system sees it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.in_use import Hold, held_alone, hold, used
from hub.process import process_frame
from hub.single_machine import SingleMachine
from tests.support import make_settings

_ALONE = """
import sys, time
from pathlib import Path
from hub.in_use import held_alone
with held_alone(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_many_hold_it_together_and_one_alone_waits_for_the_last_of_them(tmp_path: Path) -> None:
    with used(tmp_path):
        other = Hold(tmp_path)
        for _twice in range(2):
            other.release()
        with pytest.raises(ConfigError) as refused, held_alone(tmp_path):
            pytest.fail("somebody works with it")
    assert refused.value.code == "in_use"
    with held_alone(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_what_a_restore_puts_together_it_holds_itself(tmp_path: Path) -> None:
    with held_alone(tmp_path):
        hold(tmp_path, tmp_path / "data.restoring")()
        with pytest.raises(ConfigError, match="being restored"):
            hold(tmp_path, tmp_path / "data")


def test_no_process_and_no_installation_of_one_machine_starts_while_one_holds_it_alone(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    with held_alone(tmp_path):
        with pytest.raises(ConfigError) as refused, process_frame(settings, "web", started=time.time()):
            pytest.fail("it began")
        assert refused.value.code == "restoring"
        with pytest.raises(ConfigError) as refused:
            SingleMachine(settings, lambda _text: None).run(lambda: pytest.fail("it began"))
        assert refused.value.code == "restoring"


def test_who_is_killed_holds_nothing_any_more(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _ALONE, str(tmp_path)], stdout=subprocess.PIPE) as alone:
        assert alone.stdout is not None
        assert alone.stdout.readline() == b"held\n"
        with pytest.raises(ConfigError), used(tmp_path):
            pytest.fail("somebody holds it alone")
        alone.kill()
    with used(tmp_path):
        pass
