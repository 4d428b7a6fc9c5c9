"""An inbox with a task in every state, and the pages over it: what unit tests ask and what a browser is shown."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any

from nacl.public import PrivateKey
from sqlalchemy import Engine

from hub.access.accounts import Accounts
from hub.access.attempts import Attempts
from hub.access.codes import Codes, issue_code
from hub.access.four_eyes import FourEyes
from hub.access.roles import Principal, Role
from hub.access.sessions import Sessions
from hub.audit.entries import Actor, Entry
from hub.audit.log import AuditLog
from hub.audit.sealed import SealedVault
from hub.beats import Beats
from hub.bootstrap import build_delivery_engine
from hub.bootstrap_cases import reference_inside
from hub.cases.contacts import Contacts
from hub.cases.orders import Orders
from hub.cases.results import Results
from hub.cases.store import Cases
from hub.cases.views import CaseSeal
from hub.cases.withdrawing import GO_WITH_CONSENT
from hub.clock import Clock, ManualClock
from hub.contract.codec import Codec
from hub.contract.ids import new_youth_ref, task_id
from hub.contract.models import (
    Action,
    ConsentRecord,
    ConsentStatus,
    Cooperation,
    Evidence,
    EvidenceEvent,
    InfoKind,
    Message,
    PlaceCategory,
    PlaceEvent,
    PlaceKind,
    PresenceTask,
    Priority,
    ReferralTask,
    Scope,
)
from hub.contract.topics import CONSENTS, PRESENCE_TASKS, TASKS_OUTREACH, TASKS_SIG, Topic
from hub.core.rule_sense import Town
from hub.database import build_engine
from hub.dead_letters.box import TopicLetterBox, TopicPorts
from hub.dead_letters.pauses import Board, MemoryBoard
from hub.dead_letters.store import SettledLetters
from hub.delivery.answering import Answering
from hub.delivery.clocks import Clocks
from hub.delivery.inbox import Inbox
from hub.delivery.notes import Notes, NoteSeal
from hub.delivery.sink_desk import SinkDesk
from hub.delivery.worklist import Worklist
from hub.errors import ConfigError, RetriableError
from hub.installation import load_agencies, load_places, load_teams
from hub.kafka import Incoming
from hub.presence.desk import open_presence
from hub.registry.casework import Casework
from hub.registry.registry import Registry
from hub.registry.relay import Relay
from hub.registry.revealing import Revealing
from hub.registry.rule_sets import RuleSets
from hub.resources import defaults_folder
from hub.rules_file import Surroundings, check_kept, load_rules
from hub.settings import Settings
from hub.web.app import Web, build_web
from hub.web.cases.office import CaseOffice
from hub.web.consents.office import Office, opened_once
from hub.web.operations.console import Console
from hub.web.orders.office import OrderOffice
from hub.web.presenting import Presenter
from hub.web.principal import Login
from hub.web.rules.shown import RulesShown
from tests.prepared import prepare
from tests.unit.coding.make import CodingPlace
from tests.unit.registry.support import Installation
from tests.unit.web.held import HeldThere
from tests.unit.web.lanes.make import Lanes
from tests.unit.web.observations.make import ListIntake, make_observing

NOW = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)  # Monday 07.30 in Stockholm
KEY = b"k" * 32
SCOPE = "11111111-1111-4111-8111-111111111111"


def member(name: str, *teams: str) -> Principal:
    """A member of teams; the account's id is opaque, as the audit log demands."""
    return Principal(f"account-{name.encode().hex()}", name, {Role.TEAM_MEMBER: frozenset(teams)})


def officer(name: str, *teams: str) -> Principal:
    """A consent officer of teams."""
    return Principal(f"account-{name.encode().hex()}", name, {Role.CONSENT_OFFICER: frozenset(teams)})


EVERYBODY = member("Handläggare", "outreach", "sig", "sspf")
_FILLED: dict[datetime, tuple[bytes, dict[str, str], dict[str, int]]] = {}
_RULES = {
    "absence-alone": ("school_attendance", "outreach", "sspf", Priority.NORMAL, ["unexcused_absence"]),
    "absence-and-notice": ("individual_support", "outreach", "sspf", Priority.HIGH, ["unexcused_absence", "notice"]),
    "repeated-observations": ("outreach_contact", "outreach", "sspf", Priority.NORMAL, ["observations", "observation_days"]),
    "repeated-notices": ("sig_assessment", "sig", "sig", Priority.HIGH, ["notice"]),
}
_EVIDENCE = {
    "unexcused_absence": (InfoKind.SCHOOL_ABSENCE, "minutes", 480, 560, "minutes"),
    "notice": (InfoKind.POLICE_NOTICE, "count", 1, 2, "events"),
    "observations": (InfoKind.RISK_EVENT, "count", 3, 4, "events"),
    "observation_days": (InfoKind.RISK_EVENT, "distinct_days", 2, 3, "days"),
}


def make_consent(ref: str, team: str, *, withdrawn: bool = False) -> ConsentRecord:
    scope = Scope(
        scope_id=SCOPE, cooperation=Cooperation(team) if team == "sig" else Cooperation.SSPF, agencies=("school-norrkoping",), recipients=(team,),
        kinds=tuple(InfoKind), valid_from=NOW - timedelta(days=90), valid_to=NOW + timedelta(days=90),
    )  # fmt: skip
    return ConsentRecord(
        youth_ref=ref, version=2 if withdrawn else 1, status=ConsentStatus.WITHDRAWN if withdrawn else ConsentStatus.IN_FORCE,
        age_years=None if withdrawn else 14, age_valid_until=None, area=None, legal_basis="consent",
        scopes=() if withdrawn else (scope,), recorded_at=NOW - timedelta(days=90),
    )  # fmt: skip


def make_evidence(condition: str) -> Evidence:
    kind, measure, at_least, met, unit = _EVIDENCE[condition]
    times = (NOW - timedelta(days=25), NOW - timedelta(days=9))
    return Evidence(
        condition=condition, kind=kind, measure=measure, at_least=at_least, met=met, unit=unit, window_days=28,
        first_at=times[0], last_at=times[1], agencies=("school-norrkoping",), may_tell_youth=kind is not InfoKind.POLICE_NOTICE,
        events=tuple(EvidenceEvent(kind=kind, occurred_at=at, agency="school-norrkoping") for at in times), older_events=2,
    )  # fmt: skip


def make_task(rule: str, *, created: datetime, days: int, ref: str | None = None, team: str | None = None) -> ReferralTask:
    function, usual, cooperation, priority, conditions = _RULES[rule]
    ref = ref or new_youth_ref()
    return ReferralTask(
        action=Action.OPEN, task_id=task_id(ref, rule, "opening"), youth_ref=ref, rule_id=rule, rules_version="2025.1",
        team=team or usual, function="seek_sig_consent" if team == "sspf" else function, cooperation=Cooperation.SSPF if team == "sspf" else cooperation,
        priority=priority, created_at=created, respond_by=created + timedelta(days=days),
        evidence=tuple(make_evidence(condition) for condition in conditions), consent_version=1, scope_id=SCOPE,
        area="0581-hageby", age_years=14,
    )  # fmt: skip


def make_planned(number: int = 1, **changes: object) -> PlaceEvent:
    """A gathering in Hageby on Friday evening, 20.00 to 23.00 in Stockholm, as a connector of plans tells of it."""
    told = PlaceEvent(
        area="0581-hageby", event_id=f"e{number:040x}", revision=1, retracted=False, agency="calendars-public", connector="planned",
        occurred_at=datetime(2025, 5, 23, 18, 0, tzinfo=UTC), ends_at=datetime(2025, 5, 23, 21, 0, tzinfo=UTC), recorded_at=NOW,
        kind=PlaceKind.PLANNED_EVENT, category=PlaceCategory.GATHERING, incidents=1,
    )  # fmt: skip
    return told.model_copy(update=changes)


def make_presence(created: datetime) -> PresenceTask:
    return PresenceTask(
        action=Action.OPEN, task_id=task_id("0581-navestad", "place-presence", "opening"), area="0581-navestad",
        rule_id="place-presence", rules_version="2025.1", week="2025-W20", created_at=created, incidents=6, at_least=5,
        window_days=7, categories=(PlaceCategory.VANDALISM,), first_at=created - timedelta(days=5), last_at=created,
    )  # fmt: skip


class Trail:
    """An audit log that is a list; `broken` as long as it cannot be written."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.broken = False

    def append(self, entry: Entry) -> int:
        if self.broken:
            raise RetriableError("no space", code="audit")
        self.entries.append(entry)
        return len(self.entries)

    def told(self) -> list[tuple[str, str, str]]:
        """(action, outcome, rule) of each."""
        return [(entry.action.value, entry.outcome.value, entry.rule) for entry in self.entries]


class Metronome:
    """Beats that cost no time: each look at the clock is `slow` seconds later, and `answered` says when each answer came.

    No beat comes until `free` is set.
    """

    def __init__(self) -> None:
        self.slow = 0.1
        self.free = threading.Event()
        self.free.set()
        self.answered: list[float] = []
        self._now, self._begun = 0.0, 0.0

    def ticks(self) -> float:
        self._begun, self._now = self._now, self._now + self.slow
        return self._now

    async def pause(self, seconds: float) -> None:
        if not self.free.is_set():
            await asyncio.to_thread(self.free.wait)
        self._now += seconds
        self.answered.append(round(self._now - self._begun, 6))


def make_rules_shown() -> RulesShown:
    """The shipped rules, as where nothing is in force yet."""
    return RulesShown(list, lambda: load_rules(defaults_folder() / "rules"))


def make_office(town: PagesTown) -> Office:
    """The consent office of the shipped installation, over the town's registry."""
    defaults = defaults_folder()
    places = load_places(defaults)
    return Office(
        casework=opened_once(lambda: Casework(town.consents.registry, town.audit)),
        audit=town.audit,
        teams=load_teams(defaults),
        agencies=load_agencies(defaults),
        places=places,
        rules_shown=make_rules_shown(),
        held=town.held.looking,
        unit="Norrköpings kommun",
        municipality="0581",
        retention_days=120,
    )


def make_revealing(town: PagesTown) -> Revealing:
    """What opens identities of the town's registry, inside the tasks of its inbox."""
    inside = reference_inside(town.worklist, town.cases.cases)
    return Revealing(town.consents.registry, town.audit, town.four_eyes, inside)


def make_console(settings: Settings, clock: Clock, **parts: Any) -> Console:
    """An operator's console over an installation; no dead letter stands on its topics, and nothing can be redriven."""

    def topics(found: Settings) -> TopicLetterBox:
        return TopicLetterBox(SettledLetters(found), clock, TopicPorts(list, nullcontext))

    def board(_settings: Settings) -> Board:
        return MemoryBoard()

    @cache
    def engine() -> Engine:
        return build_delivery_engine(settings)

    def sinks(found: Settings, trail: Any) -> SinkDesk:
        return SinkDesk(engine(), found.sinks, clock, trail)

    def nobody(name: str) -> Any:
        raise ConfigError(f"nothing redrives {name} here", code="no_runner")

    return Console(
        **(
            {"load": lambda: settings, "clock": clock, "build_runner": nobody, "build_topics": topics, "build_board": board}
            | {"build_sinks": sinks}
            | parts
        )
    )


class PagesTown:
    """The inbox of one installation and its pages. `tasks` are the numbers of the tasks by what became of them."""

    def __init__(self, folder: Path, *, now: datetime = NOW, build_console: Callable[[Clock], Console] | None = None) -> None:
        self.folder = folder
        self.clock = ManualClock(now)
        self.engine = build_engine(prepare(f"sqlite:///{folder / 'delivery.db'}", "delivery/migrations", "cases/migrations"))
        self._codec = Codec.load()
        self._inbox = Inbox(self.engine, self._codec, self.clock, others=GO_WITH_CONSENT)
        self._offsets: dict[str, int] = {}
        self.worklist = Worklist(self.engine, self.clock)
        self.answering = Answering(
            self.engine,
            lambda: self._codec,
            self.clock,
            stale=lambda: False,
            follow_up=Clocks(load_teams(defaults_folder())).follow_up,
        )
        results = Results(self.engine, KEY, self.clock)
        cases = Cases(self.engine, lambda: self._codec, CaseSeal(KEY), self.clock, results, stale=lambda: False)
        self.cases = CaseOffice(cases, results, 28)
        contacts = Contacts(self.engine, KEY, self.clock, kept=timedelta(days=30))
        self.orders = OrderOffice(Orders(self.engine, self.clock), contacts, 30)
        self.notes = Notes(self.engine, NoteSeal(KEY), self.clock, stale=lambda: False)
        self.audit = AuditLog(build_engine(prepare(f"sqlite:///{folder / 'audit.db'}", "audit/migrations")), KEY, self.clock)
        self.trail = Trail()
        self.access = build_engine(prepare(f"sqlite:///{folder / 'access.db'}", "access/migrations"))
        self.sessions = Sessions(
            self.access, self.clock, longest=timedelta(hours=8), idle=timedelta(minutes=30), recheck=timedelta(minutes=20)
        )
        self.accounts = Accounts(self.access, self.trail, self.clock, Attempts(self.access, KEY, self.clock))
        self.four_eyes = FourEyes(
            self.access, self.trail, self.clock, approve_within=timedelta(hours=72), use_within=timedelta(hours=4)
        )
        self.tasks: dict[str, str] = {}
        self.intake = ListIntake()
        self.metronome = Metronome()
        self.held = HeldThere()
        defaults = defaults_folder()
        self.surroundings = Surroundings(
            load_teams(defaults), Town({code: frozenset(one.kinds) for code, one in load_agencies(defaults).items()})
        )
        self.web = Web(
            worklist=self.worklist,
            answering=self.answering,
            notes=self.notes,
            teams=load_teams(defaults),
            login=Login(self.sessions, self.trail, Codes(KEY, self.access), self.accounts),
            four_eyes=self.four_eyes,
            presenter=Presenter(
                make_rules_shown(), load_places(defaults), {code: one.title for code, one in load_agencies(defaults).items()}
            ),
            audit=self.audit,
            clock=self.clock,
            url="http://127.0.0.1:8700",
            default_language="sv",
            office=make_office(self),
            sealed=opened_once(lambda: SealedVault(self.audit, bytes(PrivateKey(KEY).public_key))),
            revealing=opened_once(lambda: make_revealing(self)),
            console=opened_once(partial(build_console or partial(make_console, Settings(home=folder / "home")), self.clock)),
            casework=self.cases,
            orders=self.orders,
            notices=lambda: self.coding.desk,
            presence=opened_once(lambda: open_presence(self.engine, self.clock, KEY, Attempts(self.access, KEY, self.clock))),
            reports=lambda: self.lanes.reports,
            cases=lambda: self.lanes.cases,
            receivers={"reception": "Mottagningen", "jouren": "Socialjouren"},
            observing=make_observing(self.intake),
            beats=Beats(1.0, self.metronome.ticks, self.metronome.pause),
            rules=self.rule_sets,
            fits=lambda rules, rule: check_kept(rules, self.surroundings, only=rule),
        )
        self.app = build_web(self.web)

    def rule_sets(self, actor: Actor) -> RuleSets:
        """The rules of this town's registry; what its pages name is read from the shipped files."""
        return RuleSets(self.consents.registry, self.audit, actor, 4)

    @cached_property
    def coding(self) -> CodingPlace:
        """Where notices without a code wait; made when a page first needs it."""
        return CodingPlace(self.folder, self.clock, self.audit)

    @cached_property
    def lanes(self) -> Lanes:
        """The statutory and the manual lane's stores and desks; made when a page first needs them."""
        return Lanes(self.folder / "lanes", self.clock, self.audit)

    @cached_property
    def consents(self) -> Installation:
        """The registry, by this town's clock; made when a page first needs it."""
        home = Installation(self.folder)
        home.clock = self.clock
        home.registry = Registry(home.engine, home.tools, home.registry.rules, self.clock)
        home.relay = Relay(home.registry, home.kafka, home.stop)
        return home

    def close(self) -> None:
        if "coding" in vars(self):
            self.coding.close()
        if "consents" in vars(self):
            self.consents.close()
        self.engine.dispose()
        self.audit.close()
        self.access.dispose()

    def code(self, principal: Principal = EVERYBODY) -> str:
        return issue_code(KEY, principal)

    def take(self, topic: Topic, key: str, message: Message) -> None:
        offset = self._offsets.get(topic.name, 0)
        self._offsets[topic.name] = offset + 1
        self._inbox.take([Incoming(topic.name, 0, offset, key.encode(), self._codec.encode(topic, message), (), 0)])

    def add(self, name: str, task: ReferralTask, *, consent: bool = True) -> ReferralTask:
        """A task comes in at the instant it was created."""
        at = self.clock.now()
        self.clock.set(task.created_at)
        if consent:
            self.take(CONSENTS, task.youth_ref, make_consent(task.youth_ref, task.team))
        self.take(TASKS_SIG if task.team == "sig" else TASKS_OUTREACH, task.youth_ref, task)
        self.clock.set(at)
        self.tasks[name] = task.task_id
        return task

    def lose_ground(self, task: ReferralTask) -> None:
        topic = TASKS_SIG if task.team == "sig" else TASKS_OUTREACH
        self.take(topic, task.youth_ref, task.model_copy(update={"action": Action.GROUND_LOST}))

    def withdraw(self, task: ReferralTask) -> None:
        self.take(CONSENTS, task.youth_ref, make_consent(task.youth_ref, task.team, withdrawn=True))

    def fill(self) -> PagesTown:
        """A task in every state that there is; what was never touched is filled as the first of its hour was."""
        now, untouched = self.clock.now(), not self._offsets
        kept = _FILLED.get(now) if untouched else None
        self.engine.dispose()
        file = self.folder / "delivery.db"
        if kept is not None:
            content, self.tasks, self._offsets = kept[0], dict(kept[1]), dict(kept[2])
            file.write_bytes(content)
            return self
        self._fill()
        if untouched:
            self.engine.dispose()  # the last to leave empties SQLite's log into the file
            _FILLED[now] = (file.read_bytes(), dict(self.tasks), dict(self._offsets))
        return self

    def _fill(self) -> None:
        now = self.clock.now()
        self.add("late", make_task("absence-alone", created=now - timedelta(days=7, hours=3), days=5))
        self.add("soon", make_task("absence-and-notice", created=now - timedelta(days=1, hours=12), days=2))
        self.add("fine", make_task("repeated-observations", created=now - timedelta(hours=2), days=5))
        self.add("hidden", make_task("absence-alone", created=now - timedelta(days=1), days=5), consent=False)
        annotated = self.add("annotated", make_task("absence-alone", created=now - timedelta(days=2), days=5))
        self.worklist.open_task(annotated.task_id, "outreach")
        self.lose_ground(annotated)
        self.withdraw(self.add("cancelled", make_task("absence-and-notice", created=now - timedelta(days=3), days=2)))
        self.lose_ground(self.add("recalled", make_task("repeated-observations", created=now - timedelta(days=4), days=5)))
        self.add("sig", make_task("repeated-notices", created=now - timedelta(hours=1), days=2))
        asked = make_task("repeated-notices", created=now - timedelta(days=2, hours=17, minutes=10), days=5, team="sspf")
        self.lose_ground(self.add("sspf", asked))
        presence = make_presence(now - timedelta(hours=5))  # on a Monday: its week is over, so it has this one
        self.clock.set(presence.created_at)
        self.take(PRESENCE_TASKS, presence.area, presence)
        self.clock.set(now)
        self.tasks["presence"] = presence.task_id

    def path(self, name: str) -> str:
        """Where a task's page is."""
        team = name if name in {"sig", "sspf"} else "outreach"
        return f"/team/{team}/task/{self.tasks[name]}"
