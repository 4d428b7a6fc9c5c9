"""Everybody who may not know tries every page: what exists and what does not answer alike, to the letter.

Each role tries each route there is, reading and sending, in both languages, with the numbers of a consent, a task and a draft that
exist and with numbers that nobody gave. A page that is added later is tried, too.
"""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import httpx
import pytest
from prometheus_client import REGISTRY
from prometheus_client.core import Metric
from starlette.routing import Route

from hub.access.rights import each_for
from hub.access.roles import Action, Principal, Role, may
from hub.audit.checkpoints import Checkpoints
from hub.audit.notes import Signer
from hub.errors import RetriableError
from hub.exposition import Open
from hub.metrics import DELIVERY_OPEN_TASKS
from hub.registry.relay import Relay
from hub.registry.upkeep import tell_counts
from tests.unit.connectors.in_process import InProcess
from tests.unit.registry.support import MemoryPublisher, make_grant, make_identifier
from tests.unit.web.browser import Browser
from tests.unit.web.conftest import Visit
from tests.unit.web.town import PagesTown, make_task, member, officer

PERSON = make_identifier()
_GROWING = ("hub_audit_", "hub_outbox_", "hub_registry_consents", "hub_delivery_open_tasks")
_OTHERS = 4  # with hers a figure in steps of five would stand at five
_SENT = {"sought": PERSON, "identifier": PERSON, "role": "guardian_1", "custody": "guardian_1", "recipient": "guardian_1"}
_LEFT_OUT = {"/sign-out", "/me/sessions", "/me/password"}  # they end the visit, and know of nobody


def of_role(*roles: Role, teams: tuple[str, ...] = ()) -> Principal:
    name = "-".join(sorted(roles))
    return Principal(f"account-{name.encode().hex()}", name, each_for(roles, teams))


CURIOUS = {
    "operator": of_role(Role.OPERATOR),
    "ops": of_role(Role.OPS),
    "observer": of_role(Role.OBSERVER),
    "statutory officer": of_role(Role.STATUTORY_OFFICER),
    "member of another team": member("SIG", "sig"),
    "head of another team": of_role(Role.TEAM_HEAD, teams=("sig",)),
    "officer of another cooperation": officer("SIG-samtycken", "sig"),
    "officer without a team": officer("Ingens"),
}


@pytest.fixture
def existing(town: PagesTown, visit: Visit) -> dict[str, str]:
    """The numbers of things that belong to the outreach team."""
    town.consents.registry.grant(make_grant(PERSON))
    town.consents.relay.run_once()
    ours = visit(officer("Samtycken", "outreach", "sspf"))
    (consent,) = set(re.findall(r"/consents/([0-9a-f-]{36})", ours.get("/consents").text))
    draft = ours.post("/consents/register").headers["location"].split("/")[3]
    return {"consent": consent, "task": town.tasks["fine"], "draft": draft}


def paths(town: PagesTown, numbers: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Every method and address of the application, with these numbers in it."""
    more = {"team": "outreach", "language": "sv", "step": "names"}
    for route in town.app.routes:
        if isinstance(route, Route) and route.path not in _LEFT_OUT and not route.path.startswith("/sign-in"):
            path = re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: {**more, **numbers}.get(found[1], "x"), route.path)
            yield from ((method, path) for method in sorted(route.methods or ()))


def tokenless(text: str) -> str:
    """Without what is every session's own."""
    return re.sub(r'name="form_token" value="[^"]+"', "", text)


def told(client: httpx.Client, method: str, path: str, numbers: dict[str, str]) -> tuple[int, str, str]:
    """Status, where it leads and what it says; the numbers that were asked with, and new ones of a form, left out."""
    answer = client.get(path) if method == "GET" else client.post(path, data=_SENT)
    known = "|".join(map(re.escape, numbers.values()))

    def bare(text: str) -> str:
        text = tokenless(text)
        return re.sub(r"/register/[\w-]+", "/register/NEW", re.sub(known, "NUMBER", text))

    return answer.status_code, bare(answer.headers.get("location", "")), bare(answer.text)


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("who", CURIOUS)
def test_what_exists_answers_as_what_does_not(
    town: PagesTown, visit: Visit, existing: dict[str, str], who: str, language: str
) -> None:
    client = visit(CURIOUS[who])
    client.get(f"/language/{language}")
    made_up = {name: str(uuid.uuid4()) if "-" in number else number[::-1] for name, number in existing.items()}
    tried = 0
    for (method, path), (_, other) in zip(paths(town, existing), paths(town, made_up), strict=True):
        if path != other:
            assert told(client, method, path, existing) == told(client, method, other, made_up), f"{method} {path}"
            tried += 1
    assert tried >= 10


@pytest.fixture
def two_towns(tmp_path: Path) -> Iterator[tuple[PagesTown, PagesTown]]:
    """One in which the person has a consent, and one in which she has none."""
    towns = PagesTown(tmp_path / "with"), PagesTown(tmp_path / "without")
    towns[0].consents.registry.grant(make_grant(PERSON))
    towns[1].consents.registry.grant(make_grant(make_identifier(5)))
    for town in towns:
        town.consents.relay.run_once()
    yield towns
    for town in towns:
        town.close()


def arrived(town: PagesTown, who: Principal) -> httpx.Client:
    client = Browser(transport=InProcess(town.app), base_url="http://127.0.0.1:8700")
    client.get("/sign-in", params={"code": town.code(who)})
    return client


def everything(town: PagesTown, client: httpx.Client) -> list[tuple[str, tuple[int, str, str]]]:
    numbers = dict.fromkeys(("consent", "task", "draft"), "0" * 8 + "-0000-4000-8000-" + "0" * 12)
    return [(f"{method} {path}", told(client, method, path, numbers)) for method, path in paths(town, numbers)]


@pytest.mark.parametrize("who", [name for name in CURIOUS if name != "officer without a team"])
def test_every_page_is_the_same_with_and_without_her_consent_before_and_after_her_number_was_typed(
    two_towns: tuple[PagesTown, PagesTown], who: str
) -> None:
    """Typing it into a withdrawal is among what everybody may do: it takes effect, and shows to none of them."""
    seen = []
    for town in two_towns:
        with closing(arrived(town, CURIOUS[who])) as client:
            typed = client.post("/withdrawal", data={"identifier": PERSON, "by": "oral", "sure": "1"})
            seen.append([everything(town, client), typed.status_code, tokenless(typed.text), everything(town, client)])
    assert seen[0] == seen[1]


def figures(town: PagesTown) -> tuple[dict[str, float], dict[str, float]]:
    """Of the outbox, the audit log, consents and tasks: what `/metrics` shows to everybody, and what it counts. Kafka is away."""
    signer, away = Signer("hub/0581/audit", bytes(range(32))), threading.Event()
    away.set()  # nobody waits for it
    Checkpoints(town.audit.engine, signer, town.clock, entries=1000, minutes=60).sign_if_due()
    with suppress(RetriableError):
        Relay(town.consents.registry, MemoryPublisher(failures=99), away, "elsewhere/1/x").run_once()
    tell_counts(town.consents.registry)
    DELIVERY_OPEN_TASKS.clear()
    for (team, state), number in town.worklist.open_by_team().items():
        DELIVERY_OPEN_TASKS.labels(team=team, state=state).set(number)
    return growing(Open(REGISTRY).collect()), growing(REGISTRY.collect())


def growing(families: Iterable[Metric]) -> dict[str, float]:
    """The samples of what grows with entries and messages."""
    return {
        f"{one.name} {sorted(one.labels.items())}": one.value
        for family in families
        for one in family.samples
        if one.name.startswith(_GROWING)
    }


def test_no_figure_moves_by_what_a_withdrawal_met(two_towns: tuple[PagesTown, PagesTown]) -> None:
    """Entries are added one at a time, so that no rounding would hide the number that hers made."""
    told, counted = [], []
    for town in two_towns:
        with closing(arrived(town, CURIOUS["operator"])) as client:
            seen = []
            for number in (PERSON, *map(make_identifier, range(20, 27))):
                client.post("/withdrawal", data={"identifier": number, "by": "oral", "sure": "1"})
                seen.append(figures(town))
        told.append([one for one, _ in seen])
        counted.append([one for _, one in seen])
    assert counted[0] != counted[1], "the worlds do differ, where she may not look"
    assert told[0] == told[1]


def moved(seen: list[tuple[dict[str, float], dict[str, float]]], name: str) -> list[float]:
    """One counted figure, all its samples, as it went."""
    return [sum(value for sample, value in counted.items() if sample.startswith(name)) for _, counted in seen]


def test_neither_consents_nor_tasks_are_told_in_steps_that_hers_could_complete(two_towns: tuple[PagesTown, PagesTown]) -> None:
    """Five in force and five open with hers, four without: the operator withdraws for her, and her tasks go."""
    told, counted = [], []
    for town, with_hers in zip(two_towns, (True, False), strict=True):
        for number in range(30, 30 + _OTHERS):
            town.consents.registry.grant(make_grant(make_identifier(number)))
        if not with_hers:
            town.consents.registry.withdraw(make_identifier(5))
        tasks = [make_task("absence-alone", created=town.clock.now(), days=5) for _ in range(_OTHERS + with_hers)]
        for number, task in enumerate(tasks):
            town.add(str(number), task)
        seen = [figures(town)]
        with closing(arrived(town, CURIOUS["operator"])) as client:
            client.post("/withdrawal", data={"identifier": PERSON, "by": "oral", "sure": "1"})
        if with_hers:
            town.withdraw(tasks[-1])
        seen.append(figures(town))
        told.append([one for one, _ in seen])
        counted.append(moved(seen, "hub_registry_consents [('status', 'in_force')]"))
        counted.append(moved(seen, "hub_delivery_open_tasks"))
    assert told[0] == told[1]
    assert counted == [[5, 4], [5, 4], [4, 4], [4, 4]], "the worlds do differ, where she may not look"


def test_no_page_about_erasures_is_for_those_who_could_withdraw_to_see_what_happens() -> None:
    for who in ("operator", "ops", "observer"):
        assert not may(CURIOUS[who], Action.ERASURE_SEE)
