from __future__ import annotations

import os

import pytest

from hub.broker.java import find_java
from hub.errors import ConfigError


def make_java(path, version: str):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    path.chmod(0o755)
    return path


def test_the_java_that_came_with_the_installation_is_found_without_any_on_path(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert os.access(find_java(), os.X_OK)


@pytest.mark.parametrize("version", ["17.0.1", "21.0.8", "25"])
def test_a_configured_java_may_be_a_binary_or_a_home(tmp_path, version):
    java = make_java(tmp_path / "bin" / "java", version)
    assert find_java(str(java)) == find_java(str(tmp_path)) == java


@pytest.mark.parametrize("version", ["1.8.0_402", "11.0.2", "16"])
def test_an_old_java_is_refused_with_its_version(tmp_path, version):
    with pytest.raises(ConfigError, match=r"broker\.java: .* is Java (1|11|16)\. ") as refused:
        find_java(str(make_java(tmp_path / "java", version)))
    assert refused.value.code == "old_java"


def test_a_java_that_does_not_run_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="does not run") as refused:
        find_java(str(tmp_path / "java"))
    assert refused.value.code == "no_java"
