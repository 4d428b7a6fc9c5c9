"""The people on a consent form: the youth's name, the guardians' names and how to reach them.

A consent officer of the form's cooperation needs them; nobody else does, and nothing of them goes on Kafka. They are sealed under
the youth's data key and go with the mapping.
"""

from __future__ import annotations

from collections.abc import Callable
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
from hub.registry.tables import Youth
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


def seal_parties(work: Work, youth: Youth, cooperation: str, parties: Parties) -> None:
    """Keep them with the youth, in place of those of this cooperation before; those of another stay as they are."""
    _, data_key = lifecycle.identity(work, youth)
    seal_forms(work, youth, data_key, {**open_forms(work, youth, data_key), cooperation: parties})


def open_parties(work: Work, youth: Youth, cooperation: str | None = None) -> Parties | None:
    """Who stands on the form of a cooperation, or (None) on any; None when nobody was written down."""
    if youth.parties is None:
        return None
    _, data_key = lifecycle.identity(work, youth)
    forms = open_forms(work, youth, data_key)
    return put_together(forms.values()) if cooperation is None else forms.get(cooperation)


def note_parties(
    registry: Registry, identifier: str, parties: Parties, record: Callable[[str], None], cooperation: str | None = None
) -> None:
    """Keep who stands on a person's form for a cooperation, which may be left out where she has open consents to one only.

    `record` is told her row before it commits. Raises RejectedError `no_consent`, `which_cooperation`, and `manual_handling` for
    a protected identity.
    """
    with registry.work() as work:
        youth = find_youth(work, canonical_identifier(identifier, today=stockholm_date(work.now)))
        open_ones = set() if youth is None else {one.cooperation for one in youth.consents if one.state in OPEN}
        if youth is None or not open_ones or (cooperation is not None and cooperation not in open_ones):
            raise RejectedError("no such consent is registered for this person", code="no_consent")
        protection.require_open(work, youth)
        if cooperation is None and len(open_ones) > 1:
            raise RejectedError("the person has consents to several: say which with --cooperation", code="which_cooperation")
        seal_parties(work, youth, cooperation or open_ones.pop(), parties)
        record(youth.youth_id)
