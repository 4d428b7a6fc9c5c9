"""The same stateful jobs on the hub and on other engines, one after another on one machine, checked before they are timed."""

import hub  # noqa: F401 - which form runs is chosen before the job is loaded, which `--compiled` compiles with the hub
