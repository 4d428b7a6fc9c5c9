"""Judges histories by the tables of `consent_law`. Slow on purpose; what it has answered once of a consent it remembers.

Independent of what it judges: it imports nothing of the hub and knows histories as plain values. Nothing is carried from one
moment to the next: every cell asks the whole history again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.unit.core.consent_law import COVERS, ENDS, MUNICIPALITIES, OPEN, QUESTION, STANDS

SWEDEN = ZoneInfo("Europe/Stockholm")

Row = tuple[tuple[str, ...], str]
Step = tuple[datetime, int]
"""An instant and the place of a fact in its history; -1 is what the clock does, which comes first."""


def rows_of(table: str) -> list[Row]:
    """The rows of a decision table, without its head."""
    rows = []
    for line in table.strip().splitlines()[1:]:
        cells, _, outcome = line.partition("->")
        rows.append((tuple(cell.strip() for cell in cells.split("|")), outcome.strip()))
    return rows


def read(rows: list[Row], cells: list[str]) -> str:
    """The outcome of the first row that fits, `no row` when none does."""
    fitting = (outcome for row, outcome in rows if all(want in {"-", cell} for want, cell in zip(row, cells, strict=True)))
    return next(fitting, "no row")


def yes(fact: object) -> str:
    return "yes" if fact else "no"


@dataclass(frozen=True)
class Consent:
    """One consent. `facts` are (instant, kind, what); the first is `registered` with (form, roles)."""

    scope: str
    cooperation: str
    agencies: frozenset[str]
    recipients: frozenset[str]
    kinds: frozenset[str]
    begins: datetime
    ends: datetime
    earlier: bool
    facts: tuple[tuple[datetime, str, Any], ...]


@dataclass(frozen=True)
class Asked:
    purpose: str
    source: str | None
    recipient: str | None
    kind: str | None
    cooperation: str | None
    at: datetime


@dataclass
class Tables:
    """A set of tables, and an adult age; a mutant differs from the published one in one place."""

    municipalities: list[list[str]] = field(
        default_factory=lambda: [[cell.strip() for cell in line.split("|")] for line in MUNICIPALITIES.strip().splitlines()[1:]]
    )
    ends: list[Row] = field(default_factory=lambda: rows_of(ENDS))
    open: list[Row] = field(default_factory=lambda: rows_of(OPEN))
    stands: list[Row] = field(default_factory=lambda: rows_of(STANDS))
    covers: list[Row] = field(default_factory=lambda: rows_of(COVERS))
    question: list[Row] = field(default_factory=lambda: rows_of(QUESTION))
    published: list[str] = field(default_factory=lambda: [outcome for _cells, outcome in rows_of(QUESTION)])
    adult: int = 18

    def look(self, municipality: str, born: date, consents: list[Consent]) -> list[Look]:
        """Somebody's consents, to be asked about."""
        return [Look(self, municipality, born, one) for one in consents]

    def decide(self, looks: list[Look], asked: Asked, now: datetime) -> tuple[str, str | None]:
        """The rule that decides a question at `now`, and the scope it speaks of."""
        registered = [look for look in looks if look.consent.facts[0][0] <= now]
        if not registered:
            return "no_consent", None
        rules = [look.rule(now) for look in registered]
        answers = []
        for place, look in enumerate(registered):
            others = "in_force" in rules[:place] + rules[place + 1 :]
            answers.append((look.answer(asked, now, others=others), look.consent.scope))
        depth = [self._depth(answer) for answer, _scope in answers]
        return answers[depth.index(max(depth))]

    def _depth(self, rule: str) -> int:
        """How far down the question's table a rule stands; a consent's own rule stands where `its rule` does."""
        return self.published.index(rule if rule in self.published else "its rule")


@dataclass
class Look:
    """One consent, asked again and again."""

    tables: Tables
    municipality: str
    born: date
    consent: Consent
    remembered: dict[Any, Any] = field(default_factory=dict)

    # -- the calendar

    def age(self, at: datetime) -> int:
        today = at.astimezone(SWEDEN).date()
        if today not in self.remembered:
            self.remembered[today] = sum(self._birthday(age) <= today for age in range(1, 40))
        return int(self.remembered[today])

    def _birthday(self, age: int) -> date:
        year = self.born.year + age
        leap = (self.born.month, self.born.day) == (2, 29) and not (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))
        return date(year, 2, 28) if leap else date(year, self.born.month, self.born.day)

    def law(self, at: datetime) -> list[str]:
        today = at.astimezone(SWEDEN).date().isoformat()
        rows = [row for row in self.tables.municipalities if row[0] == self.municipality and row[1] <= today]
        return max(rows, key=lambda row: row[1])

    # -- the order of things

    def steps(self, until: datetime) -> list[Step]:
        """Every fact, and every midnight at which a birthday, a new law or an end could fall, from the registration on."""
        if "steps" not in self.remembered:
            self.remembered["steps"] = self._all_steps()
        if ("until", until) not in self.remembered:
            self.remembered["until", until] = [step for step in self.remembered["steps"] if step[0] <= until]
        return list(self.remembered["until", until])

    def _all_steps(self) -> list[Step]:
        begun = self.consent.facts[0][0]
        facts = [(at, place) for place, (at, _kind, _what) in enumerate(self.consent.facts)]
        days = {self._birthday(age) for age in range(40)} | {date.fromisoformat(row[1]) for row in self.tables.municipalities}
        clocks = {datetime(day.year, day.month, day.day, tzinfo=SWEDEN).astimezone(UTC) for day in days}
        clocks |= {self.consent.ends} | {what["until"] for _at, kind, what in self.consent.facts if kind == "narrowed"} - {None}
        ticks = [(clock, -1) for clock in clocks if clock > begun]
        return sorted([*facts, *ticks])

    def known(self, step: Step) -> list[tuple[int, datetime, str, Any]]:
        """The facts up to and with a step."""
        at, place = step
        if ("known", step) not in self.remembered:
            self.remembered["known", step] = [
                (number, when, kind, what)
                for number, (when, kind, what) in enumerate(self.consent.facts)
                if when < at or (when == at and number <= place)
            ]
        return list(self.remembered["known", step])

    # -- the questions in the tables' heads

    def roles(self, step: Step) -> set[str]:
        """Who must sign at a step."""
        if ("roles", step) not in self.remembered:
            self.remembered["roles", step] = self._roles(step)
        return set(self.remembered["roles", step])

    def _roles(self, step: Step) -> set[str]:
        form, roles = self.consent.facts[0][2]
        if form == "adult":
            return set(roles) if self.age(step[0]) >= self.tables.adult else set()
        for _number, _when, kind, what in self.known(step):
            roles = what if kind == "custody" else roles
        return set(roles) | ({"youth"} if self.age(step[0]) >= int(self.law(step[0])[2]) else set())

    def round_begins(self, step: Step) -> int:
        """The place where all had to sign again last, custody changed or not; no form for adults knows one."""
        if self.consent.facts[0][2][0] == "adult":
            return 0
        return max([0] + [number for number, _when, kind, _what in self.known(step) if kind in {"custody", "again"}])

    def signed(self, role: str, step: Step) -> bool:
        """Signed in this round when she had to, and has not said no since."""
        said = [
            (number, kind)
            for number, when, kind, what in self.known(step)
            if number > self.round_begins(step)
            and what == role
            and (
                (kind == "signed" and role in self.roles((when, number)))
                or (kind == "declined" and (role in self.roles((when, number)) or self._signed_before(role, number, step)))
            )
        ]
        return bool(said) and said[-1][1] == "signed"

    def _signed_before(self, role: str, place: int, step: Step) -> bool:
        earlier = [one for one in self.known(step) if self.round_begins(step) < one[0] < place and one[3] == role]
        signatures = [one[0] for one in earlier if one[2] == "signed" and role in self.roles((one[1], one[0]))]
        return bool(signatures) and not any(one[2] == "declined" and one[0] > signatures[-1] for one in earlier)

    def said_no(self, step: Step) -> bool:
        """A signatory whose signature is needed has said no in this round and not signed since."""
        return any(self._last_word(role, step) == "declined" for role in self.roles(step))

    def _last_word(self, role: str, step: Step) -> str:
        words = [
            kind
            for number, when, kind, what in self.known(step)
            if number > self.round_begins(step)
            and kind in {"signed", "declined"}
            and what == role
            and (role in self.roles((when, number)) or (kind == "declined" and self._signed_before(role, number, step)))
        ]
        return words[-1] if words else ""

    def all_signed(self, step: Step) -> bool:
        """At some step of this round nobody's signature was missing."""
        key = ("all", step)
        if key not in self.remembered:
            begins = self.round_begins(step)
            here = [one for one in self.steps(step[0]) if one <= step and self.round_begins(one) == begins]
            self.remembered[key] = any(
                self.roles(one) and all(self.signed(role, one) for role in self.roles(one)) for one in here
            )
        return bool(self.remembered[key])

    def withdrawal(self, step: Step) -> bool:
        """The fact of this step is a signatory's withdrawal, one without a role, or her no to a complete consent."""
        at, place = step
        if place < 0:
            return False
        _at, kind, role = self.consent.facts[place]
        before = (at, place - 1) if place and self.consent.facts[place - 1][0] == at else (at, -1)
        if kind == "withdrawn":
            return role is None or role in self.roles(step) or self.signed(role, before)
        if kind != "declined":
            return False
        return (role in self.roles(step) or self.signed(role, before)) and self.all_signed(before)

    def blocked(self, step: Step) -> bool:
        """A block by the youth, or on a child's form by a guardian, whomever the form names: neither lifted by the same role nor
        ended by custody that was recorded as others'.
        """
        child, facts = self.consent.facts[0][2][0] == "child", self.known(step)
        for number, _when, kind, role in facts:
            if kind == "blocked" and (child or role == "youth"):
                later = [(said, what) for place, _at, said, what in facts if place > number]
                lifted = ("unblocked", role) in later
                taken = role != "youth" and any(said == "custody" and role not in what for said, what in later)
                if not (lifted or taken):
                    return True
        return False

    def halted(self, step: Step) -> bool:
        """The authority has stopped it and not let it go on since."""
        halts = [kind for _number, _when, kind, _what in self.known(step) if kind in {"halted", "resumed"}]
        return bool(halts) and halts[-1] == "halted"

    def ends(self, step: Step) -> datetime:
        """The end of the period as it is at a step."""
        narrowed = [what["until"] for _number, _when, kind, what in self.known(step) if kind == "narrowed"]
        return min([self.consent.ends, *(until for until in narrowed if until is not None)])

    def was_in_force(self, step: Step) -> bool:
        return any(self.open_rule(one) == "in_force" for one in self.steps(step[0]) if one < step)

    # -- the tables

    def end_rule(self, step: Step) -> str:
        if ("end", step) not in self.remembered:
            self.remembered["end", step] = self._end_rule(step)
        return str(self.remembered["end", step])

    def _end_rule(self, step: Step) -> str:
        form = self.consent.facts[0][2][0]
        law = self.law(step[0])
        last = int(law[4 if self.consent.cooperation == "sspf" else 5].split("-")[1])
        noted = [what for _number, _when, kind, what in self.known(step) if kind == "ended"]
        cells = [
            yes(self.withdrawal(step)),
            yes(form == "child" and self.age(step[0]) >= self.tables.adult),
            yes(self.age(step[0]) > last),
            yes(self.ends(step) <= step[0]),
            yes(noted),
        ]
        found = read(self.tables.ends, cells)
        return str(noted[0]) if found == "as noted" else found

    def open_rule(self, step: Step) -> str:
        key = ("open", step)
        if key not in self.remembered:
            law = self.law(step[0])
            lacking = law[3] == "suspend" and "youth" in self.roles(step) and not self.signed("youth", step)
            cells = [
                yes(self.blocked(step)),
                yes(self.all_signed(step)),
                yes(lacking),
                yes(self.said_no(step)),
            ]
            halted = yes(self.halted(step))
            early = read(self.tables.open, [*cells, "no", halted])
            late = read(self.tables.open, [*cells, "yes", halted])
            self.remembered[key] = early if early == late or not self.was_in_force(step) else late
        return str(self.remembered[key])

    def step_of_end(self, until: datetime) -> tuple[Step, str] | None:
        for step in self.steps(until):
            rule = self.end_rule(step)
            if rule != "no row":
                return step, rule
        return None

    def rule(self, now: datetime) -> str:
        """Why it stands where it does."""
        key = ("rule", now)
        if key not in self.remembered:
            end = self.step_of_end(now)
            self.remembered[key] = end[1] if end else self.open_rule(self.steps(now)[-1])
        return str(self.remembered[key])

    def in_force_at(self, at: datetime, now: datetime) -> bool:
        """Whether it was in force at an instant in the past."""
        return self.consent.facts[0][0] <= at <= now and self.rule(at) == "in_force"

    def covers(self, at: datetime, now: datetime) -> str:
        """Whether anything that happened at an instant may count, `yes` or `no`, by what is known now."""
        rule, force = self.rule(now), self.ever(now)
        then = self.steps(at)[-1:]  # none before it was registered
        barred = [what for _number, _when, kind, what in self.known(self.steps(now)[-1]) if kind == "barred"]
        cells = [
            yes(any(since <= at < until for since, until in barred)),
            yes(self.suspended_later_that_month(at, now)),
            yes(self.in_force_at(at, now)),
            yes(at > now and rule == "in_force"),
            yes(self.consent.earlier),
            yes(force and at < force[0][0]),
            yes(then and self.blocked(then[0])),
            yes(then and self.halted(then[0])),
        ]
        return read(self.tables.covers, cells)

    def suspended_later_that_month(self, at: datetime, now: datetime) -> bool:
        """By a birthday in the month of an instant, after it, of what was in force until then."""
        month = at.astimezone(SWEDEN).date().replace(day=1)
        days = [day for day in map(self._birthday, range(1, 40)) if day.replace(day=1) == month]
        births = [datetime(day.year, day.month, day.day, tzinfo=SWEDEN).astimezone(UTC) for day in days]
        return any(
            at < birth <= now
            and self.in_force_at(birth - timedelta(microseconds=1), now)
            and self.rule(birth) == "youth_must_sign"
            for birth in births
        )

    def ever(self, now: datetime) -> list[Step]:
        """The steps at which it was in force, up to now."""
        end = self.step_of_end(now)
        return [step for step in self.steps(now) if (end is None or step < end[0]) and self.open_rule(step) == "in_force"]

    def answer(self, asked: Asked, now: datetime, *, others: bool) -> str:
        """The rule of the question's table."""
        last = self.steps(now)[-1]
        agencies, recipients, kinds = (
            set(getattr(self.consent, name)).intersection(
                *(what[name] for _n, _w, kind, what in self.known(last) if kind == "narrowed" and what[name] is not None)
            )
            for name in ("agencies", "recipients", "kinds")
        )
        correlate = asked.purpose == "correlate"
        told = asked.cooperation or (asked.recipient if asked.recipient in {"sspf", "sig"} else None)
        rule, force = self.rule(now), self.ever(now)
        stands = read(self.tables.stands, [rule, yes(force), asked.purpose, yes(others)])
        cells = [
            yes(asked.source in agencies if asked.source or correlate else True),
            yes(asked.kind in kinds if asked.kind or correlate else True),
            yes(correlate or told in {None, self.consent.cooperation}),
            yes(recipients if correlate else asked.recipient in recipients),
            stands,
            yes(self.consent.begins <= asked.at < self.ends(last)),
            self.covers(asked.at, now),
        ]
        found = read(self.tables.question, cells)
        return rule if found == "its rule" else found
