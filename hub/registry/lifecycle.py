"""What happens to a youth's rows when a consent comes into force, changes or ends. Everything within one `Work`.

Order rules: a record goes to the outbox in the same transaction as its cause; entries shrink in that transaction and grow
only after Kafka's acknowledgement; with the last scope the mapping, the data key and the link keys are destroyed.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping

from hub.clock import stockholm_date
from hub.contract.identifiers import birth_date
from hub.contract.ids import new_youth_ref
from hub.contract.models import ConsentRecord
from hub.registry import directory
from hub.registry.aliases import add_alias, open_aliases
from hub.registry.erasures import new_scope_erasures, request_erasure
from hub.registry.granting import ADULT_AGE, Signatory, age_in_years
from hub.registry.records import build_record, withdrawn_record
from hub.registry.states import LIVE, Standing, State
from hub.registry.tables import Consent, Youth
from hub.registry.work import Work

__all__ = ["add_youth", "bring_into_force", "end_reference", "expire", "identity", "settle", "withdraw"]


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


def bring_into_force(work: Work, consent: Consent) -> None:
    """When all have signed: in force, unless its time is already over."""
    if consent.state not in {State.WAITING, State.SUSPENDED} or set(consent.required) - set(consent.signed):
        return
    if consent.valid_to <= work.now:
        consent.state, consent.ended_at = State.EXPIRED, work.now
        return
    consent.state = State.IN_FORCE
    consent.in_force_at = consent.in_force_at or work.now


def withdraw(work: Work, consents: Iterable[Consent], by: Signatory | None) -> int:
    """End the given consents, waiting ones too; the answer is how many there were. `settle` draws the consequences."""
    ended = 0
    for consent in consents:
        if consent.state in LIVE or consent.state == State.WAITING:
            consent.state, consent.ended_at, consent.withdrawn_by = State.WITHDRAWN, work.now, by
            ended += 1
    return ended


def expire(work: Work, youth: Youth) -> bool:
    """Lapse what has reached its end, and at 18 what guardians signed; says whether anything did."""
    lapsed = False
    for consent in youth.consents:
        if consent.state not in LIVE and consent.state != State.WAITING:
            continue
        grown = set(consent.required) != {Signatory.YOUTH} and _age(work, youth) >= ADULT_AGE
        if consent.valid_to <= work.now or grown:
            consent.state, consent.ended_at = State.EXPIRED, work.now
            lapsed = True
    return lapsed


def settle(work: Work, youth: Youth) -> None:
    """Bring reference, record and directory in line with the consents."""
    states = {consent.state for consent in youth.consents}
    if youth.youth_ref is None and State.IN_FORCE in states:
        youth.youth_ref = new_youth_ref()
    if youth.youth_ref is None:
        if State.WAITING not in states:
            _destroy_mapping(work, youth)
    elif states & LIVE:
        _publish_change(work, youth, youth.youth_ref)
    elif youth.status != Standing.WITHDRAWN:
        _pass_on(work, youth)
        end_reference(work, youth)


def _publish_change(work: Work, youth: Youth, youth_ref: str) -> None:
    canonical, data_key = identity(work, youth)
    record = build_record(youth_ref, youth.record_version + 1, youth.consents, birth_date(canonical), work.now)
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
    waiting = [consent for consent in youth.consents if consent.state == State.WAITING]
    if not waiting:
        return
    canonical, data_key = identity(work, youth)
    further = open_aliases(work, youth, data_key)
    youth.lookup = None
    youth.aliases.clear()
    work.session.flush()
    successor = add_youth(work, canonical)
    successor.consents.extend(waiting)
    _, own_key = identity(work, successor)
    for number in further:
        add_alias(work, successor, own_key, number)


def end_reference(work: Work, youth: Youth) -> None:
    """Withdraw a reference for ever, ask for its erasure and destroy the mapping; a row that never had one loses its mapping."""
    if youth.youth_ref is not None:
        last = ConsentRecord.model_validate_json(youth.record or "")
        learned = directory.learned(work, youth)
        erasure_id = str(uuid.uuid4())
        directory.remove(work, youth, erasure_id)
        record = withdrawn_record(youth.youth_ref, youth.record_version + 1, last.legal_basis, work.now)
        _store(work, youth, record, Standing.WITHDRAWN)
        request_erasure(work, erasure_id, youth.youth_ref, learned)
    _destroy_mapping(work, youth)


def _store(work: Work, youth: Youth, record: ConsentRecord, status: Standing) -> None:
    youth.record, youth.record_version, youth.status = record.model_dump_json(), record.version, status
    work.announce(record)


def _destroy_mapping(work: Work, youth: Youth) -> None:
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


def _age(work: Work, youth: Youth) -> int:
    canonical, _ = identity(work, youth)
    return age_in_years(birth_date(canonical), stockholm_date(work.now))
