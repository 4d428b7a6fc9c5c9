"""Who stands on a person's consent forms: one form to a cooperation, all sealed together under the youth's data key.

What one cooperation wrote down is as secret from another as that it has a consent at all (OSL 8:1). What was sealed before
cooperations were told apart belongs to the only one there is a consent to; where there are two nobody can say whose it is.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from hub.registry.granting import Signatory
from hub.registry.tables import PARTIES, Youth
from hub.registry.work import Work

__all__ = ["Parties", "Party", "carry_forms", "open_forms", "put_together", "seal_forms", "tell_apart"]

Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
_FORMS: Final = "forms"
_NOBODYS: Final = ""


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


def open_forms(work: Work, youth: Youth, data_key: bytes) -> dict[str, Parties]:
    """The form of each cooperation; empty when nobody was written down."""
    if youth.parties is None:
        return {}
    found = _opened(work, youth, data_key, youth.parties)
    if _FORMS not in found:
        cooperations = {consent.cooperation for consent in youth.consents}
        found = {_FORMS: {cooperations.pop() if len(cooperations) == 1 else _NOBODYS: found}}
    return {cooperation: Parties.model_validate_json(json.dumps(form)) for cooperation, form in found[_FORMS].items()}


def _opened(work: Work, youth: Youth, data_key: bytes, sealed: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(work.tools.vault.open(data_key, youth.youth_id, PARTIES, sealed))
    return found


def seal_forms(work: Work, youth: Youth, data_key: bytes, forms: Mapping[str, Parties]) -> None:
    """Keep these with the youth, in place of all those before."""
    content = {_FORMS: {cooperation: form.model_dump(mode="json") for cooperation, form in forms.items()}}
    youth.parties = work.tools.vault.seal(data_key, youth.youth_id, PARTIES, json.dumps(content).encode())


def tell_apart(work: Work, youth: Youth, data_key: bytes) -> None:
    """Before a consent to another cooperation comes beside: what an earlier version sealed stays with whom it belongs to."""
    if youth.parties is not None and _FORMS not in _opened(work, youth, data_key, youth.parties):
        seal_forms(work, youth, data_key, open_forms(work, youth, data_key))


def carry_forms(
    work: Work, former: tuple[Youth, bytes], successor: tuple[Youth, bytes], cooperations: Collection[str]
) -> None:  # fmt: skip
    """What goes on under another row (with its data key) keeps its form; no other form goes with it."""
    forms = {name: form for name, form in open_forms(work, *former).items() if name in cooperations}
    if forms:
        seal_forms(work, *successor, forms)


def put_together(forms: Collection[Parties]) -> Parties | None:
    """Everybody on all forms, for those who may know of them all; who stands alike on two is told once."""
    if not forms:
        return None
    names = dict.fromkeys(form.name for form in forms)
    people = dict.fromkeys(party for form in forms for party in form.parties)
    return Parties.model_construct(name=" / ".join(names), parties=tuple(people))
