"""Connectors with one fault each: what a case of the suite is there to find."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from starlette.responses import JSONResponse
from starlette.routing import Route

from hub.connector import Absence, Batch, Document, Draft, PersonRecord, Removal, StatutoryBatch, Unmapped
from hub.contract.models import AbsenceKind, InfoKind
from hub.errors import RejectedError, RetriableError
from tests.unit.testing.exemplary import NOW, PAGE, PEOPLE, Source, Statutory, build_simulator, checked


class Chatty(Source):
    def batches(self, cursor):
        said = False
        for batch in super().batches(cursor):
            said = True
            yield batch
        if not said and cursor is None and not self.rows(0):
            yield Batch([Unmapped("nothing_new", intentional=True)], {"after": 0})


class Doubling(Source):
    def batches(self, cursor):
        for batch in super().batches(cursor):
            yield replace(batch, records=[*batch.records, *batch.records])


class Naive(Source):
    def time(self, row):
        return super().time(row).replace(tzinfo=None)


class Shuffling(Source):
    """The second one ever built tells its first batch the other way round."""

    def __init__(self, config, context, built) -> None:
        super().__init__(config, context)
        built.append(self)
        self.turned = len(built) == 2

    def batches(self, cursor):
        for batch in super().batches(cursor):
            yield replace(batch, records=batch.records[:: -1 if self.turned and cursor is None else 1])


class Skipping(Source):
    """After a restart it passes one over."""

    begun = False

    def batches(self, cursor):
        restarted, self.begun = not self.begun, True
        yield from super().batches({"after": 3} if restarted and cursor == {"after": 2} else cursor)


class Forgetful(Source):
    def batches(self, cursor):
        told = False
        for batch in super().batches(cursor):
            told = True
            yield batch
        if cursor and not told:
            yield from super().batches({"after": cursor["after"] - 1})


class Tupled(Source):
    def cursor(self, after):
        return {"after": after, "span": (1, after)}


class NamingInCursor(Source):
    def batches(self, cursor):
        for batch in super().batches(cursor):
            yield replace(batch, cursor=batch.cursor | {"last": getattr(batch.records[-1], "person_id", "")})


class NamingInLog(Source):
    def record(self, row):
        logging.getLogger("connector").debug("read %s", row.get("person", "").replace("-", "")[2:])
        return super().record(row)


class NamingInUrl(Source):
    def record(self, row):
        self.http.get("/simulator/received", params={"of": row.get("person", "")})
        return super().record(row)


class Hasty(Source):
    def check(self, response):
        if response.status_code == 500:
            raise RejectedError("answered 500")
        return checked(response)


class Impatient(Source):
    def check(self, response):
        if response.status_code == 429:
            response.headers.pop("retry-after", None)
        return checked(response)


class Hurrying(Source):
    """Where a page does not come it goes on behind it."""

    def batches(self, cursor):
        after, begun = cursor["after"] if cursor else 0, False
        while True:
            try:
                rows = self.rows(after)
            except RetriableError:
                if not begun:
                    raise
                after += PAGE
                continue
            if not self.safe(rows):
                return
            begun, after = True, rows[-1]["seq"]
            records = [self.record(row) for row in rows]
            yield Batch(records, self.cursor(after), asides=self.of_others(records))


class EndingEarly(Source):
    """Takes trouble in the middle for the end."""

    def batches(self, cursor):
        begun = False
        try:
            for batch in super().batches(cursor):
                begun = True
                yield batch
        except RetriableError:
            if not begun:
                raise


class Trusting(Source):
    def read(self, response):
        return response.json()


class Swallowing(Source):
    def batches(self, cursor):
        for batch in super().batches(cursor):
            yield replace(batch, records=[one for one in batch.records if not isinstance(one, Unmapped)])


class Stumbling(Source):
    """A broken row takes its neighbours with it."""

    def batches(self, cursor):
        for batch in super().batches(cursor):
            broken = [one for one in batch.records if isinstance(one, Unmapped)]
            yield replace(batch, records=broken or batch.records)


class Clinging(Source):
    def close(self):
        """Holds on."""


class Renaming(Source):
    def source_id(self, row):
        return f"absence-{row['id']}-{row['minutes']}"


class Keeping(Source):
    def record(self, row):
        return super().record({name: value for name, value in row.items() if name != "deleted"})


class Hoarding(Source):
    def batches(self, cursor):
        yield from list(super().batches(cursor))


class Reckless(Source):
    def safe(self, rows):
        return rows


class BackfillingLess(Source):
    def backfill(self, subjects, since, progress=None):
        yield from list(super().backfill(subjects, since, progress))[:1]


class BackfillingAnew(Source):
    """Does not go on behind the batch whose progress it is given: it ends there."""

    def backfill(self, subjects, since, progress=None):
        if progress is None:
            yield from super().backfill(subjects, since)


class Losing(Statutory):
    def batches(self, cursor):
        for batch in super().batches(cursor):
            yield StatutoryBatch(batch.messages, {"after": 0})


class Cutting(Statutory):
    def batches(self, cursor):
        for batch in super().batches(cursor):
            yield StatutoryBatch([replace(one, content=one.content[:40]) for one in batch.messages], batch.cursor)


class Choosing(Statutory):
    """Stores what names somebody."""

    def batches(self, cursor):
        for batch in super().batches(cursor):
            yield StatutoryBatch([one for one in batch.messages if b"person" in one.content], batch.cursor)


class Filling(Statutory):
    """Where a page does not come, one empty message stands for it."""

    def rows(self, after):
        try:
            return super().rows(after)
        except RetriableError:
            return [{"seq": after + 1}] if after else []


class ByTime(Source):
    """Its cursor is the newest time told: what comes later and happened before that is passed over."""

    def batches(self, cursor):
        newest = cursor["newest"] if cursor else ""
        for batch in super().batches(cursor):
            kept = [one for one in batch.records if isinstance(one, Unmapped) or one.retracted or self.is_new(one, newest)]
            times = [one.occurred_at.isoformat() for one in batch.records if isinstance(one, PersonRecord)]
            yield replace(batch, records=kept, cursor=batch.cursor | {"newest": max([newest, *times])})

    def is_new(self, record, newest):
        """An edited row is told whenever it happened; five rows were there from the beginning."""
        return record.occurred_at.isoformat() >= newest or record.source_id in {f"absence-{number}" for number in range(1, 6)}


class SilentLater(Source):
    """Once it has a cursor, trouble is the end of a poll."""

    def batches(self, cursor):
        try:
            yield from super().batches(cursor)
        except (RetriableError, RejectedError):
            if not cursor:
                raise


class TakingAllBack(Source):
    """At a later poll, an answer that failed is an empty one, and an empty one means that all is deleted."""

    failed: tuple[type[Exception], ...] = (RetriableError,)

    def batches(self, cursor):
        if cursor:
            try:
                self.rows(0)
            except self.failed:
                body = Absence(kind=AbsenceKind.UNEXCUSED, minutes=1, offered_minutes=None)
                told = enumerate(PEOPLE, 1)
                gone = [PersonRecord(InfoKind.SCHOOL_ABSENCE, who, f"absence-{n}", NOW, body, retracted=True) for n, who in told]
                yield Batch(gone, cursor)
                return
        yield from super().batches(cursor)


class TakingAllBackUnread(TakingAllBack):
    """The same for an answer that cannot be read."""

    failed = (RejectedError,)


class HurryingLater(Source):
    """Where a later poll's page does not come, its cursor goes on behind it, and the error is raised."""

    def batches(self, cursor):
        after = cursor["after"] if cursor else 0
        try:
            yield from super().batches(cursor)
        except RetriableError:
            if cursor:
                yield Batch([], self.cursor(after + PAGE))
            raise


class FirstPageOnly(Source):
    """Hears on the first page of a later poll alone that something was taken back."""

    def batches(self, cursor):
        for number, batch in enumerate(super().batches(cursor)):
            kept = [one for one in batch.records if not number or not getattr(one, "retracted", False)]
            yield replace(batch, records=kept if cursor else batch.records)


class FirstEditsOnly(Source):
    """And the same for edits."""

    def batches(self, cursor):
        for number, batch in enumerate(super().batches(cursor)):
            kept = [one for one in batch.records if not number or getattr(one, "retracted", True)]
            yield replace(batch, records=kept if cursor == {"after": 5} else batch.records)


class LeavingToBoth(Source):
    """Once a fact was told of somebody it stays so, whoever it is about later."""

    def of_others(self, records):
        return []


class LeavingToBothLater(LeavingToBoth):
    """Knows whom it told a fact of while it runs, and not over a restart."""

    def __init__(self, config, context) -> None:
        super().__init__(config, context)
        self.told = {}

    def of_others(self, records):
        known = {one.source_id: self.told.get(one.source_id) for one in records if isinstance(one, PersonRecord)}
        self.told |= {one.source_id: one.person_id for one in records if isinstance(one, PersonRecord)}
        return [one for one in Source.of_others(self, records) if known[one.source_ids[0]] not in {None, one.but_of}]


class TakingBackOfAll(Source):
    """Of a fact that one page tells of two, nothing is left."""

    def of_others(self, records):
        told = [one for one in records if isinstance(one, PersonRecord)]
        return [Removal(one.kind, (one.source_id,), one.body, but_of=one.person_id) for one in told]


class BackfillingWhatStands(Source):
    """What was told and taken back comes again, as if it stood."""

    def backfill(self, subjects, since, progress=None):
        for batch in super().backfill(subjects, since, progress):
            yield replace(batch, records=[one for one in batch.records if not one.retracted])


class Excusing(Source):
    """One broken record is a letter; from the second on they are as they should be."""

    refused = 0

    def unmapped(self, row):
        self.refused += 1
        return Unmapped("no_person", intentional=self.refused > 1)


class StoringByTime(Statutory):
    """Knows by its newest time which messages are done."""

    def batches(self, cursor):
        newest = cursor["newest"] if cursor else ""
        for batch in super().batches(cursor):
            times = [json.loads(one.content).get("at", newest) for one in batch.messages]
            kept = [one for one, at in zip(batch.messages, times, strict=True) if at >= newest]
            newest = max([newest, *times])
            yield StatutoryBatch(kept, batch.cursor | {"newest": newest})


class StoringSilentLater(Statutory):
    """Once it has a cursor, trouble is the end of a poll."""

    def batches(self, cursor):
        try:
            yield from super().batches(cursor)
        except RetriableError:
            if not cursor:
                raise


def gossiping(dataset, options):
    """A simulator that never answers the same twice."""
    app = build_simulator(dataset, options)
    (feed,) = (route for route in app.routes if isinstance(route, Route) and route.path == "/rows")
    endpoint: Callable[..., Any] = feed.endpoint

    async def answer(request):
        response = await endpoint(request)
        return JSONResponse({**json.loads(response.body), "nonce": secrets.token_hex(4)})

    app.router.routes.insert(0, Route("/rows", answer))
    return app


def stumbling(_config, _places, _now, content):
    """A reading that takes every message for a good one."""
    return Draft(subjects=((1, json.loads(content)["person"]),))


def gossiping_draft(_config, _places, _now, _content):
    """A reading that says whom a message is about where it is printed."""
    return Draft(subjects=((1, "20110315-9801"),), documents=(Document("a.pdf", "20110315-9801"),))
