"""Keeps keyring and database in step: what ended here goes on the shred list there, and the list wins over an older database.

Order: (1) a transaction ends a consent or a mapping, and is committed; (2) its endings go on the shred list and the keys are
destroyed. A crash between them is made good by `reconcile`, which runs at every start of the registry and hourly. The same
`reconcile` ends in a restored database what had ended since that copy was made.

A key whose youth this database does not know is not destroyed by itself, nor put on the list, which is for ever: an empty or an
older database knows nothing of who has a key. It is told in the log. A restore alone destroys it (`abandon`): whoever restores
has decided that this database counts from now on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.logs import get_logger
from hub.registry import lifecycle, protection
from hub.registry.block_lines import unlisted
from hub.registry.bringing_back import bring_back, by_consent, halt
from hub.registry.custody_lines import unlisted_custody
from hub.registry.endings import TOLD
from hub.registry.keyring import PROTECTED, SHREDDED, Ending, KeyStore, changes_state, latest_of
from hub.registry.narrow_lines import unlisted_narrowings
from hub.registry.registry import Registry
from hub.registry.states import OPEN, State
from hub.registry.tables import Alias, Consent, Protection, Youth
from hub.registry.work import Work

__all__ = ["Reconciled", "abandon", "reconcile", "unlisted_endings"]

_UNCOMMITTED = timedelta(hours=1)  # a key is kept before its youth is committed
_AT_ONCE = 25  # in one transaction: whoever else writes waits so long
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """`ended`: youths and consents that the list ended, blocked or made less, or put under another custody, and persons that it
    marked as protected, in the database; `told`: endings that were missing on the list.
    """

    ended: int
    told: int


def reconcile(registry: Registry, keys: KeyStore, now: datetime) -> Reconciled:
    """Replay the shred list on the database, then add to the list what it lacks. Raises RetriableError."""
    endings = keys.endings()
    listed = latest_of(endings)
    ended = _replay(registry, list(listed.values()), by_consent(endings))
    with registry.view() as session:
        missing = _missing(session, keys, listed, now)
        known = set(session.scalars(select(Youth.youth_id)))
    unknown = any(name not in known and since < now - _UNCOMMITTED for name, since in keys.ages().items())
    if missing:
        keys.end(missing)
    if unknown:
        _log.warning(
            "the keyring has data keys of youths that the database does not know; they stay: a transaction was cut off, or this "
            "is an older or another database than theirs",
            code="unknown_keys",
        )
    return Reconciled(ended, len(missing))


def unlisted_endings(session: Session, keys: KeyStore, now: datetime) -> list[Ending]:
    """What has ended in this database and is on the keyring's list not yet: it was committed, and then something was cut off.

    Raises RetriableError.
    """
    return _missing(session, keys, latest_of(keys.endings()), now)


def abandon(registry: Registry, keys: KeyStore, now: datetime) -> int:
    """Destroy, and put on the list, the keys of youths that the database does not know; how many. Raises RetriableError.

    Only for a registry that has been brought back on purpose, while nobody registers anybody: what was registered after its
    backup, a moment before the restore too, begins anew, and no later backup may bring that back beside it.
    """
    with registry.view() as session:
        known = set(session.scalars(select(Youth.youth_id)))
    unknown = keys.ages().keys() - known
    keys.end([Ending(now, name, SHREDDED) for name in sorted(unknown)])
    return len(unknown)


def _replay(registry: Registry, listed: Sequence[Ending], lines: Sequence[Sequence[Ending]]) -> int:
    """Narrow, block and put under custody again what the list says, then end what it says has ended, which those outlive.

    Youths before consents: of whom the key is destroyed nothing can be settled.
    """
    ended = 0
    shredded = {one.subject for one in listed if one.state == SHREDDED}
    for start in range(0, len(lines), _AT_ONCE):
        with registry.work() as work:
            ended += sum(bring_back(work, told, shredded) for told in lines[start : start + _AT_ONCE])
    consents = [one for one in listed if one.state in TOLD]
    youths = [one for one in listed if one.state == SHREDDED]
    marked = [one for one in listed if one.state == PROTECTED]
    for endings, replay in ((youths, _end_youth), (consents, _end_consent), (marked, _protect)):
        for start in range(0, len(endings), _AT_ONCE):
            with registry.work() as work:
                ended += sum(replay(work, one) for one in endings[start : start + _AT_ONCE])
    return ended


def _end_youth(work: Work, ending: Ending) -> bool:
    youth = work.session.get(Youth, ending.subject, with_for_update=True)
    if youth is None or youth.identity is None:
        return False
    # Those that await a signature too: whose they are cannot be read any more.
    lifecycle.withdraw(work, [consent for consent in youth.consents if consent.state in OPEN], None)
    lifecycle.settle(work, youth)
    return True


def _end_consent(work: Work, ending: Ending) -> bool:
    consent = work.session.get(Consent, ending.subject)
    if consent is None or consent.youth.identity is None:
        return False
    over = ending.state == State.WITHDRAWN
    changed = lifecycle.withdraw(work, [consent], None) if over else _stop(work, consent, ending.state)
    if changed:
        lifecycle.settle(work, consent.youth)
    return bool(changed)


def _protect(work: Work, ending: Ending) -> bool:
    """Mark whoever was marked since, by the keyed hash that the list has of her, and stop everything of hers at once.

    A marking that was lifted since stays in a restored database: the safe side, and `hub consent unprotect` lifts it again.
    """
    lookup = bytes.fromhex(ending.subject)
    if protection.is_protected(work, [lookup]):
        return False
    alias = select(Alias.youth_id).where(Alias.lookup == lookup)
    here = (Youth.lookup == lookup) | Youth.youth_id.in_(alias)
    youth = work.session.scalars(select(Youth).where(here).with_for_update()).one_or_none()
    protection.mark(work, [lookup], ending.at)
    if youth is not None and youth.identity is not None:
        protection.suspend(work, youth)
    return True


def _stop(work: Work, consent: Consent, state: str) -> int:
    """What was suspended, blocked or disputed when the list was written: all sign again, an adult's waits for a person.

    Whose block it was the lines of blocks say. Where an older list has none, nobody's signature may lift it: it is halted,
    waiting too, until a person has looked at the form.
    """
    if state == State.BLOCKED and consent.state in OPEN - TOLD:
        return int(halt(work, consent))
    if consent.state != State.IN_FORCE:
        return 0
    if not lifecycle.sign_again(work, [consent]):
        halt(work, consent)
    return 1


def _missing(session: Session, keys: KeyStore, listed: dict[str, Ending], now: datetime) -> list[Ending]:
    """Endings that a crash kept off the list: destroyed mappings, ended consents."""
    gone = set(session.scalars(select(Youth.youth_id).where(Youth.identity.is_(None))))
    shredded = [name for name in keys.ages() if name in gone]
    query = select(Consent.consent_id, Consent.state, Consent.ended_at).where(Consent.state.in_([state.value for state in TOLD]))
    consents = [
        Ending(at or now, name, state)
        for name, state, at in session.execute(query)
        if changes_state(listed[name].state if name in listed else None, state)
    ]
    marks = session.execute(select(Protection.lookup, Protection.marked_at))
    protected = [Ending(at, lookup.hex(), PROTECTED) for lookup, at in marks if lookup.hex() not in listed]
    lines = unlisted(session, listed) + unlisted_custody(session, listed) + unlisted_narrowings(session, listed)
    return [Ending(now, name, SHREDDED) for name in shredded] + consents + protected + lines
