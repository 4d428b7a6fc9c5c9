from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from prometheus_client import REGISTRY
from sqlalchemy import event

from hub.beats import Beats
from hub.contract.ids import key_id
from hub.errors import RetriableError
from hub.registry.agency_trail import AgencyTrail
from hub.registry.granting import Signatory
from hub.registry.subject_api import build_app
from hub.testing import served
from hub.tls import trusted
from tests.unit.registry.memory_log import MemoryLog
from tests.unit.registry.support import LEISURE, POLICE, SCHOOL, Installation, make_grant, make_identifier
from tests.unit.test_beats import Time

MINE = {"Authorization": "Bearer token-1"}
SHAPE = {"subject_hashes", "youth_ref", "link_key", "kinds", "spans", "version", "removed", "erasure_id"}
KEYS = [key_id(bytes([1]) * 32)]
URL = f"/v1/agencies/{SCHOOL}/subjects"


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
def client(home: Installation, log: MemoryLog) -> Iterator[httpx.Client]:
    app = build_app(home.engine, home.tools, home.clock, AgencyTrail(log, home.clock), beats=Time().beats())
    with served(app) as url, httpx.Client(base_url=url, verify=trusted()) as test_client:
        yield test_client


def counted(agency: str, status: int) -> float:
    return REGISTRY.get_sample_value("hub_registry_requests_total", {"agency": agency, "status": str(status)}) or 0.0


@pytest.mark.parametrize(
    ("authorization", "agency", "status"),
    [
        (None, SCHOOL, 401),
        ("", SCHOOL, 401),
        ("Bearer", SCHOOL, 401),
        ("Bearer wrong", SCHOOL, 401),
        ("Bearer token-1x", SCHOOL, 401),
        ("Bearer TOKEN-1", SCHOOL, 401),
        ("Basic token-1", SCHOOL, 401),
        ("token-1", SCHOOL, 401),
        ("Bearer token-1, Bearer token-2", POLICE, 401),
        (None, "no-such-agency", 401),
        ("Bearer token-2", SCHOOL, 403),
        ("Bearer token-1", POLICE, 403),
        ("Bearer token-1", LEISURE, 403),
        ("Bearer token-1", "no-such-agency", 403),
        ("Bearer token-1", SCHOOL, 200),
        ("bearer token-1", SCHOOL, 200),
        ("Bearer token-2", POLICE, 200),
    ],
)
def test_an_agency_is_told_its_own_subjects_and_nobody_elses(
    client: httpx.Client, authorization: str | None, agency: str, status: int
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    label = agency if agency != "no-such-agency" else "unknown"
    before = counted(label, status)
    response = client.get(f"/v1/agencies/{agency}/subjects", headers=headers)
    assert response.status_code == status
    assert response.headers["cache-control"] == "no-store"
    assert counted(label, status) == before + 1
    if status != 200:
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["status"] == status
        assert "entries" not in response.text
    assert ("www-authenticate" in response.headers) == (status == 401)


def test_the_answer_has_what_the_connector_needs(home: Installation, client: httpx.Client) -> None:
    home.registry.grant(make_grant())
    home.relay.run_once()
    answer = client.get(URL, headers=MINE, params={"since": "0"})
    assert answer.json()["version"] == 1
    (entry,) = answer.json()["entries"]
    assert set(entry) == SHAPE
    assert client.get(URL, headers=MINE, params={"since": "1"}).json() == {"version": 1, "keys": KEYS, "entries": []}


def whole(response: httpx.Response) -> tuple[object, ...]:
    headers = {name: value for name, value in response.headers.items() if name != "date"}
    return response.status_code, headers, response.content


def test_an_agency_is_told_byte_for_byte_the_same_whoever_consents_to_somebody_else(
    home: Installation, client: httpx.Client
) -> None:
    """The school knows of one person. Whatever happens to consents that do not name it, its answers do not move."""
    mine = make_identifier(3)
    home.registry.grant(make_grant(mine, agencies=(SCHOOL,), kinds=("school_absence",)))
    home.relay.run_once()
    elsewhere = {
        "agencies": (POLICE, LEISURE),
        "kinds": ("police_notice", "risk_event"),
        "cooperation": "sig",
        "recipients": ("sig",),
    }

    def asked() -> list[tuple[object, ...]]:
        tag = {"If-None-Match": '"1"'}
        return [
            whole(client.get(URL, headers={**MINE, **more}, params=params))
            for more in ({}, tag)
            for params in ({}, {"since": "0"}, {"since": "1"})
        ]

    before = asked()
    steps = [
        lambda person: home.registry.grant(make_grant(person, **elsewhere)),
        lambda _: home.relay.run_once(),
        lambda _: [home.told(POLICE), home.told(LEISURE)],
        lambda person: home.registry.suspend(person, "sig"),
        lambda person: [home.registry.sign(person, role, "sig") for role in (Signatory.GUARDIAN_1, Signatory.GUARDIAN_2)],
        lambda _: home.relay.run_once(),
        lambda person: home.registry.withdraw(person, "sig"),
        lambda _: home.relay.run_once(),
    ]
    for person in (make_identifier(4), mine):  # a stranger, and the very person the school knows of
        for step in steps:
            step(person)
            assert asked() == before


def test_the_work_of_an_answer_does_not_grow_with_what_others_are_told(home: Installation, client: httpx.Client) -> None:
    def statements() -> list[str]:
        seen: list[str] = []

        def see(_connection, _cursor, statement, parameters, _context, _many) -> None:
            seen.append(f"{statement} {parameters if 'subject_entry' in statement else ''}")

        event.listen(home.engine, "before_cursor_execute", see)
        client.get(URL, headers=MINE)
        event.remove(home.engine, "before_cursor_execute", see)
        return seen

    client.get(URL, headers=MINE)
    before = statements()
    for number in range(20):
        home.registry.grant(make_grant(make_identifier(number), agencies=(POLICE,), kinds=("police_notice",)))
    home.relay.run_once()
    assert statements() == before


def test_a_removed_entry_has_the_shape_of_a_present_one(home: Installation, client: httpx.Client) -> None:
    home.registry.grant(make_grant())
    home.relay.run_once()
    (present,) = client.get(URL, headers=MINE).json()["entries"]
    home.registry.withdraw(make_identifier())
    (removed,) = client.get(URL, headers=MINE).json()["entries"]
    assert set(removed) == set(present) == SHAPE


def test_who_has_the_version_is_told_that_nothing_changed(home: Installation, client: httpx.Client) -> None:
    home.registry.grant(make_grant())
    home.relay.run_once()
    tag = client.get(URL, headers=MINE).headers["etag"]
    for given in (tag, f"W/{tag}", f'"other", {tag}'):
        same = client.get(URL, headers={**MINE, "If-None-Match": given}, params={"since": "1"})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
        assert same.headers["cache-control"] == "no-store"
    home.registry.withdraw(make_identifier())
    changed = client.get(URL, headers={**MINE, "If-None-Match": tag}, params={"since": "1"})
    assert changed.status_code == 200
    assert changed.json()["entries"][0]["removed"] is True
    assert changed.headers["etag"] != tag


def test_fetching_is_remembered_because_it_decides_who_must_answer(home: Installation, client: httpx.Client) -> None:
    home.registry.grant(make_grant())
    home.relay.run_once()
    client.get(URL, headers={"Authorization": "Bearer token-2"})  # refused: the police learned nothing of the school's
    client.get(URL, headers=MINE)
    home.registry.withdraw(make_identifier())
    assert home.registry.erasure_status()[0].waiting_for == ("connector-ss12000", "delivery", "worker")


@pytest.mark.parametrize("since", ["-1", "one", "1.5", "", "９", "99999999999999999999", "0" * 11 + "9" * 30])
def test_a_since_that_is_no_version_is_refused_and_not_repeated(client: httpx.Client, since: str) -> None:
    response = client.get(URL, headers=MINE, params={"since": since})
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert not since or since not in response.text


def test_a_since_ahead_of_the_registry_gives_its_version_and_no_entries(home: Installation, client: httpx.Client) -> None:
    home.registry.grant(make_grant())
    home.relay.run_once()
    assert client.get(URL, headers=MINE, params={"since": "12"}).json() == {"version": 1, "keys": KEYS, "entries": []}


def test_an_agency_marks_whom_it_was_told_of_and_learns_nothing_from_the_answer(home: Installation) -> None:
    reference = home.registry.grant(make_grant()).youth_ref or ""
    home.relay.run_once()
    said: list[tuple[str, str]] = []
    time, came = Time(), []

    def stop(agency: str, youth_ref: str) -> None:
        said.append((agency, youth_ref))
        time.now += 0.16 if youth_ref == reference else 0.003

    async def pause(seconds: float) -> None:
        await time.pause(seconds)
        came.append(time.now)

    trail = AgencyTrail(MemoryLog(), home.clock)
    app = build_app(home.engine, home.tools, home.clock, trail, stop, Beats(1.0, time.ticks, pause))
    with served(app) as url, httpx.Client(base_url=url, verify=trusted()) as given:
        path = f"/v1/agencies/{SCHOOL}/protected"
        begun = time.now
        known, unknown = (given.post(path, headers=MINE, json={"youth_ref": one}) for one in (reference, "y" + 32 * "0"))
        assert whole(known) == whole(unknown)
        assert came == [pytest.approx(begun + 1), pytest.approx(begun + 2)], "nor from when the answer comes"
        assert (known.status_code, known.json()) == (202, {"status": "received"})
        assert said == [(SCHOOL, reference), (SCHOOL, "y" + 32 * "0")]
        assert given.post(path, json={"youth_ref": reference}).status_code == 401
        assert given.post(f"/v1/agencies/{POLICE}/protected", headers=MINE, json={"youth_ref": reference}).status_code == 403
        for body in (b"", b"[]", b"{", b'{"youth_ref": 7}', b'{"youth_ref": "201303049801"}', b"[" * 900, b" " * 2000):
            bad = given.post(path, headers=MINE, content=body)
            assert bad.status_code == 400
            assert "201303" not in bad.text
        assert len(said) == 2


def test_without_a_manual_lane_the_agency_is_asked_to_tell_a_person(client: httpx.Client) -> None:
    answer = client.post(f"/v1/agencies/{SCHOOL}/protected", headers=MINE, json={"youth_ref": "y" + 32 * "0"})
    assert (answer.status_code, "officer" in answer.text) == (503, True)


def test_health_needs_no_token_and_tells_nothing(client: httpx.Client) -> None:
    assert client.get("/v1/health").json() == {"status": "ok"}


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/", 404), ("GET", "/v1/agencies", 404), ("POST", URL, 405)])
def test_other_addresses_are_problems_too(client: httpx.Client, method: str, path: str, status: int) -> None:
    response = client.request(method, path)
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")


def test_a_busy_database_is_an_answer_to_ask_again(
    home: Installation, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_arguments: object) -> None:
        raise RetriableError("the registry's database does not answer", code="database")

    monkeypatch.setattr("hub.registry.subject_api.changes", busy)
    response = client.get(URL, headers=MINE)
    assert response.status_code == 503
    assert "database" not in response.text
