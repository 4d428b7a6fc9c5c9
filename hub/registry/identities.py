"""Merging and splitting: two rows that are one person, and one row that was two.

**Merging.** A samordningsnummer is replaced by a personnummer, or somebody was registered under two numbers. Where both have a
reference the older one stays, and the younger is withdrawn for ever. Withdrawing both would tell every receiver that the
person had ended her consent, which nobody did, and would end a lawful support; keeping the older one breaks the fewest tasks.
The open consents go on under the reference that stays, for they are the same person's. A consent that the other row has a
later withdrawal of, for the same cooperation, is suspended until all have signed it again: which of the two was meant to
hold is for the signatories to say. What had ended before stays with the row it ended in. Blocks and changes of custody are a
person's: what was blocked under one number is blocked under both, also for the time in which that stood, and a consent older than
a change of custody under the other number is suspended until the new signatories have signed; a block of who has lost custody by
it ends. What is kept of one number beyond its consents is kept of both from then on, where no open consent takes it up. The
names on a form go with its consent.

**Splitting.** Nobody can tell which consent, event or task of a mixed row was whose. So the reference is withdrawn wholly,
waiting consents too, everything is erased as after a withdrawal, and both persons begin anew from their own forms: new rows, new
references, new link keys. Nothing of the one can reach the other. What outlives the consents is kept of both: blocks as they
were, custody as what it is then, in doubt (`hub.registry.custody`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from hub.clock import stockholm_date
from hub.contract.identifiers import canonical_identifier
from hub.contract.models import Cooperation
from hub.core.consent_rules import Signatory
from hub.errors import RejectedError
from hub.registry import directory, lifecycle, protection
from hub.registry.aliases import add_alias, open_aliases
from hub.registry.barring import (
    bar,
    blocked_times,
    let_go_without_custody,
    put_under,
    spread_kept,
    standing_blocks,
    take_up,
)
from hub.registry.custody import (
    Custody,
    does_not_know,
    doubtful_custody,
    forget_custody,
    keep_custody,
    known_custody,
    latest_custody,
    recorded_custody,
)
from hub.registry.forms import carry_forms, open_forms, tell_apart
from hub.registry.grants import find_youth
from hub.registry.registry import Registry
from hub.registry.states import LIVE, OPEN, State
from hub.registry.tables import Consent, Youth
from hub.registry.views import NOBODY, YouthView, view_youth
from hub.registry.work import Work

__all__ = ["merge", "split"]

Record = Callable[[str], None]
"""Writes down whose row (`youth_id`) is about to be changed; called in the transaction, just before it commits."""


class _Side(NamedTuple):
    """One of two numbers that are merged: by which hashes it is found, and who has custody as far as is known of it alone."""

    lookups: list[bytes]
    custody: Custody | None


def merge(registry: Registry, former: str, present: str, record: Record) -> YouthView:
    """Say that two identifiers are one person's; `present` is the one that holds from now on (ages follow it).

    Where neither is registered, what is kept of them (blocks, custody, a marking) is kept of both, so that a form under the new
    number comes under it from its first moment. Raises RejectedError `no_consent` when there is nothing, `already_one` when they
    are one already.
    """
    with registry.work() as work:
        today = stockholm_date(work.now)
        numbers = [canonical_identifier(text, today=today) for text in (former, present)]
        rows = [find_youth(work, number) for number in numbers]
        found = [row for row in rows if row is not None]
        sides = [_known_of(work, number, row) for number, row in zip(numbers, rows, strict=True)]
        if not found:
            _tie(work, _lookups(work, numbers), sides)
            record("")
            return NOBODY
        if rows[0] is rows[1] or numbers[0] == numbers[1]:
            raise RejectedError("these two are one person already", code="already_one")
        stays = _stays(found)
        if protection.is_protected(work, _lookups(work, numbers, found)):  # what goes is told before it is gone
            for row in (row for row in found if row is not stays):
                protection.tell(work, row)
        for row in found:
            record(row.youth_id)
            if row is not stays:
                _absorb(work, stays, row)
        _rename(work, stays, numbers)
        _take_up_custody(work, stays)
        _let_go_of_blocks(work, sides, stays.consents)
        spread_kept(work, lifecycle.lookups_of(stays))  # what no open consent meets outlives them under every number
        work.session.flush()  # what is written may be let go of
        take_up(work, lifecycle.lookups_of(stays), stays.consents)
        protection.spread(work, stays)
        lifecycle.settle(work, stays)
        directory.tell_identifiers(work, stays)
        view = view_youth(stays)
    registry.shrink()
    return view


def split(registry: Registry, identifier: str, record: Record) -> YouthView:
    """Say that one row was two persons: all of it ends, and each begins anew; custody is in doubt then.

    Where nothing is registered, custody that is kept of this number is: of another that it was tied to, say so too. Raises
    RejectedError `no_consent` when none is.
    """
    with registry.work() as work:
        canonical = canonical_identifier(identifier, today=stockholm_date(work.now))
        youth = find_youth(work, canonical)
        if youth is None:
            _doubt_kept_custody(work, _lookups(work, [canonical]))
            record("")
            return NOBODY
        ended = [consent for consent in youth.consents if consent.state in OPEN]
        _doubt_custody(work, youth)
        lifecycle.withdraw(work, ended, None)
        lifecycle.settle(work, youth)
        record(youth.youth_id)
        view = view_youth(youth, ended)
    registry.shrink()
    return view


def _tie(work: Work, lookups: Sequence[bytes], sides: Sequence[_Side]) -> None:
    custody = known_custody(work, lookups)
    keep_custody(work, lookups, custody)
    _let_go_of_blocks(work, sides)
    there = [custody is not None, spread_kept(work, lookups), protection.spread_mark(work, lookups)]
    if len(lookups) == 1 or not any(there):
        raise RejectedError("no consent is registered for either of the two", code="no_consent")


def _doubt_custody(work: Work, youth: Youth) -> None:
    """A change of its own in each history, so that no older backup knows custody better. No block ends by a doubt."""
    kept = known_custody(work, lifecycle.lookups_of(youth))
    said = [*recorded_custody(youth.consents), *([] if kept is None else [kept])]
    if said:
        blocks = {block.by for one in Cooperation for block in standing_blocks(youth.consents, one)}
        lifecycle.sign_again(work, youth.consents, doubtful_custody(work, said) | (blocks - {Signatory.YOUTH}))


def _doubt_kept_custody(work: Work, lookups: Sequence[bytes]) -> None:
    custody = known_custody(work, lookups)
    if custody is None:
        raise RejectedError("no consent is registered for this person, and no custody is kept of the number", code="no_consent")
    keep_custody(work, lookups, Custody(work.now, doubtful_custody(work, [custody])))


def _known_of(work: Work, number: str, row: Youth | None) -> _Side:
    """The keyed hashes of one side of a merge, and who has custody as far as that side knows."""
    lookups = _lookups(work, [number], [] if row is None else [row])
    return _Side(lookups, known_custody(work, lookups, () if row is None else row.consents))


def _let_go_of_blocks(work: Work, sides: Sequence[_Side], consents: Sequence[Consent] = ()) -> None:
    """What is kept of a block under one number ends with the custody that the other knows its role to have lost."""
    latest = max((side.custody for side in sides if side.custody is not None), key=lambda one: one.since, default=None)
    for side in sides:
        if latest is not None and (side.custody is None or side.custody.since < latest.since):
            let_go_without_custody(work, side.lookups, latest.signatories, consents)


def _lookups(work: Work, numbers: Sequence[str], rows: Iterable[Youth] = ()) -> list[bytes]:
    """Every keyed hash of these numbers and rows, each once."""
    every = [*map(work.tools.vault.lookup, numbers), *(lookup for row in rows for lookup in lifecycle.lookups_of(row))]
    return list(dict.fromkeys(every))


def _stays(rows: Iterable[Youth]) -> Youth:
    """The older of the rows with a reference, else the older one."""
    return min(rows, key=lambda row: (row.youth_ref is None, row.created_at, row.youth_id))


def _absorb(work: Work, stays: Youth, goes: Youth) -> None:
    """Move what is open, end what is left."""
    doubtful = [c for c in (*stays.consents, *goes.consents) if _is_doubtful(c, goes if c.youth is stays else stays)]
    everything = [*stays.consents, *goes.consents]
    canonical, data_key = lifecycle.identity(work, goes)
    numbers = [canonical, *open_aliases(work, goes, data_key)]
    forms = open_forms(work, goes, data_key)  # whose each is all of the consents say
    moving = [consent for consent in goes.consents if consent.state in OPEN]
    sides = [list(stays.consents), list(goes.consents)]
    custody = [latest_custody(side) for side in sides]  # of both, before one is told of the other's
    tell_apart(work, stays, lifecycle.identity(work, stays)[1])  # before others' consents come beside
    for consent in moving:
        consent.youth = stays
    for mine, others, changed in zip(sides, sides[::-1], custody[::-1], strict=True):
        _spread_custody(work, mine, changed)
        _spread_blocked_times(work, [one for one in mine if one.youth is stays], others)
    lifecycle.sign_again(work, doubtful)
    _spread_blocks(work, everything)
    lifecycle.end_reference(work, goes)
    work.session.flush()  # the numbers are free before they are taken
    _, kept_key = lifecycle.identity(work, stays)
    carry_forms(work, forms, (stays, kept_key), moving)
    for number in numbers:
        add_alias(work, stays, kept_key, number)


def _spread_custody(work: Work, consents: Sequence[Consent], changed: Custody | None) -> None:
    """What was signed before custody changed under the other number, or since by others, is signed by whom it makes sign now."""
    if changed is not None:
        lifecycle.sign_again(work, [one for one in consents if does_not_know(one, changed)], changed.signatories)


def _take_up_custody(work: Work, youth: Youth) -> None:
    """What was kept of a number under which nothing was registered any more: what was signed before is signed again."""
    lookups, open_ones = lifecycle.lookups_of(youth), [consent for consent in youth.consents if consent.state in OPEN]
    kept = known_custody(work, lookups)
    _spread_custody(work, open_ones, kept)
    carried = latest_custody(open_ones)
    if kept is not None and carried is not None and carried.since >= kept.since:
        forget_custody(work, lookups)  # else a later consent would be told of it by nobody


def _spread_blocked_times(work: Work, consents: Sequence[Consent], others: Sequence[Consent]) -> None:
    """What happened while a block stood under one number is covered under neither (what expired covers its own time still)."""
    for consent in consents:
        if consent.state in OPEN | {State.EXPIRED}:
            bar(work, consent, blocked_times(others, consent.cooperation, work.now))


def _spread_blocks(work: Work, consents: Sequence[Consent]) -> None:
    """What was blocked under one number is blocked under both: they are one person's."""
    met = [(one, standing_blocks(consents, one.cooperation)) for one in consents if one.state in OPEN]
    for consent, blocks in met:
        put_under(work, consent, blocks)


def _is_doubtful(consent: Consent, other: Youth) -> bool:
    if consent.state not in LIVE or consent.in_force_at is None:
        return False
    return any(
        one.state == State.WITHDRAWN
        and one.cooperation == consent.cooperation
        and one.ended_at is not None
        and one.ended_at > consent.in_force_at
        for one in other.consents
    )


def _rename(work: Work, youth: Youth, numbers: list[str]) -> None:
    """`numbers[1]` becomes the first identifier, every other one a further one."""
    canonical, data_key = lifecycle.identity(work, youth)
    every = {canonical, *open_aliases(work, youth, data_key), *numbers}
    youth.aliases.clear()
    youth.lookup = None
    work.session.flush()
    vault = work.tools.vault
    youth.lookup = vault.lookup(numbers[1])
    youth.identity = vault.seal(data_key, youth.youth_id, "identity", numbers[1].encode("ascii"))
    work.known[youth.lookup] = youth
    for number in sorted(every - {numbers[1]}):
        add_alias(work, youth, data_key, number)
