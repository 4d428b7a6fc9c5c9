"""The inbox folder as a source: what is new, what was corrected, what was taken back."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import BinaryIO

from connectors.inbox import Inbox, InboxFile
from connectors.observations.config import ObservationsConfig
from connectors.observations.export import Export
from connectors.observations.lines import Kind, Row, read_rows
from connectors.observations.mapping import STOCKHOLM, map_est, map_observation
from connectors.observations.newest import Newest
from connectors.observations.progress import Begun, Progress
from hub.connector import Batch, Cursor, PersonRecord, PlaceRecord, Record, Removal, SourceContext, Unmapped
from hub.contract.identifiers import canonical_identifier
from hub.errors import RejectedError, RetriableError

__all__ = ["ObservationsSource"]


class ObservationsSource:
    """Reads complete files, oldest first. A file whose content changed is read whole again: the intake sees by content what
    is a correction. A row that the new export of a file has no more is retracted, unless another file has it; one that is about
    somebody else now is retracted of whomever it was about, also when another file told it. What cannot be read this time has
    not gone: it stays told. Of files that are read in one go each row is told by the newest that has it.

    Guarantee: at least once, under the same source ids. The cursor holds digests of file names, contents and row ids, never
    a person. To retract an observation its person must be known, so the persons of the rows read stay in this process'
    memory, and a restart reads the unchanged files again to know them. Of a file that was exported anew while no process ran the
    intake knows whose the lost observations were. A row that is gone from a file is told as the newest other one says it.
    """

    def __init__(
        self,
        config: ObservationsConfig,
        context: SourceContext,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._config = config
        self._context = context
        self._inbox = Inbox(
            context.home / (config.folder or ""),
            settle_seconds=config.settle_seconds,
            max_bytes=int(config.max_file_megabytes * 1024 * 1024),
            sleep=sleep,
        )
        self._told: set[tuple[str, str]] = set()
        self._begun: Begun = {}
        self._follows = False  # whether it was asked to read on: then whoever asks from the beginning wants all anew
        self._outdated: dict[tuple[str, str], set[str]] = {}
        self._persons: dict[
            str, dict[str, dict[str, PersonRecord]]
        ] = {}  # by file and content: the old one too, until it is done

    def batches(self, cursor: Cursor | None) -> Iterator[Batch]:
        """Oldest file first. Raises RetriableError `inbox_unreadable`, `file_changed` or `file_unreadable`."""
        progress = Progress(cursor, self._begun, anew=self._follows)
        if not progress.anew:
            self._follows, self._outdated = bool(cursor), progress.outdated()
        today = self._context.now().astimezone(STOCKHOLM).date()
        look = self._inbox.look(today)
        untold = [Unmapped(pair[1], intentional=False) for pair in look.refused if pair not in self._told]
        if untold:
            yield Batch(untold, progress.cursor())
            self._told.update(look.refused)
        newest = self._look_through(look.files, progress)
        present = [file.key for file in look.files]
        for place in newest.unread:
            yield from self._import(look.files[place], (place, present), newest, progress)
        if newest.trouble is not None:
            raise newest.trouble
        if not progress.anew:
            self._outdated = progress.outdated()
        if progress.sweep({file.key for file in look.files}, today, self._config.remember_days):
            yield Batch([], progress.cursor())

    def close(self) -> None:
        """Forget the persons."""
        self._persons.clear()

    def _look_through(self, files: Sequence[InboxFile], progress: Progress) -> Newest:
        """What is to be told, up to a file that cannot be read now, and which file says a row last. It keeps ids alone."""
        newest = Newest()
        try:
            for place, file in enumerate(files):
                done = progress.is_done(file)
                if done:
                    self._remember(file)
                if newest.unread:
                    newest.has(place, self._read(file).says(self._is_somebody))
                if not done:
                    newest.unread.append(place)
                    if progress.row_reached(file)[0] == 0:
                        newest.whole.add(place)
        except RetriableError as error:
            newest.trouble = error
        return newest

    def _import(self, file: InboxFile, among: tuple[int, Sequence[str]], newest: Newest, progress: Progress) -> Iterator[Batch]:
        """All rows, then the retractions; the file counts as done with its last batch. `among`: its place, and all by key."""
        done_before, owed = progress.row_reached(file)
        export = self._read(file)
        left, passed = newest.left_by(among[0], export.named)
        stands = export.hold(progress.reports(file))
        if progress.anew:  # what stands has been told
            stands |= left | self._outdated.get((file.key, file.digest), set())
        export.leave(left | stands, passed | stands)
        progress.begin(file, export)
        self._persons.setdefault(file.key, {}).setdefault(file.digest, export.persons)
        records: list[Record] = []
        for number, record in export.rows:
            if number <= done_before and (isinstance(record, Unmapped) or record.source_id not in owed):
                continue
            records.append(record)
            if len(records) >= self._config.batch_rows:
                yield Batch(records, progress.reached(file, number, export))
                records = []
        if not export.rows and progress.has_told(file):
            export.missed()  # nobody deletes so much without a word; an export that failed looks like this
            records.append(Unmapped("empty_file", intentional=False))
        more, corrected = self._ended(file, export, newest, progress, among)
        yield Batch([*records, *more], progress.finished(file, export), asides=corrected)

    def _ended(
        self,
        file: InboxFile,
        export: Export,
        newest: Newest,
        progress: Progress,
        among: tuple[int, Sequence[str]],
    ) -> tuple[list[Record], list[Removal]]:
        """What the last batch says besides rows: what has gone from the file, and what is about others now."""
        place, present = among
        former = self._persons.get(file.key, {}).get(progress.digest_done(file), {})
        handed = self._handed_back(progress.lost(file, export), [key for key in present if key != file.key], progress)
        newer, _ = newest.left_by(place, handed)
        again = {name: record for name, record in handed.items() if name not in newer}
        elsewhere = {**progress.elsewhere(file, self._persons), **{name: [record] for name, record in again.items()}}
        contents = self._persons.setdefault(file.key, {})
        contents[file.digest] = {key: one for key, one in former.items() if export.stays(key)} | export.persons
        progress.overrule(file, export, export.says(self._is_somebody) - export.left, self._persons, again)
        records = list(progress.taken_over(file, export, elsewhere))
        records.extend(progress.retractions(file, export, former, elsewhere))
        records.extend(record for name, record in again.items() if former.get(name) != record)
        return records, progress.corrected(file, export, former, elsewhere)

    def _handed_back(self, lost: set[str], others: Sequence[str], progress: Progress) -> dict[str, PersonRecord]:
        """What a file has lost, as the newest other file of the folder says it. `others`: their keys, oldest first."""
        digests, found = progress.digests(), dict[str, PersonRecord]()
        for key in others:
            said = self._persons.get(key, {}).get(digests.get(key, ""), {})
            found |= {name: said[name] for name in lost & said.keys() if self._is_somebody(said[name])}
            for name in lost & progress.has_said(key) - said.keys():
                found.pop(name, None)  # of several; or read before this process began, and changed: then its word is to come
        return found

    def _read(self, file: InboxFile) -> Export:
        """The whole file, before anything of it is told: a later row may put an earlier one in doubt."""
        export = Export(file.digest)
        try:
            with file.path.open("rb") as stream:
                watched = _Watched(stream)
                for number, row in read_rows(watched):
                    export.add(number, row if isinstance(row, Unmapped) else self._map(row))
                if watched.digest() != file.digest:
                    raise RetriableError("a file changed while it was read; it is read again", code="file_changed")
        except OSError as error:
            raise RetriableError("a file of the inbox cannot be read to its end", code="file_unreadable") from error
        export.ended()
        return export

    def _map(self, row: Row) -> PersonRecord | PlaceRecord | Unmapped:
        gazetteer, now = self._context.gazetteer, self._context.now()
        mapper = map_observation if row.kind is Kind.OBSERVATIONS else map_est
        mapped = mapper(row.fields, gazetteer, now)
        if isinstance(mapped, Unmapped):  # for whoever may see the row, in memory
            return replace(mapped, content=json.dumps(row.fields, ensure_ascii=False).encode("utf-8", "replace"))
        return mapped

    def _is_somebody(self, record: PersonRecord) -> bool:
        try:
            canonical_identifier(record.person_id, today=self._context.now().astimezone(STOCKHOLM).date())
        except RejectedError:
            return False
        return True

    def _remember(self, file: InboxFile) -> None:
        """After a restart: who the rows of a file that is done are about. A file that changes meanwhile comes next time."""
        persons = self._persons.get(file.key, {}).get(file.digest)
        self._persons[file.key] = {file.digest: self._read(file).persons if persons is None else persons}


class _Watched:
    """A stream that knows the digest of everything that was read from it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()

    def readline(self, size: int) -> bytes:
        line = self._stream.readline(size)
        self._digest.update(line)
        return line

    def digest(self) -> str:
        """Of the whole content: also of what nobody has read yet."""
        while self.readline(1024 * 1024):
            pass
        return self._digest.hexdigest()
