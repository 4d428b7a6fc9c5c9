from __future__ import annotations

import pytest

from hub.cli import app
from tests.command_line import CliRunner


@pytest.mark.parametrize(
    "arguments",
    [["--history"], ["--since", "2025-01-01"], ["--history", "--since", "yesterday"], ["--history", "--since", "0001-01-01"]],
)
def test_a_history_needs_its_first_day_and_the_day_its_history(tmp_path, arguments) -> None:
    (tmp_path / "hub.toml").write_text("")
    result = CliRunner().invoke(app, ["connect", "ss12000", "--home", str(tmp_path), *arguments])
    assert result.exit_code == 2
    assert "2024-08-19" in result.output
