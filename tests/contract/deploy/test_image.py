"""deploy/Dockerfile: copies what the wheel needs, from pinned images, and ends as somebody who is not root."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from hub.compiled.form import FOLDER_VARIABLE, folder

ROOT = Path(__file__).resolve().parents[3]
LINES = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8").splitlines()


def build_wheel(project: Path, folder: Path) -> set[str]:
    """Names in the wheel of a project."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(path).namelist())


def copied() -> list[tuple[list[str], str]]:
    """(sources, destination) of every COPY out of the build context."""
    words = [line.split()[1:] for line in LINES if line.startswith("COPY ") and "--from" not in line]
    return [(sources, destination) for *sources, destination in words]


def test_the_wheel_that_the_image_builds_is_the_clones(tmp_path: Path) -> None:
    context = tmp_path / "src"
    for sources, destination in copied():
        for source in sources:
            target = context / destination / (Path(source).name if destination.endswith("/") else "")
            target.parent.mkdir(parents=True, exist_ok=True)
            ignored = shutil.ignore_patterns("__pycache__")
            copy = ROOT / source
            shutil.copytree(copy, target, ignore=ignored) if copy.is_dir() else shutil.copyfile(copy, target)
    assert build_wheel(context, tmp_path / "image") == build_wheel(ROOT, tmp_path / "clone")


def test_dependencies_are_installed_from_the_lock_and_before_the_code() -> None:
    text = "\n".join(LINES)
    assert "--require-hashes -r deploy/requirements-postgres.lock" in text
    assert text.index("--require-hashes") < text.index("COPY hub hub")
    assert "--no-deps --no-build-isolation" in text


def test_the_base_is_pinned_and_the_last_user_is_not_root() -> None:
    bases = [line.split()[1] for line in LINES if line.startswith("FROM ")]
    assert all(re.search(r":\d+\.\d+\.\d+", base) for base in bases)
    users = [line.split()[1] for line in LINES if line.startswith("USER ")]
    assert users
    assert users[-1] not in {"root", "0"}


def stages() -> list[str]:
    """The lines of each stage, with those that go on joined."""
    return "\n".join(LINES).replace("\\\n", " ").split("\nFROM ")[-2:]


def test_the_compiled_form_lies_where_the_hub_of_the_image_looks_for_it(monkeypatch) -> None:
    build, last = stages()
    (command,) = re.findall(r"HUB_COMPILED=(\S+) (/\S+)/bin/hub compile\b", build)
    (home,) = re.findall(r"ENV PATH=(\S+)/bin:\$PATH", last)
    monkeypatch.setattr(sys, "prefix", home)
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    assert command[0] == str(folder())
    assert f"COPY --from=build {home} {home}" in last
    assert "HUB_FORM" not in build + last


def test_it_is_compiled_of_the_same_sources_by_the_same_python() -> None:
    """Else the hub passes over it, and says so: see `hub.compiled.form`."""
    assert len({line for line in (re.sub(r" AS \w+$", "", one) for one in LINES) if line.startswith("FROM ")}) == 1
    wheel = "install --no-cache-dir --no-deps --no-build-isolation ."
    build, _ = stages()
    (compiler,) = re.findall(r"(/\S+)/bin/hub compile\b", build)
    assert [home for home in ("/opt/hub", compiler) if f"{home}/bin/pip {wheel}" in build] == ["/opt/hub", compiler]


def test_what_compiles_is_there_in_the_stage_that_does_and_stays_behind() -> None:
    build, last = stages()
    locked = (ROOT / "deploy" / "requirements-fast.lock").read_text(encoding="utf-8")
    assert "--require-hashes -r deploy/requirements-fast.lock" in build
    assert all(re.search(rf"^{name}==", locked, re.MULTILINE) for name in ("mypy", "setuptools"))
    assert "gcc libc6-dev" in build  # a slim image has Python.h, and neither compiler nor the C library's headers
    assert not any(word in last for word in ("gcc", "compiler", "requirements-fast"))
