"""What a condition asks, as plain Swedish and English. The numbers are the condition's own, the words those of `texts`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from hub.contract.models import Earlier, Evidence, Fallen, Followed, InfoKind, Narrowing
from hub.core.instants import stockholm_date, stockholm_minute, to_ms
from hub.core.narrowing_texts import AGAINST, BEFORE, FALLEN, FOLLOWERS, FOLLOWS, ONLY, WINDOWS
from hub.core.texts import CONDITIONS, MONTHS, PHRASES, UNITS, Language

__all__ = [
    "Asked", "amount", "asked_text", "capital", "date_text", "duration", "label_of", "narrowed", "number_of", "time_of_day",
    "when_text",
]  # fmt: skip

_SAME, _TWICE = 100, 200


@dataclass(frozen=True, slots=True)
class Asked:
    """What one condition asks: how much of what, in which window, and how that is narrowed."""

    condition: str
    kind: InfoKind | None
    unit: str
    at_least: int
    window_days: int
    narrowing: Narrowing | None = None

    @classmethod
    def by(cls, evidence: Evidence) -> Self:
        """What was asked of this evidence."""
        return cls(evidence.condition, evidence.kind, evidence.unit, evidence.at_least, evidence.window_days, evidence.narrowing)

    @property
    def lessons(self) -> bool:
        """Whether it counts lessons: an event of absence is of one."""
        return self.unit == "events" and self.kind is InfoKind.SCHOOL_ABSENCE


def asked_text(asked: Asked, language: Language, met: int | str | None = None) -> str:
    """The condition as part of a sentence, with the number that was found (or what is said in its place) and the number that it
    was held against. `met` None: without either.
    """
    phrase = PHRASES["lessons" if asked.lessons else asked.unit][language]
    text = phrase.format(at_least=_at_least(asked, language), label=label_of(asked, language), window=_window(asked, language))
    text = ", ".join([text, *_choosing(asked, language)])
    if met is not None:
        found = met if isinstance(met, str) else amount(met, asked.unit, language)
        text += PHRASES["here"][language].format(met=found)
    earlier = None if asked.narrowing is None else asked.narrowing.against_earlier
    fallen = None if asked.narrowing is None else asked.narrowing.fallen
    if fallen is not None:
        text += FALLEN["and"][language].format(left=_fallen(asked, fallen, language, told=met is not None))
    return text if earlier is None else text + BEFORE["and"][language] + _against(asked, earlier, language, told=met is not None)


def narrowed(asked: Asked, language: Language) -> tuple[str, ...]:
    """How the condition is narrowed, one phrase for each, for a table; empty where it is not."""
    narrowing = asked.narrowing
    if narrowing is None:
        return ()
    found = [_window(asked, language)] if narrowing.within_school_days is not None else []
    found += _choosing(asked, language)
    if narrowing.against_earlier is not None:
        found.append(_against(asked, narrowing.against_earlier, language, told=True))
    if narrowing.fallen is not None:
        found.append(_fallen(asked, narrowing.fallen, language, told=True))
    return tuple(map(capital, found))


def label_of(asked: Asked, language: Language) -> str:
    """What is counted."""
    kind = "place" if asked.kind is None else asked.kind.value
    return (CONDITIONS.get(asked.condition) or CONDITIONS[kind])[language][asked.at_least != 1]


def amount(number: int, unit: str, language: Language) -> str:
    """A number with its unit; of events the number alone."""
    if unit == "minutes":
        return duration(number, language)
    if unit == "percent":
        return f"{number} %" if language == "sv" else f"{number}%"
    return number_of(number, "different_day", language) if unit == "days" else str(number)


def duration(minutes: int, language: Language = "sv") -> str:
    """Minutes as hours and minutes: 560 → "9 timmar 20 minuter"."""
    hours, rest = divmod(minutes, 60)
    parts = [number_of(hours, "hour", language)] if hours else []
    if rest or not hours:
        parts.append(number_of(rest, "minute", language))
    return " ".join(parts)


def number_of(number: int, unit: str, language: Language) -> str:
    """A number and the word for what it counts."""
    one, many = UNITS[unit][language]
    return f"{number} {one if number == 1 else many}"


def time_of_day(minute: int, language: Language, *, whole: bool = False) -> str:
    """`22.30` or `22:30`; in Swedish `22` where all times beside it are `whole` hours."""
    hour, rest = divmod(minute, 60)
    if language == "en":
        return f"{hour:02}:{rest:02}"
    return f"{hour:02}" if whole else f"{hour:02}.{rest:02}"


def when_text(instant: datetime, language: Language) -> str:
    """`12 maj 2025 kl. 08.15` or `12 May 2025, 08:15`, Stockholm time."""
    day, clock = date_text(stockholm_date(instant), language), time_of_day(stockholm_minute(to_ms(instant)), language)
    return f"{day} kl. {clock}" if language == "sv" else f"{day}, {clock}"


def date_text(day: date, language: Language) -> str:
    """`12 maj 2025` or `12 May 2025`."""
    return f"{day.day} {MONTHS[language][day.month - 1]} {day.year}"


def capital(text: str) -> str:
    """The text with a capital first."""
    return text[:1].upper() + text[1:]


def _at_least(asked: Asked, language: Language) -> str:
    return _much(asked, asked.at_least, language)


def _much(asked: Asked, number: int, language: Language) -> str:
    return number_of(number, "lesson", language) if asked.lessons else amount(number, asked.unit, language)


def _window(asked: Asked, language: Language) -> str:
    window = number_of(asked.window_days, "day", language)
    within = None if asked.narrowing is None else asked.narrowing.within_school_days
    words = "days" if within is None else "last_school_day" if within == 1 else "last_school_days"
    return WINDOWS[words][language].format(window=window, number=within)


def _choosing(asked: Asked, language: Language) -> list[str]:
    """Which of the events in the window count."""
    narrowing = asked.narrowing
    if narrowing is None:
        return []
    times = [ONLY["school_days"][language]] if narrowing.on_school_days else []
    if narrowing.between is not None:
        minutes = narrowing.between.from_minute, narrowing.between.to_minute
        begin, end = (time_of_day(one, language, whole=not any(at % 60 for at in minutes)) for one in minutes)
        times.append(ONLY["between"][language].format(begin=begin, end=end))
    found = [ONLY["counting"][language].format(what=PHRASES["and"][language].join(times))] if times else []
    if narrowing.then is not None:
        found.append(_followed(asked, narrowing.then, language))
    return found


def _followed(asked: Asked, then: Followed, language: Language) -> str:
    if asked.at_least == 1:
        form = "one"
    elif asked.unit == "events":
        form = "each"
    else:
        form = "one" if asked.kind is InfoKind.SCHOOL_ABSENCE else "days"
    what = (FOLLOWERS.get(then.condition) or FOLLOWERS[then.kind.value])[language]
    return FOLLOWS[form][language][not then.happens].format(what=what, hours=number_of(then.within_hours, "hour", language))


def _against(asked: Asked, earlier: Earlier, language: Language, *, told: bool) -> str:
    form = {_SAME: "as_much", _TWICE: "twice"}.get(earlier.percent, "share")
    against = AGAINST[form][language][asked.unit != "minutes"].format(percent=earlier.percent)
    before = BEFORE["day" if earlier.days == 1 else "days"][language].format(number=earlier.days)
    same = earlier.days == asked.window_days
    window = number_of(asked.window_days, "day", language)
    text = BEFORE["same" if same else "average"][language].format(against=against, window=window, before=before)
    if not told:
        return text
    compared = amount(earlier.compared, asked.unit, language)
    return f"{text} {BEFORE['then' if same else 'then_in_all'][language].format(compared=compared)}"


def _fallen(asked: Asked, fallen: Fallen, language: Language, *, told: bool) -> str:
    window = WINDOWS["days"][language].format(window=number_of(fallen.within_days, "day", language))
    text = FALLEN["left"][language].format(at_most=_much(asked, fallen.at_most, language), window=window)
    if fallen.school_days is not None:
        text += FALLEN["school_day" if fallen.school_days == 1 else "school_days"][language].format(number=fallen.school_days)
    return text + PHRASES["here"][language].format(met=amount(fallen.left, asked.unit, language)) if told else text
