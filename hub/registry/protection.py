"""Protected identities (skyddade personuppgifter): they never enter, and who has entered leaves.

Whoever has sekretessmarkering or skyddad folkbokföring, or shares a household or a guardian with somebody who has, or leaves a
criminal setting by the exit programme (avhopparverksamhet), is never correlated automatically: named people handle her case
by hand. The registry keeps a keyed hash of such a number, no kind and no reason; all else goes to the manual lane, which
only the protected-cases officer can read.

**Marking somebody who has a reference.** At once a `suspended` record is published, her entries leave every directory, her case
and her parties' names are handed to the manual lane, and the names are erased here: in whichever way she became protected (a
command, a form, a merge, a restore). A process without a manual lane stops her and keeps the names sealed until one that has it
finds them. Nothing can be signed or granted meanwhile. For a configured time
(14 days) the decision can be reversed, as after a slip: consents that all had signed come back, and what was known goes on.
What happened while the mark stood stays out for good: she is never correlated by it, not even afterwards (DOMAIN §3).
After that the reference is withdrawn for ever and everything is erased as after a withdrawal; the mark stays. Had it been
erased at once, a slip would destroy a lawful support beyond repair; a suspended reference meanwhile shows and emits nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from hub.errors import RejectedError, RetriableError
from hub.registry import barring, lifecycle
from hub.registry.forms import open_forms, put_together
from hub.registry.grants import Checked, find_youth
from hub.registry.history import add_fact
from hub.registry.lifecycle import lookups_of
from hub.registry.states import OPEN, State
from hub.registry.tables import Consent, Protection, Youth
from hub.registry.work import Work

__all__ = [
    "MANUAL",
    "RESTORED",
    "divert",
    "due",
    "hand_over",
    "is_protected",
    "lift",
    "look_up",
    "lookups_of",
    "mark",
    "overlooked",
    "refuse",
    "require_open",
    "restore",
    "spread",
    "spread_mark",
    "suspend",
    "tell",
]

MANUAL = "manual_handling"
RESTORED = "restored"
"""Marks, in its details, a halt that a restore set, as nobody knows whose block it was: reversing a marking does not lift it."""


def refuse() -> RejectedError:
    """The one refusal for everything about a protected identity. Neutral: it does not say why a person handles this one."""
    text = "this person is handled by hand: nothing is registered here; turn to the officer for such cases"
    return RejectedError(text, code=MANUAL)


def look_up(work: Work, lookups: Iterable[bytes]) -> None:
    """Read the marks of many at once; what the transaction has not read before."""
    unread = {lookup for lookup in lookups if lookup not in work.marks}
    if unread:
        with work.session.no_autoflush:  # nothing that waits to be written changes what is marked
            marked = set(work.session.scalars(select(Protection.lookup).where(Protection.lookup.in_(unread))))
        work.marks.update({lookup: lookup in marked for lookup in unread})


def is_protected(work: Work, lookups: Iterable[bytes]) -> bool:
    """Whether one of these keyed hashes is marked."""
    wanted = list(lookups)
    look_up(work, wanted)
    return any(work.marks[lookup] for lookup in wanted)


def mark(work: Work, lookups: Iterable[bytes], at: datetime | None = None) -> None:
    """Mark, unless it is marked already. `at`: when that was decided; None: now."""
    wanted = list(lookups)
    look_up(work, wanted)
    for lookup in wanted:
        if not work.marks[lookup]:
            work.session.add(Protection(lookup=lookup, marked_at=at or work.now))
            work.marks[lookup] = True
    work.session.flush()


def divert(work: Work, row: Checked, form: Mapping[str, Any] | None = None) -> bool:
    """Whether a consent is a protected person's: then it goes to the manual lane, whole, and enters nothing here.

    The form may say so (`protected`), or the number is marked already. Somebody who is registered is stopped at once. `form`:
    what stands on it beside the request.
    """
    youth = find_youth(work, row.canonical)
    lookups = {row.lookup, *(lookups_of(youth) if youth is not None else ())}
    if row.request.protected is None and not is_protected(work, lookups):
        return False
    work.diverted.append(youth)
    hand_over(work, "consent", row.canonical, {"request": row.request.model_dump(mode="json"), **(form or {})})
    mark(work, lookups)
    if youth is not None:
        suspend(work, youth)
    return True


def require_open(work: Work, youth: Youth) -> None:
    """Raise the refusal when a person handles this youth by hand."""
    if is_protected(work, lookups_of(youth)):
        raise refuse()


def lift(work: Work, lookups: Iterable[bytes]) -> None:
    """Take the marks away; the time in which they stood stays out of every later consent."""
    gone = list(lookups)
    for row in work.session.scalars(select(Protection).where(Protection.lookup.in_(gone))):
        barring.keep_protection(work, row)
        work.session.delete(row)  # one by one, so that the shred list hears of it
    work.session.flush()
    work.marks.update(dict.fromkeys(gone, False))


def suspend(work: Work, youth: Youth, facts: Mapping[str, Any] | None = None) -> None:
    """Stop everything of a youth at once; signatures stay, so that a reversal needs none anew.

    First her case goes to the manual lane, with `facts` (what is known of the marking) whatever was told before. Without a lane
    the names wait here, unless there are facts to be told: RetriableError then, and nothing has changed.
    """
    if facts is not None or work.tools.lane is not None:
        tell(work, youth, facts)
        youth.parties = None
    for consent in youth.consents:
        if consent.state in OPEN:
            add_fact(work, consent, "halted")
    lifecycle.settle(work, youth)


def tell(work: Work, youth: Youth, facts: Mapping[str, Any] | None = None) -> None:
    """Hand over what is registered of a youth, with who stands on her forms; once, unless there are new facts to be told."""
    if facts is None and youth.parties is None and all(_is_halted(one) for one in youth.consents if one.state in OPEN):
        return
    canonical, data_key = lifecycle.identity(work, youth)
    parties = put_together(open_forms(work, youth, data_key).values())
    known = {
        "consents": [_said(one) for one in youth.consents],
        "parties": None if parties is None else parties.model_dump(mode="json"),
    }
    hand_over(work, "stopped", canonical, {**(facts or {"marking": "", "at": work.now.isoformat()}), **known})


def restore(work: Work, youth: Youth) -> None:
    """The marking is reversed: what all had signed comes back; what waited for a signature waits again."""
    for consent in youth.consents:
        if consent.state in OPEN and not any(fact.kind == "halted" and fact.details.get(RESTORED) for fact in consent.facts):
            add_fact(work, consent, "resumed")
    lifecycle.settle(work, youth)


def spread(work: Work, youth: Youth) -> None:
    """After a merge: who was protected under one number is so under all, and has been since the first marking."""
    lookups = lookups_of(youth)
    since = work.session.scalar(select(func.min(Protection.marked_at)).where(Protection.lookup.in_(lookups)))
    if since is not None:
        mark(work, lookups, since)
        for consent in youth.consents:
            if consent.state in OPEN | {State.EXPIRED}:
                barring.bar(work, consent, [(since, work.now)])
        suspend(work, youth)


def spread_mark(work: Work, lookups: Iterable[bytes]) -> bool:
    """Who is marked under one of these numbers is so under all, since the first marking. Whether anybody is."""
    wanted = list(lookups)
    since = work.session.scalar(select(func.min(Protection.marked_at)).where(Protection.lookup.in_(wanted)))
    if since is not None:
        mark(work, wanted, since)
    return since is not None


def overlooked(work: Work, youths: Iterable[Youth]) -> list[Youth]:
    """Those who are marked and yet in force, as earlier versions could leave it, which wrote to PostgreSQL side by side.

    Also those whose names still lie here, because nobody could hand them over when they were stopped.
    """
    names = work.tools.lane is not None
    asked = [one for one in youths if (names and one.parties is not None) or any(c.state == State.IN_FORCE for c in one.consents)]
    look_up(work, [lookup for youth in asked for lookup in lookups_of(youth)])
    return [youth for youth in asked if is_protected(work, lookups_of(youth))]


def due(work: Work, youths: Iterable[Youth]) -> list[Youth]:
    """Those whose marking can no longer be reversed, and who have something left to erase."""
    by_lookup = {lookup: youth for youth in youths for lookup in lookups_of(youth)}
    latest = work.now - work.tools.reversal
    query = select(Protection.lookup).where(Protection.lookup.in_(list(by_lookup)), Protection.marked_at <= latest)
    found = {by_lookup[lookup].youth_id: by_lookup[lookup] for lookup in work.session.scalars(query)}
    return [youth for youth in found.values() if any(consent.state in OPEN for consent in youth.consents)]


def _is_halted(consent: Consent) -> bool:
    """Whether a marking stopped it already; a restore's own halt is none."""
    said = [fact.kind for fact in consent.facts if fact.kind in {"halted", "resumed"} and not fact.details.get(RESTORED)]
    return said[-1:] == ["halted"]


def _said(consent: Consent) -> dict[str, Any]:
    return {
        "cooperation": consent.cooperation,
        "agencies": consent.agencies,
        "recipients": consent.recipients,
        "kinds": consent.kinds,
        "state": consent.state,
        "valid_from": consent.valid_from.isoformat(),
        "valid_to": consent.valid_to.isoformat(),
        "signed": consent.signed,
    }


def hand_over(work: Work, what: str, canonical: str, facts: dict[str, Any]) -> None:
    """Put a case in the manual lane: what happened, to whom, and all that was asked for. Raises RetriableError."""
    content = json.dumps({"what": what, "identifier": canonical, **facts}, ensure_ascii=False, sort_keys=True).encode()
    name = hmac.new(work.tools.vault.lookup(canonical), content, hashlib.sha256).hexdigest()[:32]
    if work.tools.lane is None:
        raise RetriableError("there is no manual lane here: use `hub consent` where keys/protected.public lies", code="no_lane")
    work.tools.lane.put(name, content, work.now)
