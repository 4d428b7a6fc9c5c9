"""Tasks by the thousand to receivers that fail, from a delivery process that is killed again and again; and what must be so after it.

What must be so is known from the bus and from the receivers' own ledgers, by identity:

* of a task that stayed open each receiver has one word, `requested`;
* of one that was taken back it has no word, or both and the last of them is that one;
* nothing else, nothing twice, and the hub says of each errand what its receiver says.
"""

from __future__ import annotations

import base64
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from connectors.webhook.simulator import build_simulator
from hub.bootstrap import build_delivery_engine
from hub.contract.codec import Codec
from hub.contract.ids import task_id
from hub.contract.models import Action, ConsentRecord, ConsentStatus, Cooperation, Evidence, InfoKind, Priority, ReferralTask
from hub.contract.topics import CONSENTS, TASKS_OUTREACH
from hub.delivery.tables import ErrandRow
from hub.installation import initialise
from hub.settings import Settings, load_settings
from hub.testing import served

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"the secret of the receivers under chaos").decode()
SINKS = ("system", "archive")
SCOPE = "11111111-1111-4111-8111-111111111111"
_PATIENCE_SECONDS = 900.0


class Failing:
    """A receiver that fails three times in ten: it is busy, or it takes the word and its answer is lost.

    It keeps by whatever clock the sender has: here it is not judged how old a word is.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self._sent = NOW
        self._app = build_simulator(folder, {"secret": SECRET, "now": lambda: self._sent})
        self._chance = random.Random(seed)
        self.requests = self.failures = 0

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        self.requests += 1
        said = dict(scope["headers"]).get(b"webhook-timestamp", b"0")
        self._sent = datetime.fromtimestamp(int(said), UTC)
        lot = self._chance.random()
        if lot < 0.3:
            self.failures += 1
        if lot < 0.15:
            await _answer(send, 503)
        elif lot < 0.3:
            await self._app(scope, receive, _to_nobody)
            await _answer(send, 502)
        else:
            await self._app(scope, receive, send)


async def _to_nobody(_message) -> None:
    """The answer is lost."""


async def _answer(send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


@dataclass
class Outcome:
    """What a run found. `in_flight`: at each kill, errands of which a call was begun and no answer noted."""

    tasks: int
    kills: int
    in_flight: list[int] = field(default_factory=list)
    errands: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    failures: int = 0
    repeated: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        said = ", ".join(f"{number} {status}" for status, number in sorted(self.errands.items()))
        return (
            f"{self.tasks} tasks to {len(SINKS)} receivers, {self.kills} kills, in flight at each: {self.in_flight}; "
            f"{self.requests} calls, of which {self.failures} failed; errands: {said}; {self.seconds:.0f} s"
        )


def play(folder: Path, *, tasks: int, kills: int, seed: int = 1) -> Outcome:
    """Write a bus of so many tasks, hand them over under so many kills, and judge what came of it."""
    began, chance = time.monotonic(), random.Random(seed)
    home, bus = folder / "home", folder / "bus.jsonl"
    outcome = Outcome(tasks, kills)
    with ExitStack() as stack:
        receivers = {name: Failing(folder, seed + number) for number, name in enumerate(SINKS)}
        urls = {name: stack.enter_context(served(app)) for name, app in receivers.items()}
        settings = _installation(home, urls)
        back = _write_bus(bus, tasks, chance)
        _hand_over(settings, bus, receivers, outcome, chance)
        told = {name: httpx.get(f"{url}/simulator/received", timeout=60).json() for name, url in urls.items()}
    outcome.requests = sum(one.requests for one in receivers.values())
    outcome.failures = sum(one.failures for one in receivers.values())
    outcome.faults += _judge(settings, back, told, outcome)
    outcome.seconds = time.monotonic() - began
    return outcome


def _installation(home: Path, urls: dict[str, str]) -> Settings:
    initialise(home)
    with (home / "hub.toml").open("a", encoding="utf-8") as toml:
        for name, url in urls.items():
            toml.write(f'\n[sinks.{name}]\nconnector = "webhook"\nmost_per_minute = 60000\n')
            toml.write(f'[sinks.{name}.settings]\nurl = "{url}/hook"\nallow_private = ["127.0.0.0/8"]\n')
            (home / "keys" / f"sink-{name}-signing").write_text(SECRET, encoding="utf-8")
    teams = home / "teams.yaml"
    text = teams.read_text(encoding="utf-8").replace(
        "    cooperation: sspf\n", f"    cooperation: sspf\n    sinks: [{', '.join(SINKS)}]\n", 1
    )
    teams.write_text(text, encoding="utf-8")
    (home / "quick-clock.json").write_text(json.dumps([NOW.isoformat(), time.time()]), encoding="utf-8")
    return load_settings(home)


def _write_bus(file: Path, tasks: int, chance: random.Random) -> dict[str, str]:
    """The bus as lines, and by task the word that takes it back, empty for one that stays open. One in ten is taken back."""
    codec, offsets, lines, later = Codec.load(), Counter(), [], []
    back: dict[str, str] = {}

    def put(topic, key: str, message) -> None:
        lines.append(json.dumps([topic.name, offsets[topic.name], key.encode().hex(), codec.encode(topic, message).hex()]))
        offsets[topic.name] += 1

    for _ in range(tasks):
        ref = f"y{chance.getrandbits(128):032x}"
        task = _task(ref)
        put(TASKS_OUTREACH, ref, task)
        back[task.task_id] = chance.choices(["", "recalled", "cancelled"], [18, 1, 1])[0]
        if back[task.task_id]:
            later.append((ref, back[task.task_id]))
        if later and chance.random() < 0.1:
            _take_back(put, *later.pop(chance.randrange(len(later))))
    for one in later:
        _take_back(put, *one)
    file.write_text("\n".join(lines), encoding="utf-8")
    return back


def _take_back(put: Callable[..., None], ref: str, word: str) -> None:
    if word == "recalled":
        put(TASKS_OUTREACH, ref, _task(ref, Action.GROUND_LOST))
    else:
        put(CONSENTS, ref, _withdrawn(ref))


def _task(ref: str, action: Action = Action.OPEN) -> ReferralTask:
    evidence = Evidence(
        condition="unexcused", kind=InfoKind.SCHOOL_ABSENCE, measure="minutes", at_least=480, met=500, unit="minutes",
        window_days=28, first_at=NOW - timedelta(days=9), last_at=NOW - timedelta(days=1), agencies=("school",),
        may_tell_youth=True,
    )  # fmt: skip
    return ReferralTask(
        action=action, task_id=task_id(ref, "absence-alone", "e1"), youth_ref=ref, rule_id="absence-alone", rules_version="1",
        team="outreach", function="school_attendance", cooperation=Cooperation.SSPF, priority=Priority.NORMAL, created_at=NOW,
        respond_by=NOW + timedelta(days=5), evidence=(evidence,), consent_version=1, scope_id=SCOPE, area=None, age_years=14,
    )  # fmt: skip


def _withdrawn(ref: str) -> ConsentRecord:
    return ConsentRecord(
        youth_ref=ref, version=2, status=ConsentStatus.WITHDRAWN, age_years=None, age_valid_until=None, area=None,
        legal_basis="consent", scopes=(), recorded_at=NOW,
    )  # fmt: skip


def _hand_over(settings: Settings, bus: Path, receivers: dict[str, Failing], outcome: Outcome, chance: random.Random) -> None:
    """Kill the process whenever about so many more calls were made, and let the last one come to its end."""
    expected = int(outcome.tasks * len(SINKS) * 1.4)
    marks = sorted(chance.sample(range(expected // 20, expected * 9 // 10), outcome.kills))
    for mark in marks:
        with _process(settings, bus) as child:
            _until(child, lambda mark=mark: sum(one.requests for one in receivers.values()) >= mark)
            time.sleep(chance.random() * 0.05)
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
        outcome.in_flight.append(_count(settings, ErrandRow.status == "waiting", ErrandRow.begun_at.is_not(None)))
    with _process(settings, bus) as child:
        _until(child, lambda: _is_at_rest(settings, outcome.tasks))
        child.terminate()
        if child.wait(timeout=60) != 0:
            outcome.faults.append(f"the process ended with {child.returncode}")


@contextmanager
def _process(settings: Settings, bus: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "tests.chaos.delivering", str(settings.home), str(bus)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (settings.home / "delivering.log").open("ab") as log:
        child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            yield child
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()


def _until(child: subprocess.Popen[bytes], true: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while not true():
        assert child.poll() is None, f"the process ended by itself: {child.returncode}"
        assert time.monotonic() < end, "it does not come to an end"
        time.sleep(0.05)


def _is_at_rest(settings: Settings, tasks: int) -> bool:
    time.sleep(0.5)
    return (
        _count(settings, ErrandRow.state == "requested") == tasks * len(SINKS)
        and not _count(settings, ErrandRow.status == "waiting")
        and _all_taken(settings)
    )


def _all_taken(settings: Settings) -> bool:
    """Whether the inbox stands at the bus' end: nothing it takes adds an errand any more."""
    lines = (settings.home.parent / "bus.jsonl").read_text(encoding="utf-8").splitlines()
    engine = build_delivery_engine(settings)
    try:
        with engine.connect() as connection:
            taken = connection.exec_driver_sql("SELECT coalesce(sum(next_offset), 0) FROM position").scalar_one()
    finally:
        engine.dispose()
    return int(taken) == len(lines)


def _count(settings: Settings, *conditions) -> int:
    engine = build_delivery_engine(settings)
    try:
        with Session(engine) as session:
            return session.scalar(select(func.count()).select_from(ErrandRow).where(*conditions)) or 0
    finally:
        engine.dispose()


def _judge(settings: Settings, back: dict[str, str], told: dict[str, list[dict]], outcome: Outcome) -> Iterator[str]:
    engine = build_delivery_engine(settings)
    with Session(engine) as session:
        rows = session.scalars(select(ErrandRow)).all()
        hub = {(row.sink, row.task_id, row.state): row.status for row in rows}
    engine.dispose()
    outcome.errands.update(hub.values())
    for sink, words in told.items():
        seen = [(row["task_id"], row["state"]) for row in words]
        if len(seen) != len(set(seen)):
            yield f"{sink} has a word twice"
        by_task: dict[str, list[str]] = {}
        for task, state in seen:
            by_task.setdefault(task, []).append(state)
        yield from _judge_sink(sink, back, by_task, hub)


def _judge_sink(
    sink: str, back: dict[str, str], by_task: dict[str, list[str]], hub: dict[tuple[str, str, str], str]
) -> Iterator[str]:
    if strangers := by_task.keys() - back.keys():
        yield f"{sink} has {len(strangers)} tasks that nobody sent"
    for task, word in back.items():
        has: Sequence[str] = by_task.get(task, [])
        allowed: tuple[list[str], ...] = ([], ["requested", word]) if word else (["requested"],)
        if list(has) not in allowed:
            yield f"{sink} has {list(has)} of a task that is {word or 'open'}"
        delivered = {state for state in ("requested", word) if hub.get((sink, task, state)) == "delivered"}
        if delivered != set(has):
            yield f"{sink} has {list(has)} where the hub says {sorted(delivered)}"
