"""The pages over an inbox with a task in every state, and somebody who looks at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from hub.access.roles import Principal
from tests.unit.connectors.in_process import InProcess
from tests.unit.web.browser import Browser
from tests.unit.web.town import EVERYBODY, PagesTown


@pytest.fixture
def empty_town(tmp_path: Path) -> Iterator[PagesTown]:
    town = PagesTown(tmp_path)
    town.web.stopping.set()  # a stream would go on for as long as nobody leaves, and here nobody can
    yield town
    town.close()


@pytest.fixture
def town(empty_town: PagesTown) -> PagesTown:
    return empty_town.fill()


Visit = Callable[[Principal | None], Browser]


@pytest.fixture
def visit(empty_town: PagesTown) -> Iterator[Visit]:
    """A visitor with a cookie jar of their own, signed in when a principal is given."""
    with ExitStack() as stack:

        def arrive(principal: Principal | None) -> Browser:
            transport = InProcess(empty_town.app)
            client = stack.enter_context(Browser(transport=transport, base_url="http://127.0.0.1:8700"))
            if principal is not None:
                client.get("/sign-in", params={"code": empty_town.code(principal)})
            return client

        yield arrive


@pytest.fixture
def client(visit: Visit) -> Browser:
    """Somebody who belongs to every team."""
    return visit(EVERYBODY)


@pytest.fixture
def stranger(visit: Visit) -> Browser:
    """Somebody who is not signed in."""
    return visit(None)
