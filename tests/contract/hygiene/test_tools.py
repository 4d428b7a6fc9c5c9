"""Linter, formatter, type checker and import contracts, as part of the one command that runs all."""

from __future__ import annotations

import pytest

from tests.contract.hygiene.repository import ROOT, run_tool, tracked

pytestmark = pytest.mark.timeout(600)  # a cold mypy on two busy cores


def test_ruff_finds_nothing() -> None:
    run_tool("ruff", "check", "--quiet", *map(str, tracked("*.py")))


def test_every_file_is_formatted() -> None:
    run_tool("ruff", "format", "--check", "--quiet", *map(str, tracked("*.py")))


def test_mypy_finds_nothing_in_strict_mode() -> None:
    run_tool("mypy")


def test_the_import_contracts_are_kept() -> None:
    run_tool("lint-imports", "--config", str(ROOT / "pyproject.toml"))
