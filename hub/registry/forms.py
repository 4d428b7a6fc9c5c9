"""Who stands on a person's consent forms: one form to a consent, all sealed together under the youth's data key.

What one team wrote down is as secret from another, of its own cooperation too, as that it has a consent at all (OSL 8:1): a form
is read by whom its consent names as recipients. What was sealed when forms went by cooperation, or by person, belongs to the
consents to one cooperation if all of them name the same recipients; otherwise nobody can say whose it is. With the last open
consent to a cooperation the names on its forms go, whatever others there are.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from hub.registry.granting import Signatory
from hub.registry.states import OPEN
from hub.registry.tables import PARTIES, Consent, Youth
from hub.registry.work import Work

__all__ = ["Parties", "Party", "carry_forms", "let_go_of_forms", "open_forms", "over", "put_together", "seal_forms", "tell_apart"]

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
    """The form of each consent, by its number, and beside them what is nobody's; empty when nobody was written down."""
    if youth.parties is None:
        return {}
    found = json.loads(work.tools.vault.open(data_key, youth.youth_id, PARTIES, youth.parties))
    return {whose: Parties.model_validate_json(json.dumps(form)) for whose, form in _apart(found, youth.consents).items()}


def _apart(found: dict[str, Any], consents: Sequence[Consent]) -> dict[str, Any]:
    """What was opened, whichever version sealed it, by consent as far as anybody can say."""
    cooperations = {consent.cooperation for consent in consents}
    whole = {cooperations.pop() if len(cooperations) == 1 else _NOBODYS: found}
    forms: dict[str, Any] = {}
    for whose, form in found.get(_FORMS, whole).items():
        named = [consent for consent in consents if consent.cooperation == whose]
        if len({frozenset(consent.recipients) for consent in named}) == 1:
            forms |= dict.fromkeys((consent.consent_id for consent in named), form)
        else:
            forms[whose] = form
    return forms


def seal_forms(work: Work, youth: Youth, data_key: bytes, forms: Mapping[str, Parties]) -> None:
    """Keep these with the youth, in place of all those before."""
    content = {_FORMS: {whose: form.model_dump(mode="json") for whose, form in forms.items()}}
    youth.parties = work.tools.vault.seal(data_key, youth.youth_id, PARTIES, json.dumps(content).encode())


def tell_apart(work: Work, youth: Youth, data_key: bytes) -> None:
    """Before another consent comes beside: what an earlier version sealed stays with those that it belongs to."""
    if youth.parties is None:
        return
    found = json.loads(work.tools.vault.open(data_key, youth.youth_id, PARTIES, youth.parties))
    if _FORMS not in found or {consent.cooperation for consent in youth.consents} & set(found[_FORMS]):
        seal_forms(work, youth, data_key, open_forms(work, youth, data_key))


def carry_forms(
    work: Work, forms: Mapping[str, Parties], successor: tuple[Youth, bytes], consents: Collection[Consent]
) -> None:  # fmt: skip
    """What goes on under another row (with its data key) keeps its form, beside those there; no other form goes with it."""
    kept = {one.consent_id: forms[one.consent_id] for one in consents if one.consent_id in forms}
    if kept:
        seal_forms(work, *successor, {**open_forms(work, *successor), **kept})


def over(consents: Sequence[Consent]) -> set[str]:
    """The cooperations to which a person has had consents and has no open one any more."""
    return {one.cooperation for one in consents} - {one.cooperation for one in consents if one.state in OPEN}


def let_go_of_forms(work: Work, youth: Youth, data_key: bytes) -> None:
    """The forms to a cooperation that is over go, though a consent to another keeps the person: nobody needs their names."""
    ended = over(youth.consents)
    gone = {*ended, *(one.consent_id for one in youth.consents if one.cooperation in ended)}
    forms = open_forms(work, youth, data_key)
    kept = {whose: form for whose, form in forms.items() if whose not in gone}
    if not kept:
        youth.parties = None
    elif len(kept) < len(forms):
        seal_forms(work, youth, data_key, kept)


def put_together(forms: Collection[Parties]) -> Parties | None:
    """Everybody on all forms, for those who may know of them all; who stands alike on two is told once."""
    if not forms:
        return None
    names = dict.fromkeys(form.name for form in forms)
    people = dict.fromkeys(party for form in forms for party in form.parties)
    return Parties.model_construct(name=" / ".join(names), parties=tuple(people))
