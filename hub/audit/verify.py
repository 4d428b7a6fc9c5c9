"""Verifies the log: against itself, against its own signed checkpoints, and against those that another system kept.

The log alone shows an edit, a deletion inside and a reordering. A truncation, and a history that was written anew with all its
hashes (a fork), show only against a checkpoint that whoever tampered could not reach: export them, and use --against.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, select

from hub.audit.actions import Action
from hub.audit.carrying import gaps
from hub.audit.chain import Walk
from hub.audit.damage import NEEDED, missing_tables, of_retention, of_tables
from hub.audit.faults import Fault, Finding, Verdict
from hub.audit.log import FIRST_CHAIN
from hub.audit.merkle import Tree, read_tree
from hub.audit.notes import Checkpoint, Verifier
from hub.audit.reading import every_row, horizon
from hub.audit.spool import Waiting
from hub.audit.tables import CarriedRow, CheckpointRow, EntryRow, SealedRow
from hub.audit.vouching import Named, held_against
from hub.database import answering
from hub.errors import ContractError

__all__ = ["Given", "verify"]

_STEP = 2000
_SAYING_GONE = (Action.AUDIT_PRUNED, Action.VAULT_SEALED)  # with the position up to which it is so; the second of older versions


@dataclass(frozen=True, slots=True)
class Given:
    """A checkpoint to hold the log against, and where it came from (`its own`, or a file's name)."""

    source: str
    note: str


def verify(
    engine: Engine,
    verifier: Verifier,
    against: Sequence[Given] = (),
    *,
    oldest: datetime | None = None,
    least: datetime | None = None,
    waiting: Waiting | None = None,
    named: Named | None = None,
    progress: Callable[[int], None] = lambda _done: None,
) -> Verdict:
    """Read the whole log and say what is wrong with it. `progress` is told the number of entries read.

    `oldest`: entries may have been let go of only under a checkpoint signed before this instant; where an entry says that they
    were, as under another setting, before `least`. `waiting`: what waits on this
    machine's disk. `named`: what the log calls a document of the sealed vault (`AuditLog.document`). Raises RetriableError when
    the database does not answer; what is wrong with the log is never an error but a finding.
    """
    missing = missing_tables(engine)
    if missing & NEEDED:
        return Verdict(1, 0, Tree().root().hex(), 0, tuple(of_tables(missing)), 0 if waiting is None else len(waiting.entries))
    stored, findings = _own(engine, verifier, missing)
    findings += of_tables(missing) + of_retention(engine)
    trusted, refused = _checked(verifier, [*(Given("its own", row.note) for row in stored), *against])
    findings += refused + _between(trusted)
    tree, walk, gone = _start(engine, trusted, stored, oldest, least)
    findings += gone
    first = walk.expected
    roots, unnumbered = _read(engine, tree, walk, {one.size for _, one in trusted}, progress)
    findings += unnumbered
    last = walk.expected - 1
    longest = max((one.size for _, one in trusted), default=0)
    findings += walk.findings(_links(engine), shorter_than_signed=longest > last)
    if longest > last and not walk.renumbered:
        findings.append(
            Finding(Fault.TRUNCATION, last + 1, longest, f"the log ends at {last}, but {longest} entries had been signed")
        )
    findings += _before(engine, first)
    findings += [] if SealedRow.__tablename__ in missing else held_against(engine, walk.vouched, first, named)
    findings += [] if CarriedRow.__tablename__ in missing else _waited(engine, waiting, last)
    agreeing, forks = _compare(trusted, roots, walk.broken_at)
    findings += forks
    unique = sorted(dict.fromkeys(findings), key=lambda one: (one.first, one.fault))
    return Verdict(first, last, tree.root().hex(), agreeing, tuple(unique), 0 if waiting is None else len(waiting.entries))


def _own(engine: Engine, verifier: Verifier, missing: frozenset[str]) -> tuple[list[CheckpointRow], list[Finding]]:
    """The log's own checkpoints, if their table is there; one whose peaks are not those of its root was changed."""
    if CheckpointRow.__tablename__ in missing:
        return [], []
    with answering(), engine.connect() as connection:
        rows = connection.execute(select(CheckpointRow.__table__).order_by(CheckpointRow.size)).all()
    found = []
    for row in rows:
        try:
            said = verifier.check(row.note)
            same = (said.size, said.root) == (row.size, read_tree(row.size, row.peaks).root())
        except (ContractError, ValueError):
            same = False
        if not same:
            place = row.size if type(row.size) is int else 0
            text = f"the stored checkpoint of size {place or 'unknown'} is not as it was signed"
            found.append(Finding(Fault.CHECKPOINT, place, place, text))
    return [CheckpointRow(**row._mapping) for row in rows], found  # noqa: SLF001 - SQLAlchemy's public name for it


def _checked(verifier: Verifier, given: Iterable[Given]) -> tuple[list[tuple[str, Checkpoint]], list[Finding]]:
    trusted, refused = [], []
    for one in given:
        try:
            trusted.append((one.source, verifier.check(one.note)))
        except ContractError as error:
            if one.source != "its own":  # told already
                refused.append(Finding(Fault.CHECKPOINT, 0, 0, f"{one.source}: {error}"))
    return trusted, refused


def _between(trusted: Sequence[tuple[str, Checkpoint]]) -> list[Finding]:
    """Two signed checkpoints of one size with different roots are a fork, whatever the log says now."""
    seen: dict[int, tuple[str, bytes]] = {}
    found = []
    for source, one in trusted:
        other, root = seen.setdefault(one.size, (source, one.root))
        if root != one.root:
            text = f"two different histories of {one.size} entries were signed ({other}, {source})"
            found.append(Finding(Fault.FORK, 1, one.size, text))
    return found


def _start(
    engine: Engine,
    trusted: Sequence[tuple[str, Checkpoint]],
    stored: Sequence[CheckpointRow],
    oldest: datetime | None,
    least: datetime | None,
) -> tuple[Tree, Walk, list[Finding]]:
    """Where reading begins: at the first entry, or behind what retention let go of under a checkpoint old enough."""
    gone = horizon(engine)
    if gone is None:
        return Tree(), Walk(1, FIRST_CHAIN), []
    size, chain = gone
    signed = next((one for source, one in trusted if source == "its own" and one.size == size), None)
    row = next((row for row in stored if row.size == size), None)
    if signed is not None and row is not None and _let_go(engine, signed, oldest, least):
        with suppress(ValueError):  # told already
            return read_tree(size, row.peaks), Walk(size + 1, chain), []
    text = f"entries 1 to {size} are missing, and no checkpoint old enough says that retention let go of them"
    return Tree(), Walk(size + 1, chain, broken_at=1), [Finding(Fault.DELETION, 1, size, text)]


def _let_go(engine: Engine, signed: Checkpoint, oldest: datetime | None, least: datetime | None) -> bool:
    """Whether retention may have let go of it: it is old enough, or the log says that it did so under another setting."""
    if oldest is None or signed.at < oldest:
        return True
    if least is None or signed.at >= least:
        return False
    said = select(EntryRow.position).where(EntryRow.action.in_(_SAYING_GONE), EntryRow.purpose == f"n{signed.size}").limit(1)
    with answering(), engine.connect() as connection:
        return connection.scalar(said) is not None


def _read(
    engine: Engine, tree: Tree, walk: Walk, sizes: set[int], progress: Callable[[int], None]
) -> tuple[dict[int, bytes], list[Finding]]:
    """Every entry through the walk and into the tree; the roots at the sizes that checkpoints speak of, and entries that have
    no number any more.
    """
    roots, unnumbered = {tree.size: tree.root()}, []
    for done, row in enumerate(every_row(engine, after=walk.expected - 1), start=1):
        values = list(row)
        if type(row.position) is not int:
            text = f"behind entry {walk.expected - 1} stands one whose position is no number: it was changed or put in"
            unnumbered.append(Finding(Fault.EDIT, walk.expected, walk.expected, text))
            continue
        tree.append(walk.take(row.position, values[1:-2], row.leaf, row.chain))
        walk.vouched.take(row)
        if tree.size in sizes:
            roots[tree.size] = tree.root()
        if done % _STEP == 0:
            progress(done)
    return roots, unnumbered


def _links(engine: Engine) -> Iterator[object]:
    gone = horizon(engine)
    yield FIRST_CHAIN if gone is None else gone[1]
    for row in every_row(engine):
        if type(row.position) is int:  # one without a number stands behind nothing
            yield row.chain


def _before(engine: Engine, first: int) -> list[Finding]:
    """Rows where none can be: they would be listed, and are no part of what was signed."""
    with answering(), engine.connect() as connection:
        lowest = connection.scalar(select(func.min(EntryRow.position)))
    if type(lowest) is not int or lowest >= first:
        return []
    return [Finding(Fault.EDIT, lowest, first - 1, f"there are entries before the first one, from {lowest} on: they were put in")]


def _waited(engine: Engine, waiting: Waiting | None, last: int) -> list[Finding]:
    """Entries that waited on a machine's disk, and are neither there nor here."""
    came, missing = gaps(engine, waiting)
    found = [
        Finding(Fault.DELETION, at, at, f"{number} entries that waited on a disk, due before entry {at}, are missing or changed")
        for at, number in came
    ]
    if missing:
        text = f"{len(missing)} entries that waited on this machine's disk are missing or changed"
        found.append(Finding(Fault.DELETION, last + 1, last + 1, text))
    return found


def _compare(
    trusted: Sequence[tuple[str, Checkpoint]], roots: dict[int, bytes], broken_at: int | None
) -> tuple[int, list[Finding]]:
    """The checkpoints that lie before the first break, against the roots of the entries. The rest follows from the break."""
    agreed, agreeing, found = 0, 0, []
    for source, one in sorted(trusted, key=lambda pair: pair[1].size):
        root = roots.get(one.size)
        if root is None or (broken_at is not None and one.size >= broken_at):
            continue
        if root == one.root:
            agreed, agreeing = one.size, agreeing + 1
        else:
            text = f"the entries up to {one.size} follow from one another, but are not those that were signed ({source})"
            found.append(Finding(Fault.FORK, agreed + 1, one.size, text))
    return agreeing, found
