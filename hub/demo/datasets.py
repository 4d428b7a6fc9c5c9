"""The town in the shapes of the foreign systems: what the simulators serve and what lies in the inbox folder."""

from __future__ import annotations

import csv
import json
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

from hub.demo.expected import CONSENT_SPANS
from hub.demo.facts import LESSON_MINUTES, AbsenceFact, Lesson, NoticeFact, Town, Youth
from hub.demo.town import spelling

__all__ = ["consent_rows", "write_observations", "write_planned", "write_school", "write_sdk"]

_SPACE = uuid.UUID("3a1f64b0-2c58-4d0b-8e93-6a4f1e5d7c20")
_META = {"created": "2025-01-07T08:00:00+01:00", "modified": "2025-01-07T08:00:00+01:00"}
_OID = "1.2.752.129.2.1.3.1"
_ADDRESS = "urn:riv:infrastructure:messaging:functionalAddress"
_AGENCIES = ["school-norrkoping", "police-ost", "leisure-norrkoping"]
_KINDS = ["school_absence", "police_notice", "risk_event"]
_YOUTH_SIGNS_FROM = 15
_CONSENTING = ("sspf", "sspf_sig", "late", "expired", "withdrawn", "suspended", "withdraws", "waiting")


def _identity(*words: object) -> str:
    return str(uuid.uuid5(_SPACE, "/".join(map(str, words))))


def _write(path: Path, rows: Iterable[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def write_school(folder: Path, town: Town) -> None:
    """SS12000: persons, activities, and lessons with the attendance of the whole class."""
    school = {"id": _identity("school")}
    _write(folder / "persons.jsonl", (_person(youth) for youth in town.youths))
    organisation = {**school, "meta": _META, "displayName": "Vasaskolan", "organisationType": "Skolenhet"}
    _write(folder / "organisations.jsonl", [organisation])
    classes = sorted({lesson.class_number for lesson in town.lessons})
    activities = (
        {
            "id": _identity("activity", number), "meta": _META, "displayName": f"Undervisning {number + 1}",
            "calendarEventsRequired": True, "startDate": "2025-01-08", "groups": [], "organisation": school,
        }
        for number in classes
    )  # fmt: skip
    _write(folder / "activities.jsonl", activities)
    _write(folder / "calendarEvents.jsonl", _lessons(town))


def _person(youth: Youth) -> dict[str, Any]:
    given, family = youth.name.split(" ", 1)
    return {
        "id": youth.person_uuid, "meta": _META, "givenName": given, "familyName": family, "birthDate": youth.born.isoformat(),
        "civicNo": {"value": spelling(youth.person_id, youth.number), "nationality": "SE"},
        "securityMarking": "Skyddad folkbokföring" if youth.consent == "protected" else "Ingen",
    }  # fmt: skip


def _lessons(town: Town) -> Iterator[dict[str, Any]]:
    absent: dict[str, dict[int, AbsenceFact]] = {}
    for youth in town.youths:
        for fact in youth.absences:
            absent.setdefault(fact.lesson.lesson_id, {})[youth.number] = fact
    classes: dict[int, list[Youth]] = {}
    for youth in town.youths:
        classes.setdefault(youth.class_number, []).append(youth)
    for lesson in town.lessons:
        pupils = classes[lesson.class_number]
        facts = absent.get(lesson.lesson_id, {})
        yield {
            "id": lesson.lesson_id, "meta": _META, "activity": {"id": _identity("activity", lesson.class_number)},
            "startTime": lesson.start.isoformat(), "endTime": (lesson.start + timedelta(minutes=LESSON_MINUTES)).isoformat(),
            "cancelled": lesson.cancelled,
            "_embedded": {"attendance": [_mark(lesson, youth, facts.get(youth.number)) for youth in pupils]},
        }  # fmt: skip


def _mark(lesson: Lesson, youth: Youth, fact: AbsenceFact | None) -> dict[str, Any]:
    minutes = fact.minutes if fact else 0
    excused = fact is not None and fact.excused
    return {
        "id": _identity("attendance", lesson.lesson_id, youth.number), "meta": _META, "calendarEvent": {"id": lesson.lesson_id},
        "student": {"id": youth.person_uuid}, "isReported": not lesson.cancelled, "attendanceMinutes": LESSON_MINUTES - minutes,
        "validAbsenceMinutes": minutes if excused else 0, "invalidAbsenceMinutes": 0 if excused else minutes,
    }  # fmt: skip


def write_sdk(folder: Path, town: Town) -> int:
    """SDK: one message per notice, each with a document; and one whose subject cannot be read. Returns how many."""
    told = ((fact.at, youth.number, fact) for youth in town.youths for fact in youth.notices)
    notices = sorted(told, key=lambda one: one[:2])
    messages = [_message(town.youths[number], fact) for _at, number, fact in notices]
    messages.append(
        _message(None, NoticeFact(_identity("unreadable"), "other_worry", notices[0][0], "City", may_tell_youth=False))
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "messages.json").write_text(json.dumps(messages, ensure_ascii=False), encoding="utf-8")
    return len(messages)


def _message(youth: Youth | None, fact: NoticeFact) -> dict[str, Any]:
    created = fact.at.astimezone(UTC) + timedelta(minutes=40)
    coded = [
        ("urn:hub:police-notice:category", fact.category, "Kategori"),
        ("urn:hub:police-notice:area", fact.area, "Område"),
        ("urn:hub:police-notice:occurred-at", fact.at.isoformat(), "Tidpunkt"),
        ("urn:hub:police-notice:may-tell-youth", "ja" if fact.may_tell_youth else "nej", "Får berättas för den unge"),
    ]
    if youth is not None:
        coded.insert(0, (_OID, f"{youth.person_id[:8]}-{youth.person_id[8:]}", youth.name))
    document = {"fileName": "underrattelse.pdf", "contentType": "application/pdf", "content": "JVBERi0xLjQKJSVFT0YK"}
    return {
        "type": "messages",
        "id": _identity("sdk", fact.message_id),
        "attributes": {
            "messageStatus": "NEW", "creationDateTime": created.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "messageId": fact.message_id, "conversationId": _identity("conversation", fact.message_id), "confidentiality": True,
            "label": "Underrättelse", "sender": "0203:polisen.se", "recipient": "0203:norrkoping.se",
            "recipientAttention": _function("inkorg:0203:norrkoping.se", "Socialtjänstens mottagning"),
            "senderAttention": {
                **_function("utkorg:0203:polisen.se", "Polisregion Öst"),
                "referenceId": [{"root": root, "extension": text, "label": label} for root, text, label in coded],
            },
            "digitalDocument": [{"documentId": "1", "index": "1", "documentName": "Underrättelse", "contentFiles": [document]}],
        },
    }  # fmt: skip


def _function(address: str, label: str) -> dict[str, Any]:
    return {"subOrganization": {"root": _ADDRESS, "extension": f"sdk:{address}", "label": label}}


def write_observations(folder: Path, town: Town) -> None:
    """The inbox folder of field workers: coded observations, and the weekly place report."""
    folder.mkdir(parents=True, exist_ok=True)
    seen = sorted(
        ((fact.at, youth.number, fact) for youth in town.youths for fact in youth.observations), key=lambda one: one[:2]
    )
    with (folder / "observationer.csv").open("w", encoding="utf-8-sig", newline="") as out:
        table = csv.writer(out, delimiter=";")
        table.writerow(["id", "person", "concern", "area", "observed_at", "observer"])
        for _at, number, fact in seen:
            person = spelling(town.youths[number].person_id, number)
            table.writerow([fact.row_id, person, fact.concern, fact.area, fact.at.isoformat(), "field_worker"])
    with (folder / "lagesbild.csv").open("w", encoding="utf-8", newline="") as out:
        table = csv.writer(out, delimiter=";")
        table.writerow(["week", "area", "category", "incidents"])
        table.writerows([row.week, row.area, row.category, row.incidents] for row in town.est_rows)


def write_planned(folder: Path, town: Town) -> None:
    """The folder of calendars: one table."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "kalender.csv").open("w", encoding="utf-8", newline="") as out:
        table = csv.writer(out, delimiter=";")
        table.writerow(["id", "area", "starts", "category"])
        table.writerows([one.row_id, one.area, one.at.isoformat(), "gathering"] for one in town.gatherings)


def consent_rows(town: Town) -> list[dict[str, Any]]:
    """What the registry is told of the consents, as `hub consent import` takes it: one row per cooperation."""
    rows = []
    for youth in town.youths:
        if youth.consent not in _CONSENTING:
            continue
        begins, ends = (town.start - timedelta(days=days) for days in CONSENT_SPANS[youth.consent] or (120, -200))
        for cooperation, recipients in (("sspf", ["outreach", "sspf"]), ("sig", ["sig"])):
            if cooperation == "sspf" or youth.consent == "sspf_sig":
                rows.append({
                    "identifier": youth.person_id, "cooperation": cooperation, "recipients": recipients, "agencies": _AGENCIES,
                    "kinds": _KINDS, "area": f"0581-{youth.area.lower()}", "signed": _signed(town, youth),
                    "includes_earlier": True,
                    "valid_from": begins.astimezone(UTC).isoformat(), "valid_to": ends.astimezone(UTC).isoformat(),
                    "state": youth.consent if youth.consent in {"suspended", "withdrawn"} else "granted",
                })  # fmt: skip
    return rows


def _signed(town: Town, youth: Youth) -> list[str]:
    """Both guardians, and the youth from 15; of a waiting consent the second guardian's signature is missing."""
    day = town.start.date()
    age = day.year - youth.born.year - ((day.month, day.day) < (youth.born.month, youth.born.day))
    signed = ["guardian_1", "guardian_2"] + (["youth"] if age >= _YOUTH_SIGNS_FROM else [])
    return [role for role in signed if not (youth.consent == "waiting" and role == "guardian_2")]
