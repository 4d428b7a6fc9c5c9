"""Partners push over HTTP, and the lane makes it safe: the receiver, what waits, and the real events lane in between."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from contextlib import suppress
from datetime import timedelta

import httpx
import pytest
from standardwebhooks import Webhook

from connectors.observations.config import Intake, ObservationsConfig
from connectors.observations.pushed import PushedSource
from connectors.observations.receiving import BEAT_SECONDS, Receiver, build_receiver
from connectors.observations.waiting import Waiting
from hub.connect.gate import Origin
from hub.connector import Pushed, SourceContext
from hub.contract.models import InfoKind, PlaceEvent, RiskEvent
from hub.errors import ConfigError, RetriableError
from hub.testing import MemoryPlaces
from tests.unit.connect.conftest import AREAS, KEY, NOW, World

COVERED, OTHER = "20120314-9800", "201105219818"
SECRETS = {
    "partner-city": "whsec_Y2l0eSBzZWNyZXQgb2YgdGhlIHRlc3RzLCAzMiBiLg==",
    "partner-north": "whsec_bm9ydGggc2VjcmV0IG9mIHRoZSB0ZXN0cywgMzIu",
}
SEEN = (NOW - timedelta(days=1)).isoformat()
KINDS = frozenset({InfoKind.RISK_EVENT})


def observation(**changes):
    return {"id": "obs-1", "person": COVERED, "concern": "recruitment", "area": "Hageby", "observed_at": SEEN} | changes


def report(**changes):
    return {"week": "2025-W20", "area": "City", "category": "theft", "incidents": 2} | changes


class Town(World):
    """A receiver, the lane behind it, and time that passes by beats: at each the lane polls, unless `lane_runs` is False."""

    def __init__(self, folder, *, kinds=KINDS, per_minute=60) -> None:
        super().__init__(folder)
        self.origin = Origin("leisure-norrkoping", "intake", kinds, True, KEY, areas=AREAS)
        self.grant(COVERED, kinds=KINDS)
        self.settings = Intake(listen_port=1, partners=("city", "north"), per_minute=per_minute)
        self.context = SourceContext(self.clock.now, self.secret, MemoryPlaces(), kinds=kinds)
        self.ticks, self.beats, self.lane_runs = 0.0, [], True
        self.start()

    def secret(self, name):
        if name not in SECRETS:
            raise ConfigError(name, code="missing_secret")
        return SECRETS[name]

    def start(self) -> None:
        self.source = PushedSource(self.settings, self.context)
        self.source.waiting = Waiting(lambda: self.ticks)
        assert isinstance(self.source, Pushed)
        self.events = self.lane()
        receiver = Receiver(
            self.settings, self.context, self.source.waiting, lambda: None, pause=self.pause, ticks=lambda: self.ticks
        )
        self.app = build_receiver(receiver)

    async def pause(self, seconds) -> None:
        self.ticks += seconds
        self.beats.append(seconds)
        if self.lane_runs:
            with suppress(RetriableError):  # as the lane's loop, which polls again
                await asyncio.to_thread(self.events.poll)

    def push(self, told, kind="risk_event", **sent):
        return asyncio.run(self.pushing(told, kind, **sent))

    async def pushing(self, told, kind="risk_event", *, key="push-0001", partner="city", headers=None, at=None):
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        at = at or self.clock.now()
        sent = {
            "webhook-id": key,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(SECRETS[f"partner-{partner}"]).sign(key, at, body.decode("latin-1")),
        }
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://hub") as client:
            return await client.post(f"/intake/{kind}", content=body, headers=sent | (headers or {}))


@pytest.fixture
def town(tmp_path):
    town = Town(tmp_path)
    yield town
    town.close()


def told_of(answer) -> list[tuple[str, str]]:
    return [(one["field"], one["rule"]) for one in answer.json().get("errors", [])]


def test_a_push_is_answered_when_it_is_on_kafka(town) -> None:
    assert town.push(observation()).status_code == 202
    [event] = town.published
    assert isinstance(event, RiskEvent)
    assert (event.concern.value, event.area, event.agency) == ("recruitment", "0581-hageby", "leisure-norrkoping")
    assert town.push(report(), "place_event", key="push-0002").status_code == 202
    assert isinstance(town.published[-1], PlaceEvent)


def test_nobody_learns_from_an_answer_or_its_time_whether_somebody_has_a_consent(town) -> None:
    answers, beats = [], []
    for number, person in enumerate((COVERED, OTHER, COVERED, OTHER)):
        town.beats.clear()
        answer = town.push(observation(id=f"obs-{number}", person=person), key=f"push-000{number}")
        answers.append((answer.status_code, answer.content, sorted(answer.headers.items())))
        beats.append(list(town.beats))
    assert answers.count(answers[0]) == 4
    assert beats == [[BEAT_SECONDS, BEAT_SECONDS]] * 4  # given at the first, answered a beat later
    assert len(town.published) == 2


def test_who_has_no_consent_leaves_nothing_on_disk_but_what_a_push_leaves_for_anybody(town) -> None:
    town.push(observation(person=OTHER))
    town.ledger.close()
    stored = b"".join(path.read_bytes() for path in town.folder.rglob("*") if path.is_file())
    for trace in (OTHER, OTHER[2:], "obs-1", "push-0001"):
        assert trace.encode() not in stored
    cursor = town.ledger.cursor("events")
    assert set(cursor) == {"number", "seen"}
    assert cursor["number"] == len(cursor["seen"]) == 1


def test_what_is_not_safe_is_not_taken_and_its_repeat_has_one_effect(town) -> None:
    town.lane_runs = False
    answer = town.push(observation())
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "not_safe_yet", "30")
    assert town.published == []
    town.lane_runs = True
    town.publisher.failures.append(RetriableError("kafka is away", code="kafka"))
    with pytest.raises(RetriableError):
        town.events.poll()
    assert town.push(observation()).status_code == 202
    assert town.push(observation()).status_code == 202
    assert len(town.published) == 1


def test_the_same_under_another_id_of_a_push_as_after_a_new_secret_has_one_effect(town) -> None:
    for key in ("push-0001", "push-0009"):
        assert town.push(observation(), key=key).status_code == 202
    assert len(town.published) == 1


def test_a_repeat_after_a_restart_does_not_undo_a_correction(town) -> None:
    town.push(observation(), key="push-0001")
    town.push(observation(concern="conflict"), key="push-0002")
    town.crash()
    town.start()
    assert town.push(observation(), key="push-0001").status_code == 202
    assert [(event.revision, event.concern.value) for event in town.published] == [(1, "recruitment"), (2, "conflict")]


@pytest.mark.parametrize("person", [COVERED, OTHER])
def test_another_push_under_a_used_id_is_refused_after_a_restart_too_whoever_it_is_about(town, person: str) -> None:
    town.push(observation(person=person), key="push-0001")
    before = len(town.published)
    town.crash()
    town.start()
    answer = town.push(observation(id="obs-2", person=person), key="push-0001")
    assert (answer.status_code, answer.json()["code"]) == (409, "key_reused")
    assert town.push(observation(person=person), key="push-0001").status_code == 202
    assert len(town.published) == before
    assert town.push(observation(id="obs-2", person=person), key="push-0002").status_code == 202


def test_an_id_that_was_remembered_without_what_it_stood_for_is_a_repeat(town) -> None:
    town.push(observation())
    cursor = town.ledger.cursor("events")
    [(key, (at, mark))] = cursor["seen"].items()
    assert len(mark) == 4
    entry = town.source.waiting
    entry.clear()
    repeat = entry.put(key, b"another", None)
    assert list(entry.batches({"number": 1, "seen": {key: at}}, NOW)) == []
    assert (repeat.settled, repeat.reused) == (True, False)


def test_what_is_taken_back_is_retracted_and_partners_do_not_meet_in_an_id(town) -> None:
    town.push(observation())
    town.push(observation(concern="conflict"), partner="north", key="push-0002")
    town.push(observation(retracted=True), key="push-0003")
    first, second, third = town.published
    assert first.event_id == third.event_id != second.event_id
    assert (third.revision, third.retracted) == (2, True)


def standing(town) -> dict[str, str]:
    """Of whom something stands on Kafka, and what."""
    latest = {event.event_id: event for event in town.published}
    return {event.youth_ref: event.concern.value for event in latest.values() if not event.retracted}


@pytest.mark.parametrize("restarts", [False, True])
def test_a_corrected_person_takes_back_what_was_told_of_the_wrong_child(town, restarts: bool) -> None:
    right = town.grant(OTHER, 2, kinds=KINDS).youth_ref
    town.push(observation(concern="conflict"), key="push-0001")
    town.push(observation(id="obs-2"), key="push-0002")
    if restarts:
        town.crash()
        town.start()
    town.push(observation(concern="conflict", person=OTHER), key="push-0003")
    wrong = town.published[0].youth_ref
    assert standing(town) == {right: "conflict", wrong: "recruitment"}
    number = len(town.published)
    town.push(observation(concern="conflict", person=OTHER), key="push-0004")
    assert len(town.published) == number


def test_a_person_that_has_no_consent_takes_back_what_was_told_of_the_wrong_child_as_well(town) -> None:
    town.push(observation(), key="push-0001")
    town.push(observation(person=OTHER), key="push-0002")
    assert standing(town) == {}


def test_a_person_that_is_corrected_while_the_first_push_waits_stands_alone(town) -> None:
    right = town.grant(OTHER, 2, kinds=KINDS).youth_ref
    town.push(observation(person=OTHER), key="push-0009")
    town.lane_runs = False
    for number, person in enumerate((COVERED, OTHER)):
        assert town.push(observation(person=person), key=f"push-000{number}").status_code == 503
    town.events.poll()
    assert standing(town) == {right: "recruitment"}


def test_an_id_that_was_used_for_another_push_is_refused(town) -> None:
    town.push(observation())
    answer = town.push(observation(concern="conflict"))
    assert (answer.status_code, answer.json()["code"]) == (409, "key_reused")


@pytest.mark.parametrize(
    ("changes", "field", "rule"),
    [
        ({"id": "x y"}, "id", "must be 1 to 64"),
        ({"id": COVERED}, "id", "must not be made of a person's number"),
        ({"person": "201203149801"}, "person", "must be a Swedish identity number"),
        ({"person": ""}, "person", "must be a Swedish identity number"),
        ({"concern": "planted"}, "concern", "must be one of criminal_environment"),
        ({"observed_at": "planted"}, "observed_at", "must be a date and time"),
        ({"observed_at": "2030-01-01T10:00"}, "observed_at", "must not lie in the future"),
        ({"area": ["planted"]}, "area", "must be a text"),
        ({"area": "planted" * 50}, "area", "must be no longer than 200"),
        ({"note": "planted"}, "body", "has fields of no meaning here"),
        ({"retracted": "planted"}, "retracted", "must be true or false"),
    ],
)
def test_a_wrong_field_is_named_with_its_rule_and_never_its_value(town, changes, field: str, rule: str) -> None:
    answer = town.push(observation(**changes))
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    [(named, told)] = told_of(answer)
    assert named == field
    assert told.startswith(rule)
    assert "planted" not in answer.text
    assert COVERED[-4:] not in answer.text
    assert town.beats == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"week": "20"}, "week"), ({"area": "19800101"}, "area"), ({"category": "x"}, "category"), ({"incidents": -1}, "incidents")],
)
def test_a_weekly_row_is_judged_alike(town, changes, field: str) -> None:
    assert [name for name, _ in told_of(town.push(report(**changes), "place_event"))] == [field]


def test_a_weekly_row_of_a_home_is_told_what_to_write_and_nothing_of_it_becomes_a_key(town) -> None:
    answer = town.push(report(area="hemma hos Kalle Svensson"), "place_event")
    assert answer.status_code == 422
    [(field, rule)] = told_of(answer)
    assert (field, "that areas.yaml has, as 0581-hageby" in rule) == ("area", True)
    assert "svensson" not in answer.text.lower()
    assert town.publisher.records == []


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"\xff", b'{"id": ' + b"[" * 5000])
def test_what_is_no_object_is_refused(town, body: bytes) -> None:
    assert town.push(body).status_code in {401, 422}


def test_all_that_is_missing_is_told_at_once(town) -> None:
    answer = town.push({"area": "City"})
    assert [name for name, _ in told_of(answer)] == ["concern", "id", "observed_at", "person"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"webhook-signature": "v1,AAAA"}, 401),
        ({"webhook-signature": ""}, 401),
        ({"webhook-timestamp": "soon"}, 401),
        ({"webhook-id": "push-0002"}, 401),  # signed for another id
        ({"webhook-id": "short"}, 401),
        ({"webhook-id": "a b c d e f g"}, 401),
    ],
)
def test_what_is_not_signed_is_refused_before_it_is_read(town, headers, status: int) -> None:
    answer = town.push(b"not json", headers=headers)
    assert answer.status_code == status
    assert town.published == []


@pytest.mark.parametrize("minutes", [-6, 6])
def test_what_was_signed_too_long_ago_or_ahead_is_no_push(town, minutes: int) -> None:
    answer = town.push(observation(), at=town.clock.now() + timedelta(minutes=minutes))
    assert (answer.status_code, answer.json()["code"]) == (401, "old_timestamp")


def test_a_partner_pushes_what_its_agency_may_carry_and_nothing_else(tmp_path) -> None:
    town = Town(tmp_path, kinds=frozenset())
    assert town.push(observation()).json()["code"] == "kind_not_allowed"
    assert town.push(report(), "place_event", key="push-0002").status_code == 202
    assert town.push({}, "police_notice", key="push-0003").status_code == 404
    town.close()


def test_a_partner_that_pushes_too_much_waits_and_the_others_do_not(tmp_path) -> None:
    town = Town(tmp_path, per_minute=2)
    codes = [town.push(b"{}", key=f"push-000{n}").status_code for n in range(3)]
    assert codes == [422, 422, 429]
    assert town.push(b"{}", partner="north").status_code == 422
    town.ticks += 30
    assert town.push(b"{}", key="push-0009").status_code == 422
    town.close()


def test_a_push_that_is_too_large_is_read_no_further(town) -> None:
    assert town.push(b"x" * 20_000).status_code == 413


def test_settings_are_one_way_or_the_other() -> None:
    with pytest.raises(ValueError, match="`folder` or `intake`"):
        ObservationsConfig.model_validate({"folder": "inbox", "intake": {"listen_port": 8731, "partners": ["city"]}})
    with pytest.raises(ValueError, match="`folder` or `intake`"):
        ObservationsConfig.model_validate({})


def test_the_source_listens_itself_on_the_loopback_interface_until_it_is_stopped(town) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    source = PushedSource(Intake(listen_port=port, partners=("city",)), town.context)
    stop = threading.Event()
    thread = threading.Thread(target=source.listen, args=(lambda: None, stop))
    thread.start()
    try:
        with httpx.Client(transport=httpx.HTTPTransport(retries=5), base_url=f"http://127.0.0.1:{port}") as client:
            answer = client.post("/intake/risk_event", json=observation(), headers={"webhook-id": "push-0001"})
            assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
            assert client.get("/intake/risk_event").status_code == 405
    finally:
        stop.set()
        thread.join(timeout=15)
    assert not thread.is_alive()


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_planted!"])
def test_a_partner_without_a_good_secret_keeps_the_source_from_listening_and_is_named(town, secret: str) -> None:
    context = SourceContext(town.clock.now, lambda _name: secret, MemoryPlaces())
    with pytest.raises(ConfigError, match="partner-city") as caught:
        PushedSource(Intake(listen_port=1, partners=("city",)), context).listen(lambda: None, threading.Event())
    assert "planted" not in str(caught.value)


def test_a_port_that_is_taken_is_told(town) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Intake(listen_port=taken.getsockname()[1], partners=("city",))
        with pytest.raises(ConfigError, match=r"intake\.listen_port"):
            PushedSource(settings, town.context).listen(lambda: None, threading.Event())
