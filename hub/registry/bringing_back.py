"""Puts into an older database what the shred list says of consents that stand in it: what was blocked or left out, and custody.

Each comes back as a fact of the instant at which it was, in the order of those instants, whatever it is: a history goes forward
only, and what came back behind something later would count from that on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from hub.errors import RejectedError
from hub.registry import lifecycle
from hub.registry.barring import bar
from hub.registry.block_lines import missing_blocks
from hub.registry.custody_lines import is_custody, missing_custody
from hub.registry.history import Missing, add_fact
from hub.registry.keyring import BLOCKS_ALL, BLOCKS_ONE, LIFTED, NARROWED, Ending
from hub.registry.narrow_lines import missing_narrowings
from hub.registry.protection import RESTORED
from hub.registry.states import OPEN
from hub.registry.tables import Consent
from hub.registry.work import Work

__all__ = ["bring_back", "by_consent", "halt"]

_LINES = frozenset({BLOCKS_ALL, BLOCKS_ONE, LIFTED, NARROWED})


def by_consent(endings: Iterable[Ending]) -> list[list[Ending]]:
    """The lines of blocks, of custody and of narrowing, those of one consent together, in the list's order."""
    found: dict[str, list[Ending]] = defaultdict(list)
    for one in endings:
        if one.state in _LINES or is_custody(one):
            found[one.subject.partition(".")[0]].append(one)
    return list(found.values())


def bring_back(work: Work, lines: Sequence[Ending], shredded: Collection[str]) -> bool:
    """Put what the lines say of one consent into its history, where an older database does not know of it.

    Of a youth whose key is `shredded` nothing can be settled: whoever ends her does that, and her blocks and custody outlive it.
    """
    consent = work.session.get(Consent, lines[0].subject.partition(".")[0])
    if consent is None or consent.youth.identity is None or consent.state not in OPEN:
        return False
    before = len(consent.facts)
    gone = consent.youth_id in shredded
    changes = missing_custody(consent, lines)
    missing, over = missing_blocks(consent, lines, changes)
    missing += changes + ([] if gone else _less(work, consent, lines))
    for one in sorted(missing, key=lambda fact: fact.at):
        add_fact(work, consent, one.kind, one.by, details=one.details, at=one.at)
    bar(work, consent, over)  # last: that a time is over becomes known now
    if len(consent.facts) == before:
        return False
    if not gone:
        lifecycle.settle(work, consent.youth)
    return True


def halt(work: Work, consent: Consent) -> bool:
    """Nobody's signature lets this consent go on, until a person has looked at its form; whether it did before."""
    if any(fact.kind == "halted" and fact.details.get(RESTORED) for fact in consent.facts):
        return False
    add_fact(work, consent, "halted", details={RESTORED: True})
    return True


def _less(work: Work, consent: Consent, lines: Sequence[Ending]) -> list[Missing]:
    try:
        return missing_narrowings(consent, lines)
    except RejectedError:  # lists of copies that parted: each left something, together they leave nothing
        halt(work, consent)
        return []
