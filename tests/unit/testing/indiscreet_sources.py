"""Connectors that say where others may read it whom they are about, or what they sign in with: one place each."""

from __future__ import annotations

import logging
from dataclasses import replace

from hub.connector import PersonRecord, ProtectedPerson
from hub.errors import RejectedError
from tests.unit.testing.exemplary import PAGE, Source

PROTECTED = "20110318-9807"
log = logging.getLogger("connector")


class AskingById(Source):
    """Asks the server for the records of those whom a backfill is for: it learns there who has a consent."""

    def backfill(self, subjects, since, progress=None):
        for batch in super().backfill(subjects, since, progress):
            for one in batch.records:
                self.ask_of(one)
            yield batch

    def ask_of(self, one):
        self.http.get("/rows", params={"after": 0, "limit": 1, "id": one.source_id})


class AskingInABody(AskingById):
    def ask_of(self, one):
        self.http.post("/rows", json={"id": one.source_id})


class AskingOften(AskingById):
    """Says nothing of them, and asks once for each."""

    def ask_of(self, _one):
        self.http.get("/rows", params={"after": 0, "limit": 1})


class AskingByNumber(AskingById):
    def ask_of(self, one):
        self.http.get("/rows", params={"after": 0, "limit": 1, "civicNo": one.person_id})


class AskingWithAHeader(Source):
    def record(self, row):
        self.http.get("/rows", params={"after": 0, "limit": 1}, headers={"x-of": row.get("person", "")})
        return super().record(row)


class AskingEscaped(Source):
    """`-` and digits as an address need not have them, but may."""

    def record(self, row):
        escaped = "".join(f"%{ord(sign):02X}" for sign in row.get("person", ""))
        self.http.get(f"/rows?after=0&limit=1&of={escaped}")
        return super().record(row)


class NamingInABackfillsCursor(Source):
    def backfill(self, subjects, since, progress=None):
        for batch in super().backfill(subjects, since, progress):
            yield replace(batch, cursor=batch.cursor | {"last": [one.person_id for one in batch.records]})


class NamingALate(Source):
    """Names who is told of behind the first poll."""

    def batches(self, cursor):
        for batch in super().batches(cursor):
            named = [one.person_id for one in batch.records if cursor and isinstance(one, PersonRecord)]
            log.info("told of %s", named)
            yield batch


class NamingACorrected(Source):
    def record(self, row):
        if row.get("deleted"):
            log.info("taken back of %s", row["person"])
        return super().record(row)


class NamingNextToABroken(Source):
    """Prints what stood before a row that cannot be mapped."""

    before = ""

    def unmapped(self, row):
        log.warning("broken behind %s", self.before)
        return super().unmapped(row)

    def record(self, row):
        self.before = row.get("person", self.before)
        return super().record(row)


class NamingAProtected(Source):
    def batches(self, cursor):
        for batch in super().batches(cursor):
            log.info("protected: %s", PROTECTED)
            yield replace(batch, asides=[*batch.asides, ProtectedPerson(PROTECTED)])


class NamingInALabel(Source):
    def record(self, row):
        self.context.observe_request(f"row of {row.get('person')}", 200)
        return super().record(row)


class Quoting(Source):
    """Repeats an answer that it cannot read."""

    def read(self, response):
        try:
            return response.json()
        except ValueError:
            raise RejectedError(f"cannot be read: {response.text}", code="malformed") from None


class Keeping(Source):
    """Keeps everybody in a file of the installation."""

    def record(self, row):
        with (self.context.home / "seen.txt").open("a") as file:
            file.write(f"{row.get('person')}\n")
        return super().record(row)


class KeepingLater(Source):
    """The same, of what was corrected, and not to be read by others."""

    def record(self, row):
        if row.get("deleted"):
            (self.context.home / "rows.json").write_bytes(row["person"].encode()[::-1])
        return super().record(row)


class SignedInTheAddress(Source):
    def rows(self, after):
        secret = self.context.secret("password")
        return self.ask("GET", "/rows", params={"after": after, "limit": PAGE, "key": secret})["rows"]


class SignedInTheLog(Source):
    def rows(self, after):
        log.debug("asking as %s", self.context.secret("password"))
        return super().rows(after)


class SignedInTheCursor(Source):
    def cursor(self, after):
        return super().cursor(after) | {"as": self.context.secret("password")}


class Signed(Source):
    """As it should be."""

    def rows(self, after):
        headers = {"authorization": f"Bearer {self.context.secret('password')}"}
        return self.ask("GET", "/rows", params={"after": after, "limit": PAGE}, headers=headers)["rows"]
