import httpx
import pytest

from connectors.fetching import Fetcher, Limits, retry_after_seconds
from hub.errors import ConfigError, RejectedError, RetriableError

URL = "https://source.example/list"


def fetch(answers, **limits):
    """GET with scripted answers (responses or exceptions); returns (fetch, observed statuses, pauses)."""
    script = iter(answers)
    observed, pauses = [], []

    def answer(_request):
        item = next(script)
        if isinstance(item, Exception):
            raise item
        return item

    fetcher = Fetcher(
        Limits(**limits),
        lambda operation, status: observed.append((operation, status)),
        transport=httpx.MockTransport(answer),
        sleep=pauses.append,
        describe=lambda content: "quota" if content == b"quota" else "",
    )
    return lambda: fetcher.get("list", URL), observed, pauses


def test_a_busy_source_is_asked_again_after_the_pause_it_named():
    get, observed, pauses = fetch([httpx.Response(429, headers={"Retry-After": "7"}), httpx.Response(200, content=b"[]")])
    assert get().content == b"[]"
    assert observed == [("list", 429), ("list", 200)]
    assert len(pauses) == 1
    assert 7 <= pauses[0] <= 60


@pytest.mark.parametrize("failure", [httpx.Response(500), httpx.Response(503), httpx.ReadTimeout(""), httpx.ConnectError("")])
def test_retries_are_bounded_and_end_in_a_retriable_error(failure):
    get, observed, pauses = fetch([failure] * 9, attempts=3)
    with pytest.raises(RetriableError):
        get()
    assert len(observed) == 3
    assert len(pauses) == 2


def test_a_long_pause_is_left_to_the_caller():
    get, observed, pauses = fetch([httpx.Response(429, headers={"Retry-After": "3600"})], longest_wait_seconds=60)
    with pytest.raises(RetriableError) as caught:
        get()
    assert caught.value.retry_after == 3600
    assert pauses == []
    assert len(observed) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_secret_stops_and_is_not_repeated(status):
    get, observed, _ = fetch([httpx.Response(status)])
    with pytest.raises(ConfigError) as caught:
        get()
    assert caught.value.code == f"status_{status}"
    assert len(observed) == 1


@pytest.mark.parametrize("status", [301, 400, 404, 418])
def test_any_other_status_refuses_the_answer_and_a_redirect_never_carries_the_secret_on(status):
    get, observed, _ = fetch([httpx.Response(status, headers={"Location": "https://elsewhere.example"})])
    with pytest.raises(RejectedError) as caught:
        get()
    assert caught.value.code == f"status_{status}"
    assert len(observed) == 1


def test_a_body_is_read_no_further_than_the_limit():
    pulled = []

    def endless():
        while True:
            pulled.append(1)
            yield b"x" * 1000

    get, _, _ = fetch([httpx.Response(200, content=endless())], body_bytes=10_000, attempts=1)
    with pytest.raises(RejectedError) as caught:
        get()
    assert caught.value.code == "response_too_large"
    assert len(pulled) <= 12


def test_a_dripping_body_ends_in_time():
    get, _, _ = fetch([httpx.Response(200, content=b"x" * 10)], total_seconds=-1, attempts=1)
    with pytest.raises(RetriableError) as caught:
        get()
    assert caught.value.code == "timeout"


def test_an_error_says_the_sources_code_but_never_its_text_or_the_query():
    get, _, _ = fetch([httpx.Response(400, content=b"quota")])
    with pytest.raises(RejectedError, match=r"^list: answered 400 \(quota\)$"):
        get()
    get, _, _ = fetch([httpx.Response(400, content=b"Elev Exempelsson saknas")])
    with pytest.raises(RejectedError, match=r"^list: answered 400$"):
        get()


def test_an_endless_error_page_is_not_read():
    get, _, _ = fetch([httpx.Response(404, content=b"x" * 1_000_000)])
    with pytest.raises(RejectedError, match="answered 404"):
        get()


@pytest.mark.parametrize("url", ["https://source.example:port/", "gopher://source.example/"])
def test_an_address_that_cannot_be_called_is_a_setting_to_change(url):
    fetcher = Fetcher(Limits(), lambda _operation, _status: None)
    with pytest.raises(ConfigError) as caught:
        fetcher.get("list", url)
    assert caught.value.code == "bad_url"
    fetcher.close()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "12"}, 12.0),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Mon, 19 May 2025 05:31:00 GMT", "date": "Mon, 19 May 2025 05:30:00 GMT"}, 60.0),
        ({"retry-after": "Mon, 19 May 2025 05:31:00 GMT"}, None),
        ({"retry-after": "Mon, 19 May 2025 05:29:00 GMT", "date": "Mon, 19 May 2025 05:30:00 GMT"}, 0.0),
        ({"retry-after": "9" * 400}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_against_the_servers_own(headers, seconds):
    assert retry_after_seconds(headers) == seconds
