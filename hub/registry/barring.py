"""Times of which a consent may cover nothing: a block (spärr) stood, or the person was protected.

Within one consent its history knows. Here is what one consent must be told of another, and what outlives all of a person's:

- **A consent registered beside others, or met by a merge**, is told of the blocks in the others' histories.
- **A block outlives the last consent.** The mapping and the data key are destroyed then; what stays is a keyed hash of the
  number, whose block it is (a role), what it blocks and since when, and nothing else. Without it a guardian could lift a youth's
  block by withdrawing and registering anew. The next consent is under it from its first moment; whoever lifts it leaves nothing.
  A guardian's block ends when custody is recorded as another's, and when the youth is 18.
- **A protection that was lifted** leaves the keyed hash and its two instants, no kind and no reason, for as long as a consent
  that covers what happened before it could reach back: the longest consent of `consent.yaml`.

Sources: DOMAIN §2 (a block beats a consent), §3 (a protected person is never correlated automatically).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, select

from hub.core.consent_rules import Form, Signatory
from hub.registry.history import add_fact, form_of
from hub.registry.kept_tables import BarredTime
from hub.registry.spans import Span
from hub.registry.states import OPEN, State
from hub.registry.tables import Consent, ConsentFact, Protection
from hub.registry.work import Work

__all__ = [
    "Block",
    "bar",
    "blocked_times",
    "blocks_of",
    "carries",
    "forget",
    "keep_block",
    "keep_blocks",
    "keep_protection",
    "kept_by",
    "let_go_without_custody",
    "lift_everything",
    "look_up",
    "outlived",
    "purge",
    "put_under",
    "spread_kept",
    "standing_blocks",
    "take_up",
]


class Block(NamedTuple):
    """A role's block: of everything, or of a consent's cooperation alone; since when it stands (a UTC instant)."""

    by: Signatory
    everything: bool
    since: datetime


def standing_blocks(consents: Sequence[Consent], cooperation: str) -> list[Block]:
    """The blocks that meet a consent of this cooperation: those of everything, and those of its own cooperation.

    `consents` are all of one person. A block outlives the consent that carried it: it stands until its role has lifted it, or
    custody is recorded as another's. Which form a consent was signed on is no matter: one that names the other guardian alone is
    met too.
    """
    found: dict[tuple[Signatory, bool], datetime] = {}
    for consent, fact, lifted in _blocks(consents):
        what = (Signatory(fact.by or ""), bool(fact.details.get("all")))
        if lifted is None and (what[1] or consent.cooperation == cooperation):
            found[what] = min(_since(fact), found.get(what, _since(fact)))
    return [Block(*what, since) for what, since in sorted(found.items())]


def put_under(work: Work, consent: Consent, blocks: Iterable[Block]) -> None:
    """Let a consent carry these blocks, each with the instant since when it stands; not what it carries as wide and as long."""
    for block in blocks:
        said = [one for one in _carried(consent, block.by) if bool(one.details.get("all")) is block.everything]
        if all(_since(one) > block.since for one in said):
            details = {"all": block.everything, "since": block.since.isoformat()}
            add_fact(work, consent, "blocked", block.by, details=details)


def blocked_times(consents: Sequence[Consent], cooperation: str, now: datetime) -> list[Span]:
    """The times in which these consents' blocks met a consent of this cooperation, until now; overlapping ones as they are."""
    return [
        (_since(fact), lifted or now)
        for consent, fact, lifted in _blocks(consents)
        if fact.details.get("all") or consent.cooperation == cooperation
    ]


def blocks_of(consents: Sequence[Consent], by: Signatory) -> list[tuple[Consent, list[Block]]]:
    """Those of a person's consents, ended ones too, that a role's blocks stand on, and which."""
    found: dict[Consent, list[Block]] = {}
    for consent, fact, lifted in _blocks(consents):
        if fact.by == by and lifted is None and (consent.state in OPEN or _stays(consent, by)):
            found.setdefault(consent, []).append(Block(by, bool(fact.details.get("all")), _since(fact)))
    return list(found.items())


def lift_everything(work: Work, consent: Consent, blocks: Sequence[Block]) -> bool:
    """Of a role's blocks on a consent, lift that of everything and leave that of its cooperation alone; whether there was one."""
    alone = [block for block in blocks if not block.everything]
    if len(alone) == len(blocks):
        return False
    if alone:
        details = {"all": False, "instead": True, "since": min(block.since for block in alone).isoformat()}
        add_fact(work, consent, "blocked", blocks[0].by, details=details)
    else:
        add_fact(work, consent, "unblocked", blocks[0].by)
    return True


def outlived(consents: Sequence[Consent], by: Signatory) -> list[Consent]:
    """Those of a person's consents that have ended while this role's block on them stands."""
    found = [consent for consent, fact, lifted in _blocks(consents) if fact.by == by and lifted is None and _stays(consent, by)]
    return [consent for consent in dict.fromkeys(found) if consent.state not in OPEN]


def _stays(consent: Consent, by: str) -> bool:
    """A guardian's block ends with the form when the youth is 18."""
    return by == Signatory.YOUTH or (consent.state != State.LAPSED and form_of(consent) is Form.CHILD)


def _blocks(consents: Sequence[Consent]) -> Iterator[tuple[Consent, ConsentFact, datetime | None]]:
    """Every block and when it was over. Once its consent has ended, at whichever of the others that was said.

    But what is said at a consent to one cooperation lifts no block of the other alone; custody is the person's.
    """
    for consent in consents:
        for fact in (one for one in consent.facts if one.kind == "blocked"):
            if consent.state in OPEN:
                later = consent.facts[fact.position :]
            else:
                alike = [other for other in consents if fact.details.get("all") or other.cooperation == consent.cooperation]
                said = [(other, one) for other in consents for one in other.facts if other in alike or one.kind != "unblocked"]
                later = [one for other, one in said if (one.position > fact.position if other is consent else one.at >= fact.at)]
            yield consent, fact, _over(fact, later)


def _since(block: ConsentFact) -> datetime:
    """Since when it stands: longer than its consent, which may have taken up what was kept or what met another."""
    said = block.details.get("since")
    return block.at if said is None else min(block.at, datetime.fromisoformat(said))


def _over(block: ConsentFact, later: Iterable[ConsentFact]) -> datetime | None:
    """When its role lifted a block, or custody was recorded as another's; None while it stands."""
    return min((one.at for one in later if _lifts(one, block)), default=None)


def _lifts(fact: ConsentFact, block: ConsentFact) -> bool:
    if fact.kind == "custody_changed" and fact.details.get("named"):
        return block.by not in {Signatory.YOUTH, *fact.details["signatories"]}
    instead = bool(fact.details.get("instead") and block.details.get("all"))  # of its cooperation alone from then on
    return fact.by == block.by and (fact.kind == "unblocked" or instead)


def look_up(work: Work, lookups: Collection[bytes]) -> None:
    """Read what is kept of many numbers at once; what the transaction has not read before."""
    unread = set(lookups) - set(work.barred)
    if unread:
        with work.session.no_autoflush:  # nothing that waits to be written changes what is kept of them
            query = select(BarredTime).where(BarredTime.lookup.in_(unread))
            rows = work.session.scalars(query.order_by(BarredTime.since, BarredTime.by, BarredTime.cooperation)).all()
        work.barred.update({lookup: [row for row in rows if row.lookup == lookup] for lookup in unread})


def bar(work: Work, consent: Consent, spans: Iterable[Span]) -> None:
    """Let a consent know of these times, as far as its own reaches back to them; of each once."""
    known = [fact.details for fact in consent.facts if fact.kind == "barred"]
    for since, until in sorted(set(spans)):
        details = {"since": since.isoformat(), "until": until.isoformat()}
        if since < until and until > consent.valid_from and details not in known:
            add_fact(work, consent, "barred", details=details)


def keep_blocks(work: Work, lookups: Collection[bytes], consents: Sequence[Consent]) -> None:
    """The mapping of these numbers is about to go: what stands is kept by their keyed hashes."""
    standing: dict[tuple[str, str], datetime] = {}
    for consent, fact, lifted in _blocks(consents):
        by = fact.by or ""
        if lifted is None and _stays(consent, by):
            what = (by, "" if fact.details.get("all") else consent.cooperation)
            standing[what] = min(_since(fact), standing.get(what, _since(fact)))
    for (by, cooperation), since in standing.items():
        keep_block(work, lookups, by, cooperation, since)


def keep_block(work: Work, lookups: Collection[bytes], by: str, cooperation: str, since: datetime | None = None) -> None:
    """A role's block of these numbers, of everything (no cooperation) or not, since an instant or now; the first one said."""
    at = since or work.now
    for lookup in lookups:
        kept = [row for row in _rows(work, [lookup]) if (row.by, row.cooperation) == (by, cooperation)]
        if not kept:
            _keep(work, BarredTime(lookup=lookup, since=at, until=None, by=by, cooperation=cooperation))
        elif at < min(row.since for row in kept):
            kept[0].since = at


def keep_protection(work: Work, marked: Protection) -> None:
    """A marking is lifted: the time in which it stood stays out of every later consent."""
    if marked.marked_at < work.now:
        _keep(work, BarredTime(lookup=marked.lookup, since=marked.marked_at, until=work.now, by="", cooperation=""))


def take_up(work: Work, lookups: Collection[bytes], consents: Collection[Consent]) -> None:
    """Put open consents under what is kept of their person's numbers. A block that they carry needs no keeping any more."""
    for row in _rows(work, lookups):
        met = _met(row, consents)
        for consent in met:
            bar(work, consent, [(row.since, row.until or work.now)])
            if row.by:
                put_under(work, consent, [Block(Signatory(row.by), not row.cooperation, row.since)])
        if met and row.by:
            _let_go(work, row)


def _met(row: BarredTime, consents: Iterable[Consent]) -> list[Consent]:
    return [consent for consent in consents if consent.state in OPEN and row.cooperation in {"", consent.cooperation}]


def carries(consent: Consent, by: str) -> bool:
    """Whether a block of this role stands in a consent's own history."""
    return bool(_carried(consent, by))


def _carried(consent: Consent, by: str) -> list[ConsentFact]:
    said = [fact for fact in consent.facts if fact.kind == "blocked" and fact.by == by]
    return [fact for fact in said if _over(fact, consent.facts[fact.position :]) is None]


def spread_kept(work: Work, lookups: Collection[bytes]) -> bool:
    """What is kept of one of these numbers is kept of all: they are one person's. Whether anything is."""
    kept = [(row.since, row.by, row.cooperation, row.until) for row in _rows(work, lookups)]
    for lookup in lookups:
        mine = {(row.since, row.by, row.cooperation): row for row in _rows(work, [lookup])}
        for since, by, cooperation, until in kept:
            row = mine.get((since, by, cooperation))
            if row is None:
                row = mine[since, by, cooperation] = BarredTime(
                    lookup=lookup, since=since, until=until, by=by, cooperation=cooperation
                )
                _keep(work, row)
            elif row.until is not None and until is not None:
                row.until = max(row.until, until)
    return bool(kept)


def forget(work: Work, lookups: Collection[bytes], by: Signatory, cooperations: Collection[str] | None) -> int:
    """A role lifts its kept blocks: of these cooperations, or all and everything (None). Answers how many there were."""
    rows = [row for row in _rows(work, lookups) if row.by == by.value]
    gone = [row for row in rows if cooperations is None or row.cooperation in cooperations]
    for row in gone:
        _let_go(work, row)
    return len(gone)


def kept_by(work: Work, lookups: Collection[bytes]) -> tuple[str, ...]:
    """The roles whose blocks are kept of these numbers."""
    return tuple(sorted({row.by for row in _rows(work, lookups) if row.by}))


def let_go_without_custody(
    work: Work, lookups: Collection[bytes], signatories: Collection[Signatory], consents: Collection[Consent] = ()
) -> None:
    """Custody is recorded as these signatories': what is kept of others' blocks ends. The youth's own stays.

    `consents` are those that it would have met: the time in which it stood stays out of them.
    """
    for row in [row for row in _rows(work, lookups) if row.by not in {"", Signatory.YOUTH, *signatories}]:
        for consent in _met(row, consents):
            bar(work, consent, [(row.since, work.now)])
        _let_go(work, row)


def purge(work: Work) -> None:
    """Let go of what is over and lies too far back for any consent to reach."""
    longest = timedelta(days=max(work.tools.consent.longest_days.values()))
    work.session.execute(delete(BarredTime).where(BarredTime.until < work.now - longest))


def _rows(work: Work, lookups: Collection[bytes]) -> list[BarredTime]:
    look_up(work, lookups)
    return [row for lookup in dict.fromkeys(lookups) for row in work.barred[lookup]]


def _keep(work: Work, row: BarredTime) -> None:
    look_up(work, [row.lookup])
    work.session.add(row)
    work.barred[row.lookup].append(row)


def _let_go(work: Work, row: BarredTime) -> None:
    work.session.delete(row)
    work.barred[row.lookup].remove(row)
