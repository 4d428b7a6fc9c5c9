"""Blocks (spärrar) on the shred list: what each role has blocked or lifted, of which consent, so that no older backup undoes it.

A line names the registry's own number of a consent and a role, no person. When a backup is restored that was made before the
block, the consent in it leads back to the person: the block is put into its history at the instant at which it was set, before
anything that ended since is ended again. So what the next consent is under when the last one has gone is the same as it was
(`hub.registry.barring`). A block that was lifted since and that the backup knows stays: the safe side, and its role lifts it
again; of one that the backup does not know the time in which it stood stays out. A change of custody lifts the block of whoever
has it no longer, and comes back itself (`hub.registry.custody_lines`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from hub.core.consent_rules import Signatory
from hub.registry.barring import carries
from hub.registry.history import Missing
from hub.registry.keyring import BLOCKS_ALL, BLOCKS_ONE, LIFTED, Ending, changes_state
from hub.registry.spans import Span
from hub.registry.tables import Consent, ConsentFact

__all__ = ["block_lines_of", "missing_blocks", "unlisted"]

_LINES = frozenset({BLOCKS_ALL, BLOCKS_ONE, LIFTED})
_KINDS = ("blocked", "unblocked")
_CUSTODY = "custody_changed"


def block_lines_of(consent: Consent, facts: Iterable[ConsentFact]) -> Iterator[Ending]:
    """The lines of those of a consent's facts that set or lift a block."""
    for fact in facts:
        if fact.kind in _KINDS:
            state = LIFTED if fact.kind == "unblocked" else BLOCKS_ALL if fact.details.get("all") else BLOCKS_ONE
            yield Ending(fact.at, f"{consent.consent_id}.{fact.by}", state)
        elif fact.kind == _CUSTODY and fact.details.get("named"):
            blocked = {one.by for one in consent.facts if one.kind == "blocked" and one.position < fact.position}
            for role in sorted(str(by) for by in blocked if _loses(str(by), fact.details["signatories"])):
                yield Ending(fact.at, f"{consent.consent_id}.{role}", LIFTED)


def missing_blocks(
    consent: Consent, lines: Sequence[Ending], changes: Sequence[Missing] = ()
) -> tuple[list[Missing], list[Span]]:
    """Of the lines of one consent: the blocks that stand and it does not know of, and the times of those that are over.

    `changes`: those of custody that come back with them, by which a block that the consent carries may have ended.
    """
    known = {(fact.by, fact.at) for fact in consent.facts if fact.kind in _KINDS}
    stands: list[Missing] = []
    over: list[Span] = []
    for subject in sorted({one.subject for one in lines if one.state in _LINES}):
        role = subject.partition(".")[2]
        times, last = _times([one for one in lines if one.subject == subject])
        over += [span for span in times if (role, span[0]) not in known]
        if last is None or (role, last.at) in known:
            continue
        ended = any(one.at <= last.at and _loses(role, one.details["signatories"]) for one in changes)
        if ended or not carries(consent, role):
            stands.append(Missing(last.at, "blocked", Signatory(role), {"all": last.state == BLOCKS_ALL}))
    return stands, over


def unlisted(session: Session, listed: Mapping[str, Ending]) -> list[Ending]:
    """Lines that a crash kept off the list, or that are older than such lines. `listed`: the latest of each subject."""
    blocked = select(ConsentFact.consent_id).where(ConsentFact.kind.in_(_KINDS))
    query = select(Consent).where(Consent.consent_id.in_(blocked)).order_by(Consent.consent_id)
    found = []
    latest = {subject: (one.at, one.state) for subject, one in listed.items()}
    for consent in session.scalars(query.options(selectinload(Consent.facts))):
        for line in block_lines_of(consent, consent.facts):
            at, state = latest.get(line.subject, (None, None))
            if (at is None or line.at > at) and changes_state(state, line.state):
                latest[line.subject] = (line.at, line.state)
                found.append(line)
    return found


def _loses(role: str, signatories: Collection[str]) -> bool:
    """Whether whoever has this role has custody no longer; the youth's own block is no matter of custody."""
    return role not in {Signatory.YOUTH, *signatories}


def _times(lines: Sequence[Ending]) -> tuple[list[Span], Ending | None]:
    """The times in which a block stood and was lifted, and the line that set the one that stands, the widest of several."""
    over: list[Span] = []
    since: datetime | None = None
    widest: str | None = None
    for one in lines:
        if one.state != LIFTED:
            since = since or one.at
            widest = BLOCKS_ALL if BLOCKS_ALL in {widest, one.state} else BLOCKS_ONE
        elif since is not None:
            over.append((since, one.at))
            since = widest = None
    if since is None or widest is None:
        return over, None
    return over, Ending(since, lines[0].subject, widest)
