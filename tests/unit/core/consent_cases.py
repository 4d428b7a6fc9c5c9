"""Histories, drawn from whole numbers: signatures, blocks, withdrawals, custody changes, birthdays, ends. Plain values.

The instants lie where rules change (birthdays, the edges of periods, both clock changes) and a second to each side of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.unit.core.consent_table import Asked, Consent

SWEDEN = ZoneInfo("Europe/Stockholm")
LARGEST = 2**24 - 1
MUNICIPALITIES = ("norrkoping", "sigtuna", "vallentuna", "sig-pilot", "invented")
OFTEN = (*MUNICIPALITIES, "invented", "invented", "invented")
ROLES = ("guardian_1", "guardian_2", "youth", "special_guardian", "god_man", "social_services")
CUSTODY = (
    {"guardian_1", "guardian_2"}, {"guardian_1", "guardian_2"}, {"guardian_1", "guardian_2"}, {"guardian_1"}, {"guardian_2"},
    {"special_guardian"}, {"god_man"}, {"social_services"}, {"guardian_1", "youth"}, {"guardian_1", "god_man"},
)  # fmt: skip
BORN = (
    date(2009, 10, 26), date(2008, 2, 29), date(2007, 3, 30), date(2012, 2, 29), date(2010, 6, 1), date(2007, 10, 26),
    date(2014, 9, 1), date(2015, 4, 1), date(2008, 3, 1), date(2005, 7, 1), date(2001, 1, 1), date(2006, 2, 28),
    date(2009, 3, 29), date(2011, 1, 31), date(2004, 5, 5), date(2000, 2, 29), date(2013, 4, 1), date(2016, 6, 6),
    date(2012, 11, 1), date(2010, 3, 28), date(2011, 8, 8), date(2012, 1, 10), date(2010, 12, 24), date(2013, 1, 1),
)  # fmt: skip
FIRST_DAY = date(2025, 1, 10)
AGENCIES, RECIPIENTS = ("school", "police", "leisure"), ("outreach", "sspf", "sig")
KINDS = ("school_absence", "police_notice", "risk_event")


class Digits:
    """Takes a number apart, so that one draw makes one thing and shrinks with it; small numbers are as varied as large."""

    def __init__(self, number: int) -> None:
        self.number = number * 0x9E3779B1 % (LARGEST + 1)

    def below(self, size: int) -> int:
        self.number, digit = divmod(self.number, size)
        return digit


@dataclass(frozen=True)
class Case:
    """A youth, her consents, and what is asked at which present."""

    municipality: str
    born: date
    consents: list[Consent]
    questions: list[tuple[Asked, datetime]]


def swedish(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=SWEDEN).astimezone(UTC)


def birthdays(born: date) -> list[date]:
    found = []
    for age in (10, 13, 15, 16, 17, 18, 19, 20, 21, 22, 26):
        year = born.year + age
        leap = (born.month, born.day) == (2, 29) and year % 4 != 0
        found.append(date(year, 2, 28) if leap else date(year, born.month, born.day))
    return found


def instants(born: date) -> list[datetime]:
    """The instants that a case's facts and questions are drawn from."""
    days = [day for day in birthdays(born) if date(2025, 1, 1) < day < date(2028, 6, 1)]
    days += [date(2025, 10, 26), date(2026, 3, 29), date(2026, 9, 1), date(2027, 3, 28)]
    days += [date(2028, 2, 29), date(2026, 3, 1), date(2026, 2, 28)]
    edges = [swedish(day) + timedelta(seconds=away) for day in days for away in (-1, 0, 1)]
    return sorted(edges + [swedish(FIRST_DAY) + timedelta(days=37 * step, hours=9) for step in range(30)])


def make_case(youth: int, consents: Iterable[tuple[int, list[int]]], questions: Iterable[int]) -> Case:
    """A case from the numbers that were drawn."""
    digits = Digits(youth)
    born = BORN[digits.below(len(BORN))]
    municipality = OFTEN[digits.below(len(OFTEN))]
    choice = instants(born)
    made = [_consent(place, head, facts, born, choice) for place, (head, facts) in enumerate(consents)]
    asked = [_question(number, made, choice) for number in questions]
    return Case(municipality, born, made, [*asked, *_afterwards(made), *_before_a_birthday(born, made)])


def _afterwards(consents: list[Consent]) -> list[tuple[Asked, datetime]]:
    """Of what happened while something stood, asked a day after the last signature: at most three."""
    found = []
    for consent in consents:
        signed = [at for at, kind, _what in consent.facts if kind == "signed"]
        for at, kind, what in consent.facts if signed else ():
            if kind in {"blocked", "halted", "barred"}:
                then = (what[0] if kind == "barred" else at) + timedelta(minutes=10)
                question = Asked("correlate", "police", None, min(consent.kinds), None, then)
                found.append((question, signed[-1] + timedelta(days=1)))
    return found[:3]


def _before_a_birthday(born: date, consents: list[Consent]) -> list[tuple[Asked, datetime]]:
    """Of what happened the day before, asked a minute after the first signature of the youth since: at most one."""
    for consent in consents:
        signed = [at for at, kind, what in consent.facts if (kind, what) == ("signed", "youth")]
        for birth in map(swedish, birthdays(born)):
            since = [at for at in signed if at >= birth and consent.facts[0][0] < birth]
            if since:
                question = Asked("correlate", "police", None, min(consent.kinds), None, birth - timedelta(hours=9))
                return [(question, since[0] + timedelta(minutes=1))]
    return []


def _consent(place: int, head: int, facts: list[int], born: date, choice: list[datetime]) -> Consent:
    digits = Digits(head)
    registered = choice[digits.below(len(choice) // 2)]
    adult = registered >= swedish(birthdays(born)[5])  # 18
    if digits.below(16) == 0:
        adult = not adult
    roles = frozenset({"youth"} if adult else CUSTODY[digits.below(len(CUSTODY))])
    cooperation = "sig" if digits.below(3) == 0 else "sspf"
    begins = registered + timedelta(days=(0, 0, 0, -90, 40)[digits.below(5)], hours=digits.below(3) - 1)
    length = (365, 365, 200, 700, 700)[digits.below(5)]
    earlier = digits.below(3) == 0
    told = _facts(facts, roles, registered, choice)
    if earlier and head % 4:
        stopped = _stopped_before_signed(Digits(LARGEST - head), roles, registered)
        told = sorted([*told, *stopped], key=lambda fact: fact[0])
    return Consent(
        scope=f"00000000-0000-4000-8000-00000000000{place}",
        cooperation=cooperation,
        agencies=frozenset(AGENCIES[: 2 + place % 2]),
        recipients=frozenset({"sig"} if cooperation == "sig" else {"outreach", "sspf"}),
        kinds=frozenset(KINDS[: 2 + place % 2]),
        begins=begins,
        ends=swedish((begins + timedelta(days=length)).astimezone(SWEDEN).date()),
        earlier=earlier,
        facts=((registered, "registered", ("adult" if adult else "child", roles)), *told),
    )


def _facts(numbers: list[int], roles: frozenset[str], registered: datetime, choice: list[datetime]) -> list[tuple]:
    later = [instant for instant in choice if instant >= registered]
    told: list[tuple[datetime, str, object]] = []
    custody = roles
    for number in numbers:
        digits = Digits(number)
        kind, role = digits.below(15), ROLES[digits.below(len(ROLES))]
        at = later[min(digits.below(len(later)), digits.below(len(later)))]  # rather early: much is to come after it
        some = digits.below(4)
        if kind <= 4:  # all who must by custody, and perhaps the youth
            told += [(at, "signed", name) for name in sorted(custody | ({"youth"} if some > 1 else set()))]
        elif kind == 9 and some == 3:
            told.append((at, "again", None))
        elif kind == 9:
            custody = frozenset(CUSTODY[digits.below(len(CUSTODY))])
            told.append((at, "custody", custody))
        elif kind == 14:  # what another history of hers tells this one
            until = at - timedelta(days=(0, 0, 10, 40)[digits.below(4)])
            told.append((at, "barred", (until - timedelta(days=(10, 60, 200, 400)[some]), until)))
        else:
            until = later[digits.below(len(later))]
            told += [(at, *said) for said in _said((kind, some), role, min(custody), until, number % 3)]
    return list(_the_same_again(roles, sorted(told, key=lambda fact: fact[0])))


def _the_same_again(roles: frozenset[str], told: list[tuple]) -> Iterator[tuple]:
    """Who signs again are those who had to just then; no form for adults knows that."""
    custody = roles
    for at, kind, what in told:
        custody = what if kind == "custody" else custody
        if kind != "again":
            yield at, kind, what
        elif custody != {"youth"}:
            yield at, kind, custody


def _stopped_before_signed(digits: Digits, roles: frozenset[str], registered: datetime) -> list[tuple]:
    """A block or a halt that is over when all sign: what a form that includes earlier time must not pull in."""
    begun, lifted, signed = (registered + timedelta(days=first + digits.below(20), hours=1) for first in (1, 30, 55))
    stop, go_on, by = (("blocked", "unblocked", "youth"), ("halted", "resumed", None))[digits.below(2)]
    signatures = [(signed, "signed", name) for name in sorted(roles | {"youth"})]
    return [(begun, stop, by), (lifted, go_on, by), *signatures]


def _said(draw: tuple[int, int], role: str, holder: str, until: datetime, end: int) -> list[tuple]:
    kind, some = draw
    less = {"agencies": None, "recipients": None, "kinds": None, "until": None}
    narrower = (
        {"agencies": frozenset({"police"})}, {"kinds": frozenset({"school_absence"})},
        {"recipients": frozenset({"sspf", "sig"})}, {"until": until},
    )  # fmt: skip
    likely = "youth" if some < 2 else holder
    choices = {
        5: ("signed", role),
        6: ("declined", holder if some else "youth"),
        7: ("blocked", likely),
        8: ("unblocked", likely),
        10: ("narrowed", less | narrower[some]),
        11: ("withdrawn", (None, role, holder, "youth")[some]),
        12: ("blocked" if some < 2 else "declined", role),
    }
    if kind in choices:
        return [choices[kind]]
    if some > 1:
        return [("halted" if some == 2 else "resumed", None)]
    return [("ended", ("expired", "lapsed_at_18", "outgrown")[end])] if some == 0 else []


def _question(number: int, consents: list[Consent], choice: list[datetime]) -> tuple[Asked, datetime]:
    digits = Digits(number)
    facts = [fact[0] for consent in consents for fact in consent.facts] + [consent.ends for consent in consents]
    near = sorted(facts) if facts and digits.below(2) else choice
    now = near[digits.below(len(near))] + timedelta(seconds=digits.below(3) - 1)
    correlate = digits.below(2) == 0
    usual = digits.below(4) > 0
    source, kind = ("police", "police_notice") if usual else (AGENCIES[digits.below(3)], KINDS[digits.below(3)])
    if correlate:
        just_after = (facts or choice)[digits.below(len(facts or choice))] + timedelta(minutes=10)
        at = (now, choice[digits.below(len(choice))], just_after)[digits.below(3)]
        return Asked("correlate", source, None, kind, None, at), now
    named = consents[digits.below(len(consents))].cooperation if consents else "sspf"
    recipient = named if usual else (*RECIPIENTS, "nobody", None)[digits.below(5)]
    cooperation = (None, None, "sspf", "sig")[digits.below(4)] if not usual else None
    if digits.below(4) == 0:
        source, kind = None, None
    return Asked(("deliver", "open")[digits.below(2)], source, recipient, kind, cooperation, now), now
