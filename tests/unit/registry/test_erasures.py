from __future__ import annotations

import uuid

from hub.contract.models import Erasure
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
