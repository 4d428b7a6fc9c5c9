"""Runs commands in this process, as a terminal would: each command tree is built once, not for every line that is typed."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import cache

import typer.testing
from typer import Typer
from typer.main import get_command
from typer.testing import Result

__all__ = ["CliRunner", "Result"]

_built = cache(get_command)


class CliRunner(typer.testing.CliRunner):
    """Typer's own builds the whole tree at every call, which takes longer than most commands."""

    def invoke(  # type: ignore[override]
        self,
        app: Typer,
        args: Sequence[str] = (),
        input: str | None = None,  # noqa: A002 - typer's word for what is typed
        env: Mapping[str, str | None] | None = None,
        *,
        catch_exceptions: bool = True,
    ) -> Result:
        """What the command `app` printed for `args`, and how it ended."""
        command, failed, code = _built(app), None, 0
        with self.isolation(input=input, env=env) as streams:
            try:
                command.main(args=list(args), prog_name=self.get_default_prog_name(command))
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 1
                failed = ended if code else None
            except Exception as error:
                if not catch_exceptions:
                    raise
                code, failed = 1, error
            sys.stdout.flush()
            sys.stderr.flush()
            out, err, both = (stream.getvalue() for stream in streams)
        return Result(
            self, stdout_bytes=out, stderr_bytes=err, output_bytes=both, return_value=None, exit_code=code, exception=failed
        )
