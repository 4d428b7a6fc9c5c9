"""The stream that tells open pages of changes: one look a second for all, a few for each, ended with the session or the role."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from threading import Event

import pytest

from hub.errors import RetriableError
from hub.web.changes import MOST_STREAMS, Changes
from hub.web.rendering import Renderer
from tests.unit.web.conftest import Visit
from tests.unit.web.town import NOW, PagesTown, make_task, member

ANNA = member("Anna", "outreach")


@dataclass
class Versions:
    """A worklist whose list changes when told to; `looks` counts how often it was asked."""

    said: list[str] = field(default_factory=lambda: ["v1"])
    looks: int = 0
    away: bool = False

    def version_of(self, team: str) -> str:
        self.looks += 1
        if self.away:
            raise RetriableError("no answer", code="database")
        return self.said.pop(0) if len(self.said) > 1 else self.said[0]


class Seconds:
    """A clock that a pause moves on."""

    def __init__(self) -> None:
        self.now = 1.0

    async def pause(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)

    def ticks(self) -> float:
        return self.now


def make_changes(town: PagesTown, versions: Versions, stopping: Event | None = None) -> Changes:
    seconds = Seconds()
    web = replace(town.web, stopping=stopping or Event())
    changes = Changes(web, Renderer(web), pause=seconds.pause, ticks=seconds.ticks)
    changes.versions = versions
    return changes


async def first(lines: AsyncIterator[str], number: int) -> list[str]:
    found = []
    async for line in lines:
        found.append(line)
        if len(found) == number:
            break
    return found


def yes() -> bool:
    return True


def run(changes: Changes, known: str, number: int, permitted: Callable[[], bool] = yes) -> list[str]:
    return asyncio.run(first(changes.lines("outreach", known, permitted), number))


def test_a_change_is_told_with_its_version_and_nothing_of_what(empty_town: PagesTown) -> None:
    told = run(make_changes(empty_town, Versions(["v1", "v1", "v2"])), "v1", 2)
    assert told == ["retry: 3000\n\n", "id: v2\nevent: changed\ndata:\n\n"]


def test_a_page_that_comes_back_is_told_at_once_what_it_missed(empty_town: PagesTown) -> None:
    assert run(make_changes(empty_town, Versions(["v7"])), "v6", 2)[1].startswith("id: v7")


def test_while_nothing_happens_the_connection_is_kept(empty_town: PagesTown) -> None:
    assert run(make_changes(empty_town, Versions()), "v1", 3)[1:] == [":\n\n", ":\n\n"]


def test_it_ends_when_the_session_has_ended_or_the_role_is_gone_before_anything_more_is_told(empty_town: PagesTown) -> None:
    assert run(make_changes(empty_town, Versions(["v1", "v2"])), "v1", 9, lambda: False)[1:] == ["event: ended\ndata:\n\n"]
    assert run(make_changes(empty_town, Versions()), "v1", 9, lambda: False)[1:] == ["event: ended\ndata:\n\n"]


def test_it_ends_with_the_process_and_after_ten_minutes(empty_town: PagesTown) -> None:
    stopping = Event()
    stopping.set()
    assert run(make_changes(empty_town, Versions(), stopping), "v1", 9) == ["retry: 3000\n\n"]
    assert len(run(make_changes(empty_town, Versions()), "v1", 999)) == 40


def test_a_database_that_does_not_answer_is_waited_for(empty_town: PagesTown) -> None:
    versions = Versions(["v2"], away=True)
    changes = make_changes(empty_town, versions)

    async def waited() -> list[str]:
        lines = changes.lines("outreach", "v1", yes)
        found = [await anext(lines), await anext(lines)]
        versions.away = False
        return [*found, await anext(lines)]

    assert asyncio.run(waited())[1:] == [":\n\n", "id: v2\nevent: changed\ndata:\n\n"]


def test_however_many_look_the_database_is_asked_once_a_second(empty_town: PagesTown) -> None:
    versions = Versions(["v2"])
    changes = make_changes(empty_town, versions)

    async def many() -> None:
        await asyncio.gather(*(first(changes.lines("outreach", "v1", yes), 2) for _ in range(20)))

    asyncio.run(many())
    assert versions.looks == 1


def test_whoever_may_not_see_the_list_gets_no_stream(empty_town: PagesTown, visit: Visit) -> None:
    assert visit(member("Bo", "sspf")).get("/team/outreach/changes").status_code == 403
    assert visit(None).get("/team/outreach/changes").status_code == 401


def test_the_list_has_another_version_whenever_it_is_another(empty_town: PagesTown) -> None:
    seen = [empty_town.worklist.version_of("outreach")]
    task = empty_town.add("new", make_task("absence-alone", created=NOW, days=5))
    seen.append(empty_town.worklist.version_of("outreach"))
    empty_town.worklist.open_task(task.task_id, "outreach")
    seen.append(empty_town.worklist.version_of("outreach"))
    empty_town.clock.set(NOW.replace(month=7))
    seen.append(empty_town.worklist.version_of("outreach"))
    assert len(set(seen)) == 4
    assert empty_town.worklist.version_of("outreach") == seen[-1]


def test_an_account_has_a_few_streams_and_what_has_ended_is_counted_no_more(empty_town: PagesTown) -> None:
    changes = make_changes(empty_town, Versions())

    async def open_and_leave() -> list[bool]:
        opened = [changes.counted(ANNA.account, changes.lines("outreach", "v1", yes)) for _ in range(MOST_STREAMS)]
        for one in opened:
            await anext(one)
        full = [changes.has_enough(ANNA.account), changes.has_enough("account-2")]
        for one in opened:
            await one.aclose()
        return [*full, changes.has_enough(ANNA.account)]

    assert asyncio.run(open_and_leave()) == [True, False, False]


@pytest.mark.parametrize("path", ["/team/outreach/changes", "/team/outreach/changes?hub-live=1"])
def test_the_page_names_its_stream(empty_town: PagesTown, visit: Visit, path: str) -> None:
    assert path in visit(ANNA).get("/team/outreach").text
