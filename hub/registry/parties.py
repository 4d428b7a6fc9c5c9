"""The people on a consent form: the youth's name, the guardians' names and how to reach them.

A consent officer needs them on the form; nobody else does, and nothing of them goes on Kafka. They are sealed under the
youth's data key and go with the mapping.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.clock import stockholm_date
from hub.contract.identifiers import canonical_identifier
from hub.errors import RejectedError
from hub.registry import lifecycle, protection
from hub.registry.granting import Signatory
from hub.registry.grants import find_youth
from hub.registry.registry import Registry
from hub.registry.tables import PARTIES, Youth
from hub.registry.work import Work

__all__ = ["Parties", "Party", "note_parties", "open_parties", "read_parties", "seal_parties"]

Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]


class _Sealed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Party(_Sealed):
    """One who signs: her role in the consent, her name, and how to reach her (telephone, e-mail or address)."""

    role: Signatory
    name: Line = Field(repr=False)
    contacts: Annotated[tuple[Line, ...], Field(max_length=5)] = Field(default=(), repr=False)


class Parties(_Sealed):
    """Everybody on the form; one party to a role."""

    name: Line = Field(repr=False)
    parties: Annotated[tuple[Party, ...], Field(max_length=8)] = ()


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


def seal_parties(work: Work, youth: Youth, parties: Parties) -> None:
    """Keep them with the youth, in place of those before."""
    _, data_key = lifecycle.identity(work, youth)
    youth.parties = work.tools.vault.seal(data_key, youth.youth_id, PARTIES, parties.model_dump_json().encode())


def open_parties(work: Work, youth: Youth) -> Parties | None:
    """Who stands on the form, None when nobody was written down."""
    if youth.parties is None:
        return None
    _, data_key = lifecycle.identity(work, youth)
    return Parties.model_validate_json(work.tools.vault.open(data_key, youth.youth_id, PARTIES, youth.parties))


def note_parties(registry: Registry, identifier: str, parties: Parties, record: Callable[[str], None]) -> None:
    """Keep who stands on a person's form. `record` is told her row before it commits.

    Raises RejectedError `no_consent`, and `manual_handling` for a protected identity.
    """
    with registry.work() as work:
        youth = find_youth(work, canonical_identifier(identifier, today=stockholm_date(work.now)))
        if youth is None:
            raise RejectedError("no consent is registered for this person", code="no_consent")
        protection.require_open(work, youth)
        seal_parties(work, youth, parties)
        record(youth.youth_id)
