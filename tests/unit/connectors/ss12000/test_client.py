import json
from datetime import UTC, datetime

import httpx
import pytest

from connectors.ss12000.client import Ss12000Client
from connectors.ss12000.config import Ss12000Config
from hub.connector import SourceContext
from hub.errors import ConfigError, RejectedError, RetriableError
from hub.testing import MemoryPlaces
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


def without_attendance(row):
    return {name: value for name, value in row.items() if name != "_embedded"}


def paged(rows, *, refuse=lambda _params: False, refusal=400, forgets_expand=False, last=None):
    """A server with offsets as tokens; `refuse` says which follow-ups it answers with `refusal`, `last` what ends the list."""

    def answer(request):
        params = dict(request.url.params)
        if "pageToken" in params and refuse(params):
            return httpx.Response(refusal, json={"code": "bad_request", "message": "no"})
        offset, limit = int(params.get("pageToken", 0)), int(params["limit"])
        page = rows[offset : offset + limit]
        if forgets_expand and "expand" not in params:
            page = [without_attendance(row) for row in page]
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


@pytest.mark.parametrize("unmarked", [range(3), range(3, 6), range(6), range(2, 7)])
def test_each_page_is_judged_by_itself_whether_the_server_forgot_the_expansion(unmarked):
    # Some servers write nothing where nobody was marked: such a page says neither that the others are whole nor that they are not.
    rows = [without_attendance(row) if place in unmarked else row for place, row in enumerate(EVENTS)]
    assert read_events(make_client(paged(rows, forgets_expand=True))) == rows


def test_a_follow_up_page_without_any_attendance_is_not_an_error():
    rows = [*EVENTS[:3], *(without_attendance(row) for row in EVENTS[3:])]
    assert read_events(make_client(paged(rows, refuse=lambda params: "expand" in params))) == rows


def unlike_the_document(params):
    return set(params) != {"startTime.onOrAfter", "startTime.onOrBefore", "pageToken", "limit"}


@pytest.mark.parametrize(("refusal", "asked"), [(400, 2), (404, 2), (500, 4)])
def test_whatever_is_answered_to_a_form_that_a_server_does_not_know_is_no_error_with_a_page_in_hand(refusal, asked):
    rows, observed = [*EVENTS[:3], *(without_attendance(row) for row in EVENTS[3:])], []
    client = make_client(paged(rows, refuse=unlike_the_document, refusal=refusal), observed=observed)
    assert read_events(client) == rows
    assert [status for _, status in observed] == [200, 200, *[refusal] * asked, 200]


@pytest.mark.parametrize("refusal", [404, 500])
@pytest.mark.parametrize(
    "only", [{"pageToken", "limit"}, {"startTime.onOrAfter", "startTime.onOrBefore", "expand", "pageToken", "limit"}]
)
def test_the_form_that_a_server_takes_is_found_whatever_it_answers_to_the_others(only, refusal):
    assert read_events(make_client(paged(EVENTS, refuse=lambda params: set(params) != only, refusal=refusal))) == EVENTS


@pytest.mark.parametrize(("refusal", "error"), [(404, RejectedError), (500, RetriableError)])
def test_what_is_answered_to_the_form_that_brought_whole_pages_is_an_error(refusal, error):
    client = make_client(paged(EVENTS, refuse=lambda params: params["pageToken"] != "3", refusal=refusal))
    with pytest.raises(error):
        read_events(client)


@pytest.mark.parametrize(("status", "error"), [(503, RetriableError), (401, ConfigError)])
def test_what_a_server_answers_to_any_form_is_an_error_with_a_page_in_hand_too(status, error):
    rows = [without_attendance(row) for row in EVENTS]
    with pytest.raises(error):
        read_events(make_client(paged(rows, refuse=unlike_the_document, refusal=status)))


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


OAUTH = {"oauth": {"token_url": "https://login.example/token", "client_id": "hub"}}


def expiring(lives, granted=None):
    """A server whose tokens hold for so many requests each, and its token endpoint."""
    left, serial = 0, 0

    def answer(request):
        nonlocal left, serial
        if request.url.path == "/token":
            left, serial = lives, serial + 1
            if granted is not None:
                granted.append(dict(httpx.QueryParams(request.content.decode())))
            return httpx.Response(200, json={"access_token": f"t{serial}", "expires_in": 3600})
        left -= 1
        if request.headers["authorization"] != f"Bearer t{serial}" or left < 0:
            return httpx.Response(401)
        return paged(EVENTS)(request)

    return answer


def test_a_token_that_expires_in_mid_pull_is_renewed_once_and_no_page_is_lost():
    granted, observed = [], []
    client = make_client(expiring(2, granted), observed=observed, **OAUTH)
    assert read_events(client) == EVENTS
    assert granted == [{"grant_type": "client_credentials"}] * 2
    assert [status for operation, status in observed if operation == "calendarEvents"] == [200, 200, 401, 200]


def test_a_new_token_that_is_refused_too_stops():
    with pytest.raises(ConfigError) as caught:
        read_events(make_client(expiring(0), **OAUTH))
    assert caught.value.code == "status_401"


def test_a_fixed_token_that_was_renewed_meanwhile_is_tried_and_an_old_one_is_not():
    tokens = iter(["old", "new", "new", "new"])
    context = SourceContext(lambda: datetime(2025, 5, 19, tzinfo=UTC), lambda _name: next(tokens), MemoryPlaces())
    asked = []

    def answer(request):
        asked.append(request.headers["authorization"])
        return httpx.Response(401) if asked[-1] == "Bearer old" else paged([])(request)

    config = Ss12000Config(base_url="https://school.example", since="2025-03-17")
    assert read_events(Ss12000Client(config, context, transport=httpx.MockTransport(answer))) == []
    assert asked == ["Bearer old", "Bearer new"]
    observed = []
    with pytest.raises(ConfigError):
        read_events(make_client(lambda _request: httpx.Response(401), observed=observed))
    assert len(observed) == 1


def test_half_a_body_is_asked_for_again():
    answers = iter([httpx.Response(200, content=b'{"data": [{"id"'), httpx.Response(200, json={"data": []})])
    assert read_events(make_client(lambda _request: next(answers))) == []
    with pytest.raises(RejectedError) as caught:
        read_events(make_client(lambda _request: httpx.Response(200, content=b'{"data": [')))
    assert caught.value.code == "malformed_page"


@pytest.mark.parametrize("names", [("attendances", "absences"), ("Attendance", "Absence"), ("ATTENDANCES", "absence")])
def test_deletions_are_read_in_either_spelling(names):
    body = {"data": {names[0]: ["A1"], names[1]: ["b2", 7], "rooms": "none"}, "pageToken": None}
    pages = make_client(lambda _request: httpx.Response(200, json=body)).deleted(SPAN[0])
    assert [row for page in pages for row in page] == [("attendance", "a1"), ("absence", "b2")]


def test_a_lesson_that_is_gone_is_none():
    assert make_client(lambda _request: httpx.Response(404)).calendar_event("x/../y") is None
