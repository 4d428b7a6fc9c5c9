"""Write the decisions anew: `python -m tests.golden`. Read the difference (`git diff --stat`, then the tasks) before it is kept."""

from __future__ import annotations

from .decisions import decisions, file_of
from .recording import PARTS

for part in range(1, PARTS + 1):
    file_of(part).write_text(decisions(part), encoding="utf-8")
    print(file_of(part))
