"""A source marks somebody as protected: the registry is told of her, if she has a reference, and of nobody else."""

from __future__ import annotations

import json

import httpx
import pytest

from hub.connect.subjects import SubjectFeed
from hub.connector import ProtectedPerson
from hub.errors import RetriableError

from .conftest import World


def test_the_registry_is_told_of_whoever_has_a_reference_and_nothing_is_counted(world) -> None:
    entry = world.grant(world.person())
    world.source.given = [[ProtectedPerson(world.person()), ProtectedPerson(world.person(1)), ProtectedPerson("unreadable")]]
    assert world.lane().poll() == {}
    assert world.directory.protected == [entry.youth_ref]
    assert world.published == []


def test_when_the_registry_does_not_take_it_the_rest_is_told_and_the_poll_fails_at_its_end(world) -> None:
    world.grant(world.person())
    world.grant(world.person(1), 2)
    lane = world.lane()
    lane.poll()
    world.source.given = [[ProtectedPerson(world.person()), world.absence(world.person(1), "a1")]]
    world.directory.failures.append(RetriableError("away", code="registry"))
    world.directory.refresh = lambda _heed: None
    with pytest.raises(RetriableError):
        lane.poll()
    assert len(world.published) == 1
    world.source.given.append([ProtectedPerson(world.person())])
    lane.poll()
    assert len(world.directory.protected) == 1


def test_the_registry_is_not_told_again_at_every_poll_while_she_is_at_rest(world) -> None:
    world.grant(world.person())
    world.directory.withdraw(world.person(), None)
    world.source.given = [[ProtectedPerson(world.person())]]
    world.lane().poll()
    assert world.directory.protected == []


def test_no_marking_prints_its_person() -> None:
    assert World.person() not in repr(ProtectedPerson(World.person()))


@pytest.mark.parametrize("status", [202, 503, 401])
def test_the_feed_sends_the_reference_alone_and_believes_nothing_but_an_acceptance(status: int) -> None:
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status)

    feed = SubjectFeed("http://registry", "school", lambda: "secret", httpx.Client(transport=httpx.MockTransport(handle)))
    if status == 202:
        feed.protect("y" + "1" * 32)
    else:
        with pytest.raises(RetriableError) as caught:
            feed.protect("y" + "1" * 32)
        assert "y1" not in str(caught.value)
    (request,) = asked
    assert str(request.url) == "http://registry/v1/agencies/school/protected"
    assert json.loads(request.content) == {"youth_ref": "y" + "1" * 32}
    assert request.headers["authorization"] == "Bearer secret"
