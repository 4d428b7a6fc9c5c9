"""Run as a script: become the given program, after asking the kernel to end it when its parent ends, however that happens.

Usage: guard.py PARENT-PID PROGRAM ARGUMENTS… It imports nothing of the hub and leaves no process of its own behind. Where
the kernel cannot do it (not Linux), the next start of the broker ends what an earlier one left.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    parent, command = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        # KILL, not TERM: a supervisor that restarts us at once must find ports and folder free. Kafka's log survives it.
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)  # it ended before we could ask
    os.execv(command[0], command)  # noqa: S606 - the launcher's own command


if __name__ == "__main__":
    main(sys.argv[1:])
