from __future__ import annotations

import uuid
from datetime import timedelta

from hub.contract.models import Cooperation, Erasure
from hub.registry.erasures import record_receipt, repeat_open_requests
from tests.unit.registry.support import POLICE, SCHOOL, Installation, make_grant, make_identifier

PERSON = make_identifier()


def make_withdrawal(home: Installation) -> Erasure:
    """A person whom school and police have learned of, withdrawn; the request as it went out."""
    home.registry.grant(make_grant())
    home.relay.run_once()
    home.told(SCHOOL)
    home.told(POLICE)
    home.registry.withdraw(PERSON)
    home.relay.run_once()
    (request,) = home.sent("hub.erasures.v1")
    return request


def answer(home: Installation, request: Erasure, component: str, **changes: object) -> bool:
    receipt = Erasure.model_validate({**request.model_dump(), "kind": "receipt", "component": component, **changes})
    with home.registry.work() as work:
        return record_receipt(work.session, receipt, work.now)


def test_a_withdrawal_is_complete_when_everybody_who_learned_the_reference_has_answered(home: Installation) -> None:
    request = make_withdrawal(home)
    waiting = ["connector-sdk", "connector-ss12000", "delivery", "worker"]
    while waiting:
        (status,) = home.registry.erasure_status(only_open=True)
        assert status.waiting_for == tuple(waiting)
        assert not status.complete
        assert answer(home, request, waiting.pop())
    (status,) = home.registry.erasure_status()
    assert status.complete
    assert home.registry.erasure_status(only_open=True) == []


def test_a_receipt_counts_once(home: Installation) -> None:
    request = make_withdrawal(home)
    for _ in range(3):
        assert answer(home, request, "worker")
    assert home.registry.erasure_status()[0].answered == ("worker",)


def test_an_answer_nobody_waits_for_is_kept_and_completes_nothing(home: Installation) -> None:
    request = make_withdrawal(home)
    assert answer(home, request, "connector-observations")
    (status,) = home.registry.erasure_status()
    assert status.answered == ("connector-observations",)
    assert len(status.waiting_for) == 4


def test_a_receipt_that_answers_no_request_of_ours_is_not_stored(home: Installation) -> None:
    request = make_withdrawal(home)
    assert not answer(home, request, "worker", erasure_id=str(uuid.uuid4()))
    assert not answer(home, request, "worker", youth_ref="y" + 32 * "0")
    assert home.registry.erasure_status()[0].answered == ()


def test_after_a_withdrawal_no_hash_and_no_key_is_left(home: Installation) -> None:
    make_withdrawal(home)
    assert [home.told(agency).entries[0]["subject_hashes"] for agency in (SCHOOL, POLICE)] == [[], []]
    assert home.rows("link_key") == 0


def test_an_agency_that_learned_but_has_no_connector_here_is_waited_for_visibly(home: Installation) -> None:
    keys = home.agencies[SCHOOL]
    home.agencies[SCHOOL] = type(keys)(keys.kinds, keys.hmac_key, keys.token, ())
    make_withdrawal(home)
    assert f"connector-of-{SCHOOL}" in home.registry.erasure_status()[0].waiting_for


def test_open_requests_are_asked_again_and_complete_ones_are_not(home: Installation) -> None:
    request = make_withdrawal(home)
    with home.registry.work() as work:
        assert repeat_open_requests(work) == 1
    home.relay.run_once()
    assert home.sent("hub.erasures.v1") == [request, request]
    for component in ("connector-sdk", "connector-ss12000", "delivery", "worker"):
        answer(home, request, component)
    with home.registry.work() as work:
        assert repeat_open_requests(work) == 0


def make_scope_withdrawal(home: Installation) -> Erasure:
    """Two consents, SSPF with school and police, SIG with the police; the first is withdrawn. The request as it went out."""
    home.registry.grant(make_grant())
    home.registry.grant(make_grant(cooperation="sig", agencies=(POLICE,), recipients=("sig",), kinds=("police_notice",)))
    home.relay.run_once()
    home.told(SCHOOL)
    home.told(POLICE)
    home.registry.withdraw(PERSON, Cooperation.SSPF)
    home.relay.run_once()
    (request,) = home.sent("hub.erasures.v1")
    return request


def test_one_scope_withdrawn_asks_for_its_erasure_after_the_record_that_says_so(home: Installation) -> None:
    request = make_scope_withdrawal(home)
    topics = [one.topic for one in home.kafka.published]
    assert topics[-2:] == ["hub.consents.v1", "hub.erasures.v1"]
    withdrawn = [scope.scope_id for scope in home.sent("hub.consents.v1")[-1].scopes if scope.withdrawn_at is not None]
    assert [request.scope_id] == withdrawn
    (status,) = home.registry.erasure_status()
    assert status.scope_id == request.scope_id
    # The school has lost its last scope and erases; the police keep one, and so their link key.
    assert status.waiting_for == ("connector-ss12000", "delivery", "worker")
    assert home.rows("link_key") == 1
    assert [entry["erasure_id"] for entry in home.told(SCHOOL).entries] == [request.erasure_id]
    assert [entry["removed"] for entry in home.told(POLICE).entries] == [False]


def test_a_scope_is_asked_for_once_and_the_rest_gets_an_erasure_of_its_own(home: Installation) -> None:
    request = make_scope_withdrawal(home)
    home.registry.withdraw(PERSON)
    home.relay.run_once()
    first, second = home.sent("hub.erasures.v1")
    assert (first, second.scope_id) == (request, None)
    assert second.youth_ref == first.youth_ref


def test_effect_is_when_worker_and_delivery_have_answered(home: Installation) -> None:
    request = make_withdrawal(home)
    home.clock.advance(timedelta(seconds=1))
    answer(home, request, "worker")
    assert home.registry.erasure_status()[0].effect_after is None
    home.clock.advance(timedelta(seconds=1))
    answer(home, request, "delivery")
    (status,) = home.registry.erasure_status()
    assert status.effect_after == timedelta(seconds=2)
    assert not status.complete


def test_a_team_that_had_opened_a_task_is_asked_to_acknowledge_and_holds_up_nothing(home: Installation) -> None:
    request = make_withdrawal(home)
    answer(home, request, "delivery", awaits="outreach")
    for component in ("connector-sdk", "connector-ss12000", "worker"):
        answer(home, request, component)
    (status,) = home.registry.erasure_status()
    assert status.complete
    assert (status.unacknowledged, status.acknowledged) == (("outreach",), ())
    answer(home, request, "receiver-outreach")
    (status,) = home.registry.erasure_status()
    assert (status.unacknowledged, status.acknowledged) == ((), ("outreach",))
