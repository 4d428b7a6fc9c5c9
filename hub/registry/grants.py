"""Granting: from a clerk's request to rows, one at a time or many to a transaction."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from hub.clock import stockholm_date
from hub.contract.identifiers import birth_date, canonical_identifier
from hub.contract.models import Cooperation
from hub.core.consent_rules import ConsentRules
from hub.core.consent_rules import Form as FormKind
from hub.errors import RejectedError
from hub.registry.aliases import find_by_aliases
from hub.registry.barring import bar, blocked_times, look_up, put_under, standing_blocks, take_up
from hub.registry.custody import forget_custody, known_custody, look_up_custody
from hub.registry.forms import tell_apart
from hub.registry.granting import Form, GrantRequest, check_end, check_form
from hub.registry.history import add_fact, registration
from hub.registry.lifecycle import add_youth, has_moved, identity, lookups_of, settle, sign_again, withdraw
from hub.registry.states import OPEN, State
from hub.registry.tables import Consent, Youth
from hub.registry.work import Work

__all__ = ["Checked", "GrantRules", "check", "enter", "find_youth", "know"]


@dataclass(frozen=True, slots=True)
class GrantRules:
    """What the installation allows: its agencies (those with keys), its teams and the cooperation each works in, and
    `consent.yaml`. Without teams: any recipient.
    """

    agencies: frozenset[str]
    teams: Mapping[str, Cooperation] | None
    consent: ConsentRules


@dataclass(frozen=True, slots=True)
class Checked:
    """A request that needs nothing but the database. Lives in memory only."""

    request: GrantRequest
    canonical: str
    lookup: bytes
    form: Form
    ends_at: datetime
    """When it ends if nobody does anything: the period's end, or the birthday that comes before it."""

    def __repr__(self) -> str:
        return "Checked(…)"


def check(work: Work, request: GrantRequest, rules: GrantRules) -> Checked:
    """All rules that need no row. Raises RejectedError, naming the field."""
    today = stockholm_date(work.now)
    try:
        canonical = canonical_identifier(request.identifier, today=today)
    except RejectedError as error:
        raise RejectedError(f"identifier: {error}", code=error.code) from None
    if not set(request.agencies) <= rules.agencies:
        raise RejectedError(f"agencies: agencies.yaml has only: {', '.join(sorted(rules.agencies))}", code="unknown_agency")
    if rules.teams is not None:
        _check_recipients(request, rules.teams)
    born = birth_date(canonical)
    form = check_form(request, born, today, rules.consent)
    ends_at = check_end(request, form, born, today, rules.consent)
    if request.state != "granted" and form.required - set(request.signed):
        raise RejectedError("state: only a consent that all have signed can be suspended or withdrawn", code="not_in_force")
    return Checked(request, canonical, work.tools.vault.lookup(canonical), form, ends_at)


def _check_recipients(request: GrantRequest, teams: Mapping[str, Cooperation]) -> None:
    """A consent to one cooperation permits nothing to a team of the other (DOMAIN §2), so naming one would promise in vain."""
    if not set(request.recipients) <= set(teams):
        raise RejectedError(f"recipients: teams.yaml has only: {', '.join(sorted(teams))}", code="unknown_recipient")
    others = sorted(name for name in set(request.recipients) if teams[name] != request.cooperation)
    if others:
        told = ", ".join(f"{name} ({teams[name]})" for name in others)
        text = f"recipients: a consent to {request.cooperation} does not cover {told}: register a consent to that cooperation"
        raise RejectedError(text, code="other_cooperation")


def know(work: Work, rows: Iterable[Checked]) -> None:
    """Read the youths of many rows at once, locked."""
    wanted = {row.lookup for row in rows} - set(work.known)
    found = work.session.scalars(
        select(Youth)
        .where(Youth.lookup.in_(wanted))
        .options(
            selectinload(Youth.consents).selectinload(Consent.facts),
            selectinload(Youth.entries),
            selectinload(Youth.link_keys),
            selectinload(Youth.aliases),
        )
        .order_by(Youth.youth_id)  # locked in one order by everybody: two imports must not wait for each other
        .with_for_update()
    )
    by_lookup = {youth.lookup: youth for youth in found}
    others = find_by_aliases(work, wanted - set(by_lookup))
    work.known.update({lookup: by_lookup.get(lookup) or others.get(lookup) for lookup in wanted})
    look_up(work, wanted)
    look_up_custody(work, wanted)
    work.fetch_keys({youth.youth_id for youth in (*by_lookup.values(), *others.values())})


def find_youth(work: Work, canonical: str) -> Youth | None:
    """The youth whose mapping stands, locked; None when there is none."""
    lookup = work.tools.vault.lookup(canonical)
    if lookup not in work.known:
        first = work.session.scalars(work.locking(select(Youth).where(Youth.lookup == lookup))).one_or_none()
        work.known[lookup] = first or find_by_aliases(work, [lookup]).get(lookup)
    return work.known[lookup]


def enter(work: Work, row: Checked) -> tuple[Youth, Consent]:
    """Write one checked consent. Raises RejectedError `already_granted` before anything is changed.

    Custody is the person's: what was recorded of it last says who signs, and what they have not signed waits for them. The form
    may name others beside them.
    """
    request = row.request
    youth = find_youth(work, row.canonical)
    if youth is not None and has_moved(work, youth):  # a birthday acts before what is done after it
        settle(work, youth)
        youth = find_youth(work, row.canonical)
    if youth is not None and any(_equal(consent, request) for consent in youth.consents):
        raise RejectedError("this very consent is already registered; sign, suspend or withdraw that one", code="already_granted")
    if youth is not None and youth.parties is not None:
        tell_apart(work, youth, identity(work, youth)[1])
    youth = youth or add_youth(work, row.canonical)
    lookups = lookups_of(youth)
    custody = known_custody(work, lookups, youth.consents) if row.form.kind is FormKind.CHILD else None
    forget_custody(work, lookups)  # this consent carries it, or is an adult's
    signatories = row.form.signatories if custody is None else custody.signatories | set(request.required)
    consent = _consent(work, row)
    blocks = standing_blocks(youth.consents, request.cooperation)
    barred = blocked_times(youth.consents, request.cooperation, work.now)
    youth.consents.append(consent)
    earlier = request.includes_earlier
    details = registration(consent, row.form.kind, signatories, includes_earlier=earlier, custody=custody)
    add_fact(work, consent, "registered", details=details)
    put_under(work, consent, blocks)
    bar(work, consent, barred)
    take_up(work, lookups, [consent])
    for role in sorted(set(request.signed)):
        add_fact(work, consent, "signed", role)
    settle(work, youth)
    _catch_up(work, youth, consent, request.state)
    return youth, consent


def _consent(work: Work, row: Checked) -> Consent:
    request = row.request
    return Consent(
        consent_id=str(uuid.uuid4()),
        cooperation=request.cooperation.value,
        agencies=sorted(set(request.agencies)),
        recipients=sorted(set(request.recipients)),
        kinds=sorted({kind.value for kind in request.kinds}),
        valid_from=request.valid_from.astimezone(UTC),
        valid_to=request.valid_to.astimezone(UTC),
        legal_basis=request.legal_basis,
        area=request.area,
        required=sorted(role.value for role in row.form.required),
        signed={},
        state=State.WAITING,
        created_at=work.now,
    )


def _catch_up(work: Work, youth: Youth, consent: Consent, since: str) -> None:
    """A consent registered from paper may have been suspended or withdrawn since."""
    if since == "suspended":
        sign_again(work, [consent])
    elif since == "withdrawn":
        withdraw(work, [consent], None)
    if since != "granted":
        settle(work, youth)


def _equal(consent: Consent, request: GrantRequest) -> bool:
    return (
        consent.state in OPEN
        and consent.cooperation == request.cooperation
        and consent.valid_from == request.valid_from
        and consent.valid_to == request.valid_to
        and set(consent.agencies) == set(request.agencies)
        and set(consent.recipients) == set(request.recipients)
        and set(consent.kinds) == set(request.kinds)
    )
