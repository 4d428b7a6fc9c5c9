"""Blocks (spärrar) on the shred list: what each role has blocked or lifted, of which consent, so that no older backup undoes it.

A line names the registry's own number of a consent and a role, no person. When a backup is restored that was made before the
block, the consent in it leads back to the person: the block is put into its history at the instant at which it was set, before
anything that ended since is ended again. So what the next consent is under when the last one has gone is the same as it was
(`hub.registry.barring`). A block that was lifted since and that the backup knows stays: the safe side, and its role lifts it
again; of one that the backup does not know the time in which it stood stays out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.core.consent_rules import Signatory
from hub.registry.barring import carries
from hub.registry.history import Missing
from hub.registry.keyring import BLOCKS_ALL, BLOCKS_ONE, LIFTED, Ending, changes_state
from hub.registry.spans import Span
from hub.registry.tables import Consent, ConsentFact

__all__ = ["line_of", "missing_blocks", "unlisted"]

_LINES = frozenset({BLOCKS_ALL, BLOCKS_ONE, LIFTED})
_KINDS = ("blocked", "unblocked")


def line_of(consent_id: str, fact: ConsentFact) -> Ending | None:
    """The line of a fact that sets or lifts a block; of others there is none."""
    if fact.kind not in _KINDS:
        return None
    state = LIFTED if fact.kind == "unblocked" else BLOCKS_ALL if fact.details.get("all") else BLOCKS_ONE
    return Ending(fact.at, f"{consent_id}.{fact.by}", state)


def missing_blocks(consent: Consent, lines: Sequence[Ending]) -> tuple[list[Missing], list[Span]]:
    """Of the lines of one consent: the blocks that stand and it does not know of, and the times of those that are over."""
    known = {(fact.by, fact.at) for fact in consent.facts if fact.kind in _KINDS}
    stands: list[Missing] = []
    over: list[Span] = []
    for subject in sorted({one.subject for one in lines if one.state in _LINES}):
        role = subject.partition(".")[2]
        times, last = _times([one for one in lines if one.subject == subject])
        over += [span for span in times if (role, span[0]) not in known]
        if last is not None and (role, last.at) not in known and not carries(consent, role):
            stands.append(Missing(last.at, "blocked", Signatory(role), {"all": last.state == BLOCKS_ALL}))
    return stands, over


def unlisted(session: Session, listed: Mapping[str, Ending]) -> list[Ending]:
    """Lines that a crash kept off the list, or that are older than such lines. `listed`: the latest of each subject."""
    query = select(ConsentFact).where(ConsentFact.kind.in_(_KINDS)).order_by(ConsentFact.consent_id, ConsentFact.position)
    found = []
    latest = {subject: (one.at, one.state) for subject, one in listed.items()}
    for fact in session.scalars(query):
        line = line_of(fact.consent_id, fact)
        if line is None:
            continue
        at, state = latest.get(line.subject, (None, None))
        if (at is None or line.at > at) and changes_state(state, line.state):
            latest[line.subject] = (line.at, line.state)
            found.append(line)
    return found


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
