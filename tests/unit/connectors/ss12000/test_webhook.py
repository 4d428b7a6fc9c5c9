import threading
from datetime import timedelta

import httpx
import pytest

from connectors.ss12000 import connector
from connectors.ss12000.config import Ss12000Config
from connectors.ss12000.simulator import build_simulator
from connectors.ss12000.webhook import Ss12000Waker, build_receiver
from hub.connector import SourceContext
from hub.errors import ConfigError
from hub.testing import MemoryPlaces
from tests.unit.connect.installation import free_port
from tests.unit.connectors.in_process import InProcess
from tests.unit.connectors.ss12000.make import NOW, make_event, make_person, write_dataset

SECRET = "a" * 40
TARGET = f"https://hub.example/hooks/{SECRET}"


@pytest.fixture
def world(tmp_path):
    """The simulator, a clock that a test moves, and a waker on both."""
    write_dataset(tmp_path, persons=[make_person("alva")], events=[make_event("one", "2025-05-06T09:00:00+02:00")])
    return World(tmp_path)


class World:
    def __init__(self, folder):
        self.now = NOW
        self.server = InProcess(build_simulator(folder, {"now": lambda: self.now}))

    def waker(self, secret=SECRET, port=0):
        webhook = {"public_url": "https://hub.example/hooks", "listen_port": port}
        config = Ss12000Config(base_url="https://school.example", since="2025-03-17", webhook=webhook)
        context = SourceContext(lambda: self.now, lambda name: secret if name == "webhook-secret" else "jwt", MemoryPlaces())
        return Ss12000Waker(config, config.webhook, context, transport=self.server, sleep=lambda _seconds: None)

    def calls(self):
        return [request.method for request in self.server.requests]


def test_one_subscription_is_made_and_found_again(world):
    end = world.waker().keep_subscribed(SECRET)
    assert end == NOW + timedelta(days=7)
    assert world.waker().keep_subscribed(SECRET) == end
    assert world.calls() == ["GET", "POST", "GET"]


def test_it_is_renewed_in_good_time(world):
    world.waker().keep_subscribed(SECRET)
    world.now += timedelta(days=6, hours=1)
    assert world.waker().keep_subscribed(SECRET) == world.now + timedelta(days=7)
    assert world.calls()[-1] == "PATCH"


def test_what_a_repeated_call_made_twice_is_made_one(world):
    waker = world.waker()
    waker.keep_subscribed(SECRET)
    waker._client.subscribe("again", TARGET, ["Attendance"])
    waker._client.subscribe("other", "https://elsewhere.example", ["Attendance"])
    waker.keep_subscribed(SECRET)
    rows = [row["target"] for page in waker._client.subscriptions() for row in page]
    assert sorted(rows) == sorted([TARGET, "https://elsewhere.example"])


def call(body, secret=SECRET, **options):
    """(status, how often it woke) of one call."""
    woken = []
    with httpx.Client(transport=InProcess(build_receiver(SECRET, lambda: woken.append(1))), base_url="http://hub") as client:
        response = client.request(options.get("method", "POST"), f"/{secret}", content=body)
    return response.status_code, len(woken)


@pytest.mark.parametrize(
    ("body", "wakes"),
    [
        (b'{"modifiedEntites":["Attendance"],"deletedEntities":false}', True),
        (b'{"modifiedEntities":["Absence"]}', True),
        (b'{"modifiedEntites":["Room"],"deletedEntities":false}', False),
        (b'{"modifiedEntites":[],"deletedEntities":true}', True),
        (b"", True),
        (b"[" * 5000, True),
        (b"{}", True),
    ],
)
def test_a_call_wakes_when_a_pull_may_find_something_in_either_spelling(body, wakes):
    assert call(body) == (200, int(wakes))


@pytest.mark.parametrize("secret", ["b" * 40, SECRET[:-1], "x", "%C3%A5"])
def test_a_call_without_the_secret_is_not_found_and_wakes_nobody(secret):
    assert call(b"{}", secret) == (404, 0)


def test_a_call_of_another_form_wakes_nobody():
    assert call(b"", method="GET")[1] == 0
    assert call(b" " * 100_000) == (413, 0)


def test_it_listens_until_it_is_stopped(world):
    stop, woken = threading.Event(), threading.Event()
    with httpx.Client() as client:
        port = free_port()
        thread = threading.Thread(target=world.waker(port=port).listen, args=(woken.set, stop))
        thread.start()
        try:
            while thread.is_alive() and not woken.is_set():
                try:
                    client.post(f"http://127.0.0.1:{port}/{SECRET}", content=b"{}")
                except httpx.TransportError:
                    continue
        finally:
            stop.set()
            thread.join(timeout=10)
    assert woken.is_set()
    assert not thread.is_alive()


def test_a_short_secret_is_refused(world):
    with pytest.raises(ConfigError) as caught:
        world.waker(secret="short").listen(lambda: None, threading.Event())
    assert caught.value.code == "bad_secret"


def test_without_the_setting_there_is_nothing_to_wake(world):
    config = Ss12000Config(base_url="https://school.example", since="2025-03-17")
    context = SourceContext(lambda: NOW, lambda _name: "", MemoryPlaces())
    assert connector.build_waker(config, context) is None
