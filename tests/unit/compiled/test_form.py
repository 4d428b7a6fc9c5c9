"""Which form runs: all that is compiled or nothing of it, and never without a word."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub.compiled.form import FOLDER_VARIABLE, FORM_VARIABLE, MANIFEST, compiled_readers, digest, form, found


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A folder as `hub compile` leaves it, but for what is in its files."""
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "step.so").write_bytes(b"")
    tell(tmp_path, digest=digest())
    return tmp_path


def tell(folder: Path, **changes: object) -> None:
    told = {"digest": "", "files": {"hub.core.step": "core/step.so"}} | changes
    (folder / MANIFEST).write_text(json.dumps(told), encoding="utf-8")


def test_what_is_whole_and_of_these_sources_is_used(whole: Path) -> None:
    assert found(whole) == ((True, "compiled"), {"hub.core.step": whole / "core" / "step.so"})


def test_without_anything_compiled_it_is_python_and_nothing_is_amiss(tmp_path: Path) -> None:
    told, files = found(tmp_path / "none")
    assert (told.compiled, files) == (False, {})
    assert "again" not in told.text


def test_of_other_sources_nothing_is_used_and_it_says_what_to_do(whole: Path) -> None:
    tell(whole, digest="0" * 64)
    told, files = found(whole)
    assert (told.compiled, files) == (False, {})
    assert "other sources; run hub compile again" in told.text


def test_a_folder_that_is_not_whole_is_not_used_by_half(whole: Path) -> None:
    tell(whole, digest=digest(), files={"hub.core.step": "core/step.so", "hub.core.fold": "core/fold.so"})
    told, files = found(whole)
    assert (told.compiled, files) == (False, {})
    assert "not whole; run hub compile again" in told.text


@pytest.mark.parametrize("content", [b"", b"[]", b'{"digest": "0"}', b'{"files": 1, "digest": 1}', b"\xff"])
def test_a_damaged_manifest_is_said(whole: Path, content: bytes) -> None:
    (whole / MANIFEST).write_bytes(content)
    told, files = found(whole)
    assert (told.compiled, files) == (False, {})
    assert "run hub compile again" in told.text


def test_the_digest_is_of_what_can_change_the_result(tmp_path: Path) -> None:
    (tmp_path / "hub" / "core").mkdir(parents=True)
    (tmp_path / "schemas").mkdir()
    digests = set()
    for file in ("hub/core/step.py", "hub/core/fold.py", "schemas/consent.avsc"):
        for content in ("a", "b"):
            (tmp_path / file).write_text(content, encoding="utf-8")
            digests.add(digest(tmp_path / "hub"))
    assert len(digests) == 6


def run(folder: Path, wanted: str | None, *words: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if name != FORM_VARIABLE} | {FOLDER_VARIABLE: str(folder)}
    own |= {} if wanted is None else {FORM_VARIABLE: wanted}
    return subprocess.run([sys.executable, *words], env=own, capture_output=True, text=True, check=False)


def test_who_wants_the_compiled_form_and_cannot_have_it_does_not_get_the_other(tmp_path: Path) -> None:
    done = run(tmp_path, "compiled", "-m", "hub", "--version")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("hub: HUB_FORM=compiled, but this is pure Python. Run: ")
    assert done.stderr.count("\n") == 1


def test_who_wants_python_gets_it_whatever_lies_there(whole: Path) -> None:
    done = run(whole, "pure", "-m", "hub", "--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert "(pure Python, as HUB_FORM asks)" in done.stdout


def test_compiled_modules_come_first_and_a_file_that_is_none_is_no_silent_python(whole: Path) -> None:
    done = run(whole, None, "-c", "import hub.core.step")
    assert done.returncode == 1
    assert "ImportError" in done.stderr


@pytest.mark.skipif(form().compiled, reason="this is the compiled form")
def test_python_has_no_compiled_readers() -> None:
    assert compiled_readers() is None
