"""What workers keep is deleted only while none works."""

from __future__ import annotations

from pathlib import Path

import pytest
from filelock import FileLock

from hub.errors import RejectedError
from hub.runtime.forgetting import forget
from tests.support import make_settings


@pytest.mark.parametrize("number", [0, 1])
def test_a_worker_on_this_machine_keeps_its_state_before_kafka_is_asked(tmp_path: Path, number: int) -> None:
    settings = make_settings(tmp_path, kafka={"bootstrap_servers": "127.0.0.1:1"})
    folder = settings.data / "worker" / str(number)
    folder.mkdir(parents=True)
    with FileLock(settings.data / "worker" / f"{number}.lock"), pytest.raises(RejectedError) as caught:
        forget(settings)
    assert caught.value.code == "worker_runs"
    assert folder.is_dir()
