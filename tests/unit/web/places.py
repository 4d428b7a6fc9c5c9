"""What to put into a route's path to ask for it."""

from __future__ import annotations

PLACES = {"{team}": "outreach", "{task:uuid}": "00000000-0000-4000-8000-000000000000", "{language}": "sv", "{state}": "on",
    "{consent:uuid}": "00000000-0000-4000-8000-000000000000", "{draft}": "0" * 32, "{step}": "youth",
    "{letter}": "l0123", "{source}": "toy", "{sink}": "system", "{work}": "0" * 32, "{notice}": "0" * 40,
    "{visit:uuid}": "00000000-0000-4000-8000-000000000000", "{offer:uuid}": "00000000-0000-4000-8000-000000000000",
    "{agreement:uuid}": "00000000-0000-4000-8000-000000000000", "{token}": "none-of-ours",
    "{said}": "0" * 40, "{entry}": "0123", "{rule}": "absence-alone",
    "{case:uuid}": "00000000-0000-4000-8000-000000000000", "{meeting:int}": "1",
    "{order:uuid}": "00000000-0000-4000-8000-000000000000",
}  # fmt: skip


def filled(path: str) -> str:
    """The path of a request for the route declared as `path`."""
    for name, value in PLACES.items():
        path = path.replace(name, value)
    assert "{" not in path, f"say in PLACES what to put into {path}"
    return path
