"""Workers beside each other on one machine keep out of each other's way."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from hub.compiled.form import Form
from hub.metrics import WORKER_FORM
from hub.runtime.process import _name, _own_folder, _tell_form
from tests.support import make_settings


def test_each_worker_has_a_folder_of_its_own_and_the_next_start_takes_it_back(tmp_path: Path) -> None:
    settings = make_settings(tmp_path)
    with _own_folder(settings) as (first, zero), _own_folder(settings) as (second, one):
        assert (zero, one) == (0, 1)
        assert first != second
        assert first.is_dir()
        assert second.is_dir()
    with _own_folder(settings) as (again, number):
        assert (again, number) == (first, 0)


def test_workers_announce_themselves_apart() -> None:
    assert [_name(number) for number in range(3)] == ["worker", "worker-1", "worker-2"]


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (Form(compiled=True, text="compiled"), "compiled"),
        (Form(compiled=False, text="pure Python: what is compiled was made of other sources; run hub compile again"), "pure"),
    ],
)
def test_a_worker_says_at_its_start_in_which_form_its_core_runs(found: Form, code: str) -> None:
    WORKER_FORM.clear()
    with capture_logs() as logs:
        _tell_form(found)
    assert logs == [{"event": "worker starts", "form": found.text, "log_level": "info"}]
    told = {one: REGISTRY.get_sample_value("hub_worker_form", {"form": one}) for one in ("compiled", "pure")}
    assert told == {"compiled": None, "pure": None, code: 1.0}
