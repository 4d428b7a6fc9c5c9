"""`hub`, and `python -m hub`: the first thing that runs, before the command line is even read."""

from __future__ import annotations

import sys

__all__ = ["main"]

_STOPPED = 130


def main() -> None:
    """Run the command line. Ctrl-C while it is still being loaded says as little as later on: one line, and exit code 130."""
    try:
        from hub.cli import main as run  # noqa: PLC0415 -- the loading is what may be interrupted

        run()
    except KeyboardInterrupt:
        sys.stderr.write("hub: stopped\n")
        sys.exit(_STOPPED)


if __name__ == "__main__":
    main()
