from __future__ import annotations

from contextlib import closing

import pytest

from connectors.tokens import ClientCredentials, TokenKeeper
from hub.errors import RetriableError
from hub.testing.dripping import HEADERS, dripping
from tests.unit.connectors.make import make_context


@pytest.mark.parametrize("first", [b"", HEADERS], ids=["headers", "a body"])
def test_a_token_endpoint_that_drips_holds_nothing_up(first: bytes) -> None:
    with dripping(first) as drip:
        credentials = ClientCredentials(
            f"{drip.url}/token", client_id="hub", scope="", authentication="post", timeout_seconds=0.3, attempts=1
        )
        with closing(TokenKeeper(credentials, make_context())) as keeper, pytest.raises(RetriableError) as raised:
            keeper.token()
    assert raised.value.code == "token_unreachable"
    assert (drip.met, drip.waited_out) == (1, 0)
