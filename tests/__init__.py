"""Every test."""

import os

# The form of the hub that is read and tested is Python's, whatever has been compiled on this machine; asked for before any of
# it is loaded. `tests/integration/compiled` runs tests over the other one.
os.environ.setdefault("HUB_FORM", "pure")
