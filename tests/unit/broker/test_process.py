from __future__ import annotations

import threading

import pytest

from hub.broker.process import prepare, run
from hub.errors import ConfigError
from tests.support import PRODUCTION, make_settings


def test_production_is_refused_before_anything_is_fetched_or_written(tmp_path):
    settings = make_settings(tmp_path, **PRODUCTION, broker={"jars": str(tmp_path / "none")})
    for refused in (lambda: run(settings, threading.Event()), lambda: prepare(settings)):
        with pytest.raises(ConfigError) as error:
            refused()
        assert error.value.code == "production"
    assert not settings.data.exists()


def test_a_folder_of_jars_that_is_empty_is_refused(tmp_path):
    with pytest.raises(ConfigError) as refused:
        prepare(make_settings(tmp_path, broker={"jars": str(tmp_path)}))
    assert refused.value.code == "jars_incomplete"
