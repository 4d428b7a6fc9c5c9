"""The receipt of a consent in the fields of ISO/IEC TS 27560:2023, for people and, as JSON, for machines.

Names and order of the fields follow the specification: a header, the processing (6.3.4), the parties (6.3.6) and the events
(6.3.7). Beside them stands the scope as the form says it: the specification has no field for what happened before all had
signed. It names no person: the holder of the paper knows whose it is, and the record is found by its number.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from hub.registry.cases import ConsentCase
from hub.web.consents.field_titles import NEVER
from hub.web.consents.office import Office
from hub.web.consents.scope import Fact
from hub.web.consents.titles import COOPERATIONS, KINDS, LEGAL_BASES, told
from hub.web.language import Words

__all__ = ["SCHEMA_VERSION", "build_receipt"]

SCHEMA_VERSION: Final = "ISO/IEC TS 27560:2023"
_STATES: Final = {
    "waiting": "consent_requested", "disputed": "consent_requested", "in_force": "consent_given",
    "suspended": "consent_suspended", "blocked": "consent_suspended", "expired": "consent_expired", "lapsed": "consent_expired",
    "withdrawn": "consent_withdrawn",
}  # fmt: skip


def build_receipt(
    case: ConsentCase, scope: Sequence[Fact], office: Office, words: Words, now: datetime
) -> dict[str, Any]:  # fmt: skip
    """What JSON can hold; instants are UTC in ISO 8601, texts in the visitor's language; `scope` as the form says it."""
    return {
        "schema_version": SCHEMA_VERSION,
        "receipt_id": f"urn:uuid:{case.consent_id}:{now:%Y%m%dT%H%M%SZ}",
        "record_id": f"urn:uuid:{case.consent_id}",
        "pii_principal_id": f"holder-of:{case.document or case.consent_id}",
        "pii_processing": _processing(case, scope, office, words),
        "party_identification": [_controller(office, words), *_agencies(case, office), *_recipients(case, office)],
        "events": _events(case),
    }


def _processing(case: ConsentCase, scope: Sequence[Fact], office: Office, words: Words) -> dict[str, Any]:
    text = words.text
    kinds = [
        {
            "pii_type": kind,
            "pii_description": told(KINDS, kind, words),
            "pii_optional": False,
            "sensitive_pii_category": kind == "police_notice",
            "special_pii_category": False,
        }
        for kind in case.kinds
    ]
    return {
        "privacy_notice": text("The form that was signed: {document}", document=case.document or case.consent_id),
        "language": words.language,
        "purposes": [
            {
                "purpose": case.cooperation,
                "purpose_description": told(COOPERATIONS, case.cooperation, words),
                "lawful_basis": told(LEGAL_BASES, case.legal_basis, words),
            }
        ],
        "pii_information": kinds,
        "pii_controllers": [office.municipality],
        "collection_method": text("Coded fields from the agencies' own systems"),
        "processing_method": text("Counted by rules that a person can read; a person decides, always. No score, no profile."),
        "storage_locations": [text("The municipality's own servers")],
        "retention_period": f"P{office.retention_days}D",
        "processing_locations": ["SE"],
        "geographic_restrictions": ["SE"],
        "recipient_third_parties": list(case.recipients),
        "withdrawal_method": text("Say so to anybody who works here, by word of mouth or in writing. It ends within seconds."),
        "privacy_rights": [
            text("Access, by a register extract"), text("Rectification"), text("Erasure, at once by withdrawing"),
            text("Complaint to the Swedish Authority for Privacy Protection (IMY)"),
        ],
        "jurisdiction": "SE",
        "scope": {fact.part: fact.text for fact in scope},
        "never_processed": [text(one) for one in NEVER],
    }  # fmt: skip


def _controller(office: Office, words: Words) -> dict[str, str]:
    return {
        "party_id": office.municipality, "party_name": office.unit, "party_role": "pii_controller",
        "party_type": words.text("municipality"),
    }  # fmt: skip


def _agencies(case: ConsentCase, office: Office) -> list[dict[str, str]]:
    return [
        {"party_id": code, "party_name": office.agencies[code].title, "party_role": "source"}
        for code in case.agencies
        if code in office.agencies
    ]


def _recipients(case: ConsentCase, office: Office) -> list[dict[str, str]]:
    return [
        {"party_id": code, "party_name": office.teams[code].title, "party_role": "recipient"}
        for code in case.recipients
        if code in office.teams
    ]


def _events(case: ConsentCase) -> list[dict[str, str]]:
    """One for each signature, and one for each step of the whole, in order of time."""
    validity = _duration(case.ends_at - case.valid_from)
    steps = [(case.created_at, "registry", "consent_requested")]
    steps += [(at, role, "signature_registered") for role, at in case.signed.items()]
    if case.in_force_at is not None:
        steps.append((case.in_force_at, "registry", "consent_given"))
    if case.ended_at is not None:
        steps.append((case.ended_at, case.withdrawn_by or "registry", _STATES[case.state]))
    return [
        {
            "event_time": at.isoformat(timespec="seconds"), "validity_duration": validity, "entity_id": entity,
            "event_type": "explicit", "event_state": state,
        }
        for at, entity, state in sorted(steps, key=lambda step: step[0])
    ]  # fmt: skip


def _duration(length: timedelta) -> str:
    return f"P{round(length.total_seconds() / 86400)}D"
