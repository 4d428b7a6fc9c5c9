import json
from datetime import UTC, datetime

import httpx
import pytest

from connectors.ss12000.client import Ss12000Client
from connectors.ss12000.config import Ss12000Config
from hub.errors import ConfigError, RejectedError, RetriableError
from tests.unit.connectors.ss12000.make import make_attendance, make_context, make_event

SPAN = (datetime(2025, 5, 4, 22, tzinfo=UTC), datetime(2025, 5, 11, 22, tzinfo=UTC))
EVENTS = [make_event(str(number), "2025-05-06T09:00:00+02:00", make_attendance(str(number), "alva")) for number in range(7)]


def make_client(answer, *, token="jwt", observed=None, **config):
    return Ss12000Client(
        Ss12000Config(
            **{"base_url": "https://school.example/v2.0", "since": "2025-03-17", "page_size": 3, "attempts": 2} | config
        ),
        make_context(token=token, observed=observed),
        transport=httpx.MockTransport(answer),
        sleep=lambda _seconds: None,
    )


def paged(rows, *, refuse=lambda _params: False, forgets_expand=False, last=None):
    """A server with offsets as tokens; `refuse` says which follow-ups it answers with 400, `last` what ends the list."""

    def answer(request):
        params = dict(request.url.params)
        if "pageToken" in params and refuse(params):
            return httpx.Response(400, json={"code": "bad_request", "message": "no"})
        offset, limit = int(params.get("pageToken", 0)), int(params["limit"])
        page = rows[offset : offset + limit]
        if forgets_expand and "expand" not in params:
            page = [{name: value for name, value in row.items() if name != "_embedded"} for row in page]
        end = {} if last == "absent" else {"pageToken": None}
        more = offset + limit < len(rows) or (last == "token on full last page" and len(page) == limit)
        return httpx.Response(200, json={"data": page} | ({"pageToken": str(offset + limit)} if more else end))

    return answer


def read_events(client):
    return [row for page in client.calendar_events(*SPAN) for row in page]


@pytest.mark.parametrize("count", [0, 1, 3, 6, 7])
@pytest.mark.parametrize("last", ["null", "absent", "token on full last page"])
def test_no_page_is_lost_whatever_ends_the_list(count, last):
    assert read_events(make_client(paged(EVENTS[:count], last=last))) == EVENTS[:count]


@pytest.mark.parametrize(
    ("refuse", "asked"),
    [
        (lambda params: "startTime.onOrAfter" not in params, [True, True]),
        (lambda params: "startTime.onOrAfter" in params, [True, False, False]),
        (lambda params: "expand" not in params, [True, False, True, True]),
    ],
)
def test_the_form_of_follow_up_that_a_server_takes_is_found_and_kept(refuse, asked):
    follow_ups = []

    def answer(request):
        if "pageToken" in request.url.params:
            follow_ups.append("startTime.onOrAfter" in request.url.params)
        return paged(EVENTS, refuse=refuse)(request)

    assert read_events(make_client(answer)) == EVENTS
    assert follow_ups == asked


def test_attendance_is_not_lost_when_a_server_forgets_the_expansion_behind_a_token():
    assert read_events(make_client(paged(EVENTS, forgets_expand=True))) == EVENTS


def test_a_follow_up_page_without_any_attendance_is_not_an_error():
    rows = [*EVENTS[:3], *({name: value for name, value in row.items() if name != "_embedded"} for row in EVENTS[3:])]
    assert read_events(make_client(paged(rows, refuse=lambda params: "expand" in params))) == rows


def test_a_server_that_refuses_every_follow_up_refuses_the_list():
    with pytest.raises(RejectedError) as caught:
        read_events(make_client(paged(EVENTS, refuse=lambda _params: True)))
    assert caught.value.code == "status_400"


def test_a_token_that_comes_again_ends_the_reading_with_a_refusal():
    client = make_client(lambda _request: httpx.Response(200, json={"data": [{}], "pageToken": "same"}))
    with pytest.raises(RejectedError) as caught:
        list(client.persons())
    assert caught.value.code == "page_loop"


def test_pages_without_end_are_bounded():
    def answer(request):
        return httpx.Response(200, json={"data": [], "pageToken": int(request.url.params.get("pageToken", 0)) + 1})

    observed = []
    with pytest.raises(RejectedError):
        list(make_client(answer, max_pages=5, observed=observed).persons())
    assert observed == [("persons", 200)] * 6


def test_the_token_is_read_for_every_request_and_times_carry_stockholms_offset():
    asked = []

    def answer(request):
        asked.append(request)
        return httpx.Response(200, json={"data": []})

    read_events(make_client(answer, token=" jwt\n"))
    (request,) = asked
    assert request.headers["authorization"] == "Bearer jwt"
    assert request.url.path == "/v2.0/calendarEvents"
    assert request.url.params["startTime.onOrAfter"] == "2025-05-05T00:00:00+02:00"
    assert request.url.params["startTime.onOrBefore"] == "2025-05-12T00:00:00+02:00"


@pytest.mark.parametrize("token", ["", "two\nlines", "åäö"])
def test_a_secret_that_is_no_token_stops_before_any_request(token):
    with pytest.raises(ConfigError) as caught:
        list(make_client(lambda _request: httpx.Response(500), token=token).persons())
    assert caught.value.code == "bad_token"


@pytest.mark.parametrize(
    "body", [{"code": "Throttled", "message": "Alva"}, {"error": {"code": 17}}, {"detail": {"code": "Throttled"}}, "Alva"]
)
def test_errors_of_every_shape_are_translated_without_their_text(body):
    client = make_client(lambda _request: httpx.Response(503, content=json.dumps(body).encode()))
    with pytest.raises(RetriableError) as caught:
        list(client.persons())
    assert "Alva" not in str(caught.value)
