"""What happens to a youth's rows when a consent comes into force, changes or ends. Everything within one `Work`.

Order rules: a record goes to the outbox in the same transaction as its cause; entries shrink in that transaction and grow
only after Kafka's acknowledgement; with the last scope the mapping, the data key and the link keys are destroyed.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import date

from hub.contract.identifiers import birth_date
from hub.contract.ids import new_youth_ref
from hub.contract.models import ConsentRecord
from hub.core.consent_facts import Rule
from hub.core.consent_rules import Form, Signatory
from hub.core.consent_scopes import Account
from hub.errors import FatalError, RetriableError
from hub.registry import barring, directory
from hub.registry.aliases import add_alias, open_aliases
from hub.registry.custody import keep_custody, known_custody
from hub.registry.erasures import new_scope_erasures, request_erasure
from hub.registry.forms import carry_forms, let_go_of_forms, open_forms, over
from hub.registry.history import account_of, add_fact, form_of, project
from hub.registry.records import build_record, withdrawn_record
from hub.registry.states import LIVE, OPEN, Standing, State
from hub.registry.tables import Consent, Youth
from hub.registry.work import Work

__all__ = [
    "accounts",
    "add_youth",
    "end_reference",
    "has_moved",
    "identity",
    "lookups_of",
    "settle",
    "sign_again",
    "withdraw",
]


def add_youth(work: Work, canonical: str) -> Youth:
    """A new row for a person who has none; her identifier is sealed from the first moment."""
    youth_id = uuid.uuid4().hex
    data_key, wrapped = work.tools.vault.new_data_key(youth_id)
    youth = Youth(
        youth_id=youth_id,
        lookup=work.tools.vault.lookup(canonical),
        identity=work.tools.vault.seal(data_key, youth_id, "identity", canonical.encode("ascii")),
        status=Standing.NONE,
        record_version=0,
        acked_version=0,
        created_at=work.now,
    )
    work.keep_key(youth_id, wrapped)
    work.session.add(youth)
    work.known[work.tools.vault.lookup(canonical)] = youth
    return youth


def identity(work: Work, youth: Youth) -> tuple[str, bytes]:
    """The canonical identifier and the data key of a youth whose mapping stands."""
    if youth.identity is None:
        raise ValueError("the mapping of this row is destroyed")
    data_key = work.tools.vault.data_key(youth.youth_id, work.wrapped_key(youth.youth_id))
    return work.tools.vault.open(data_key, youth.youth_id, "identity", youth.identity).decode("ascii"), data_key


def withdraw(work: Work, consents: Iterable[Consent], by: Signatory | None, *, oral: bool = False) -> int:
    """End the given consents, waiting ones too; the answer is how many there were. `settle` draws the consequences.

    Needs no birth date: a withdrawal must be possible when nothing else of a youth can be read any more. `by` must be one
    whose signature is needed or was given.
    """
    ended = 0
    for consent in consents:
        if consent.state in OPEN:
            add_fact(work, consent, "withdrawn", by, oral=oral)
            consent.state, consent.rule = State.WITHDRAWN, Rule.WITHDRAWN.value
            consent.ended_at, consent.withdrawn_by = work.now, None if by is None else by.value
            ended += 1
    return ended


def sign_again(work: Work, consents: Iterable[Consent], signatories: Iterable[Signatory] = ()) -> int:
    """After a change of custody all sign again: whom custody makes sign from now on, else the same as before.

    Only what guardians signed knows custody. The answer is how many consents it changes.
    """
    named = sorted(role.value for role in signatories)
    changed = 0
    for consent in consents:
        if consent.state in OPEN and form_of(consent) is Form.CHILD:
            details = {"signatories": named or _custody(consent), "named": bool(named)}
            add_fact(work, consent, "custody_changed", details=details)
            changed += 1
    return changed


def _custody(consent: Consent) -> list[str]:
    rounds = [fact.details["signatories"] for fact in consent.facts if fact.kind in {"registered", "custody_changed"}]
    return list(rounds[-1])


def accounts(work: Work, youth: Youth) -> list[Account]:
    """How each consent of a youth whose mapping stands stands now, in the order in which they were registered."""
    born = _born(work, youth)
    return [account_of(work, consent, born) for consent in youth.consents]


def has_moved(work: Work, youth: Youth, *, ending: bool = False) -> bool:
    """Whether time alone has changed where one of her open consents stands, or who must sign: a birthday, an end, a new rule.

    `ending`: where her birth date cannot be read, nothing has moved: a withdrawal takes none.
    """
    open_ones = [consent for consent in youth.consents if consent.state in OPEN]
    if not open_ones:
        return False
    try:
        born = _born(work, youth)
    except (FatalError, RetriableError):  # her key is gone, or what unwraps it is away
        if not ending:
            raise
        return False
    standings = [account_of(work, consent, born).standing for consent in open_ones]
    return any(
        (now.rule, sorted(now.required)) != (consent.rule, consent.required)
        for now, consent in zip(standings, open_ones, strict=True)
    )


def settle(work: Work, youth: Youth) -> None:
    """Bring states, reference, record and directory in line with the histories of the consents."""
    _project(work, youth)
    if youth.youth_ref is None and any(consent.state == State.IN_FORCE for consent in youth.consents):
        youth.youth_ref = new_youth_ref()
    if youth.youth_ref is None:
        if not any(consent.state in OPEN for consent in youth.consents):
            _destroy_mapping(work, youth)
    elif any(consent.state in LIVE and consent.in_force_at is not None for consent in youth.consents):
        _publish_change(work, youth, youth.youth_ref)
    elif youth.status != Standing.WITHDRAWN:
        _pass_on(work, youth)
        end_reference(work, youth)
    if youth.parties is not None and over(youth.consents):
        let_go_of_forms(work, youth, identity(work, youth)[1])


def _project(work: Work, youth: Youth) -> None:
    open_ones = [consent for consent in youth.consents if consent.state in OPEN]
    if open_ones:
        born = _born(work, youth)
        for consent in open_ones:
            project(work, consent, born)


def _publish_change(work: Work, youth: Youth, youth_ref: str) -> None:
    canonical, data_key = identity(work, youth)
    consents = list(zip(youth.consents, accounts(work, youth), strict=True))
    record = build_record(youth_ref, youth.record_version + 1, consents, birth_date(canonical), work.now)
    directory.prepare(work, youth, data_key)
    erasures = new_scope_erasures(work, youth)
    losing = directory.narrow(work, youth, _by_agency(youth, erasures))
    if youth.record is None or not _same(ConsentRecord.model_validate_json(youth.record), record):
        _store(work, youth, record, Standing(record.status.value))
    for scope_id, erasure_id in erasures.items():
        learned = [agency for agency, asked in losing.items() if asked == erasure_id]
        request_erasure(work, erasure_id, youth_ref, learned, scope_id)


def _by_agency(youth: Youth, erasures: Mapping[str, str]) -> dict[str, str]:
    """The erasure that an agency's connectors answer when these scopes were its last ones."""
    named = [(consent, erasures[consent.consent_id]) for consent in youth.consents if consent.consent_id in erasures]
    return {agency: erasure_id for consent, erasure_id in named for agency in consent.agencies}


def _pass_on(work: Work, youth: Youth) -> None:
    """What still awaits a signature goes on under a row, and later a reference, of its own."""
    waiting = [consent for consent in youth.consents if consent.state in OPEN]
    if not waiting:
        return
    canonical, data_key = identity(work, youth)
    further = open_aliases(work, youth, data_key)
    forms = open_forms(work, youth, data_key)  # whose each is all of the consents say
    _keep_what_outlives(work, youth)
    youth.lookup = None
    youth.aliases.clear()
    work.session.flush()
    successor = add_youth(work, canonical)
    successor.consents.extend(waiting)
    _, own_key = identity(work, successor)
    for number in further:
        add_alias(work, successor, own_key, number)
    carry_forms(work, forms, (successor, own_key), waiting)


def end_reference(work: Work, youth: Youth) -> None:
    """Withdraw a reference for ever, ask for its erasure and destroy the mapping; a row that never had one loses its mapping."""
    if youth.youth_ref is not None:
        last = ConsentRecord.model_validate_json(youth.record or "")
        erasure_id = str(uuid.uuid4())
        learned = directory.remove(work, youth, erasure_id)
        record = withdrawn_record(youth.youth_ref, youth.record_version + 1, last.legal_basis, work.now)
        _store(work, youth, record, Standing.WITHDRAWN)
        request_erasure(work, erasure_id, youth.youth_ref, learned)
    _destroy_mapping(work, youth)


def _store(work: Work, youth: Youth, record: ConsentRecord, status: Standing) -> None:
    youth.record, youth.record_version, youth.status = record.model_dump_json(), record.version, status
    work.announce(record)


def lookups_of(youth: Youth) -> list[bytes]:
    """Every keyed hash by which a youth is found."""
    return [lookup for lookup in (youth.lookup, *(alias.lookup for alias in youth.aliases)) if lookup is not None]


def _keep_what_outlives(work: Work, youth: Youth) -> None:
    """Blocks and custody are known of the person's numbers though the mapping goes; custody of a child only."""
    lookups = lookups_of(youth)
    barring.keep_blocks(work, lookups, youth.consents)
    if all(form_of(consent) is Form.CHILD and consent.state != State.LAPSED for consent in youth.consents):
        keep_custody(work, lookups, known_custody(work, lookups, youth.consents))


def _destroy_mapping(work: Work, youth: Youth) -> None:
    _keep_what_outlives(work, youth)
    if youth.lookup is not None:
        work.known[youth.lookup] = None
    for alias in youth.aliases:
        work.known[alias.lookup] = None
    youth.lookup = youth.identity = youth.parties = None
    youth.link_keys.clear()
    youth.aliases.clear()
    youth.ended_at = work.now


def _same(before: ConsentRecord, after: ConsentRecord) -> bool:
    return before.model_copy(update={"version": after.version, "recorded_at": after.recorded_at}) == after


def _born(work: Work, youth: Youth) -> date:
    return birth_date(identity(work, youth)[0])
