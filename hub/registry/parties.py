"""The people on a consent form: the youth's name, the guardians' names and how to reach them.

Who may see the form's consent needs them; nobody else does, and nothing of them goes on Kafka. They are sealed under the youth's
data key and go with the mapping.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pydantic import ValidationError

from hub.clock import stockholm_date
from hub.contract.identifiers import canonical_identifier
from hub.errors import RejectedError
from hub.registry import lifecycle, protection
from hub.registry.forms import Parties, Party, open_forms, put_together, seal_forms
from hub.registry.grants import find_youth
from hub.registry.registry import Registry
from hub.registry.states import OPEN
from hub.registry.tables import Consent, Youth
from hub.registry.work import Work

__all__ = ["Parties", "Party", "note_parties", "open_parties", "read_parties", "seal_parties"]


def read_parties(row: dict[str, Any]) -> Parties:
    """Check the shape. Raises RejectedError `bad_field`, naming each field and its rule, never a value."""
    try:
        found = Parties.model_validate(row)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc']))}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False, include_context=False)
        )
        raise RejectedError(f"parties: {problems}", code="bad_field") from None
    if len({party.role for party in found.parties}) != len(found.parties):
        raise RejectedError("parties: two have the same role", code="bad_field")
    return found


def seal_parties(work: Work, consents: Sequence[Consent], parties: Parties) -> None:
    """Keep them for these consents of one youth, in place of those before; those of other consents stay as they are."""
    youth = consents[0].youth
    _, data_key = lifecycle.identity(work, youth)
    own = {consent.consent_id: parties for consent in consents}
    seal_forms(work, youth, data_key, {**open_forms(work, youth, data_key), **own})


def open_parties(work: Work, youth: Youth, seen: Callable[[Consent], bool] | None = None) -> Parties | None:
    """Who stands on the newest form of the consents that may be `seen`, or (None) everybody on any; None when there is nobody."""
    if youth.parties is None:
        return None
    _, data_key = lifecycle.identity(work, youth)
    forms = open_forms(work, youth, data_key)
    if seen is None:
        return put_together(forms.values())
    return next((forms[one.consent_id] for one in reversed(youth.consents) if one.consent_id in forms and seen(one)), None)


def note_parties(
    registry: Registry,
    identifier: str,
    parties: Parties,
    record: Callable[[str], None],
    cooperation: str | None = None,
    *,
    consent: str = "",
) -> None:
    """Keep who stands on the form of a person's open consents to a cooperation, which may be left out where there is one only.

    Where they do not all name the same recipients, whose forms are not each other's to read, `consent` (its number) says which.
    `record` is told her row before it commits. Raises RejectedError `no_consent`, `which_cooperation`, `which_consent`, and
    `manual_handling` for a protected identity.
    """
    with registry.work() as work:
        youth = find_youth(work, canonical_identifier(identifier, today=stockholm_date(work.now)))
        open_ones = [] if youth is None else [one for one in youth.consents if one.state in OPEN]
        chosen = [one for one in open_ones if cooperation in {None, one.cooperation} and consent in {"", one.consent_id}]
        if youth is None or not chosen:
            raise RejectedError("no such consent is registered for this person", code="no_consent")
        protection.require_open(work, youth)
        if len({one.cooperation for one in chosen}) > 1:
            raise RejectedError("the person has consents to several: say which with --cooperation", code="which_cooperation")
        if len({frozenset(one.recipients) for one in chosen}) > 1:
            text = "the person has consents to several teams: say which with --consent NUMBER (hub consent show --json)"
            raise RejectedError(text, code="which_consent")
        seal_parties(work, chosen, parties)
        record(youth.youth_id)
