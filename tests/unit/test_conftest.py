from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import REQUIRE_VARIABLE, require, require_tool

CLONE = Path(__file__).resolve().parents[2]
SUITE = """
import pytest
from tests.support import require

def test_that_skips():
    require("a unicorn", False)

@pytest.fixture
def absent():
    require("a stable", False)

def test_whose_fixture_skips(absent):
    raise AssertionError

@pytest.mark.xfail(strict=True)
def test_that_fails_as_expected():
    raise AssertionError

def test_that_passes():
    require("nothing", True)
"""


def run_suite(folder: Path, text: str, required: str) -> str:
    path = folder / "test_suite.py"
    path.write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-rsfE", "-c", os.devnull, "--rootdir", str(folder)]
    command += ["-p", "tests.conftest", "-p", "no:cacheprovider", str(path)]
    environment = {**os.environ, REQUIRE_VARIABLE: required}
    return subprocess.run(command, cwd=CLONE, env=environment, capture_output=True, text=True, check=False).stdout


def test_what_is_missing_is_skipped_with_its_reason(tmp_path):
    told = run_suite(tmp_path, SUITE, "")
    assert "1 passed, 2 skipped, 1 xfailed" in told
    assert "needs a unicorn" in told


def test_where_all_is_required_every_skip_is_a_failure(tmp_path):
    told = run_suite(tmp_path, SUITE, "all")
    assert "1 failed, 1 passed, 1 xfailed" in told
    assert "1 error" in told
    assert "skipped" not in told.splitlines()[-1]
    assert "skipped although HUB_TEST_REQUIRE=all: Skipped: needs a unicorn" in told


def test_a_module_that_skips_itself_fails_too_where_all_is_required(tmp_path):
    module = "import pytest\npytest.importorskip('no_such_package')\n"
    assert "1 skipped" in run_suite(tmp_path, module, "")
    assert "1 error" in run_suite(tmp_path, module, "all")


def test_a_program_that_is_not_there_is_named(monkeypatch):
    monkeypatch.delenv(REQUIRE_VARIABLE, raising=False)
    with pytest.raises(pytest.skip.Exception, match="needs the program no-such-program"):
        require_tool("no-such-program")
    assert require_tool("sh").endswith("/sh")
    require("nothing", present=True)


def test_no_test_is_named_after_a_person(tmp_path):
    suite = "import pytest\n@pytest.mark.parametrize('text', ['20130304-9801', '1303049801', 'a b'])\ndef test_it(text): assert not text\n"
    told = run_suite(tmp_path, suite, "")
    assert "test_it[text0]" in told
    assert "test_it[a b]" in told
    assert "[20130304" not in told
