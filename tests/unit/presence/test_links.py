"""A link is good for one purpose under one key."""

from __future__ import annotations

import pytest

from hub.errors import RejectedError
from hub.presence.links import LinkPurpose, Links

OFFER = "00000000-0000-4000-8000-000000000001"


@pytest.mark.parametrize("purpose", LinkPurpose)
def test_a_link_names_its_offer(purpose: LinkPurpose) -> None:
    links = Links(b"k" * 32)
    assert links.read(purpose, links.make(purpose, OFFER)) == OFFER


def test_a_link_is_worth_nothing_for_another_purpose_or_under_another_key() -> None:
    links = Links(b"k" * 32)
    token = links.make(LinkPurpose.ANSWER, OFFER)
    for reader, purpose in ((links, LinkPurpose.REPORT), (Links(b"x" * 32), LinkPurpose.ANSWER)):
        with pytest.raises(RejectedError) as error:
            reader.read(purpose, token)
        assert error.value.code == "bad_link"
