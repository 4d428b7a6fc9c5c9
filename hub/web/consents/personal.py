"""What the hub holds that says who somebody is, as a register extract tells it: of the recipient and the youth alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hub.registry.cases import ConsentCase, Named
from hub.web.consents.desk import Visit
from hub.web.consents.recipient import may_read_of
from hub.web.consents.showing import Fact

__all__ = ["told_of_consent", "told_of_person"]


def told_of_person(visit: Visit, forms: Sequence[Named], recipient: str) -> tuple[Fact, ...]:
    """The youth's number and name, and how the recipient stands on the forms with her contacts.

    Where two forms have different people in the recipient's place, nobody here can say which is she: neither is told.
    """
    text, title = visit.words.text, visit.showing.role(recipient)
    absent, differ = text("not given"), text("left out: the forms say different things, so look at them first")
    own = [form.parties[recipient] for form in forms if recipient in form.parties]
    names, contacts = _once(name for name, _ in own), _once(one for _, lines in own for one in lines)
    one_person = len({name.casefold() for name in names}) < 2
    found = [
        Fact(
            text("The youth's personal number"), ", ".join(f"{n[:8]}-{n[8:]}" for n in _once(form.identifier for form in forms))
        ),
        Fact(text("The youth's name"), ", ".join(_once(form.name for form in forms)) or absent),
    ]
    if recipient != "youth":
        found.append(Fact(text("{role}: name", role=title), (", ".join(names[:1]) or absent) if one_person else differ))
    if recipient != "youth" or contacts:
        found.append(
            Fact(text("{role}: telephone or e-mail", role=title), (", ".join(contacts) or absent) if one_person else differ)
        )
    return tuple(found)


def told_of_consent(visit: Visit, case: ConsentCase, recipient: str) -> list[Fact]:
    """Where its paper lies, and who has blocked it or said no, as far as the recipient may read of them."""
    text = visit.words.text
    found = [Fact(text("Document"), case.document or text("not given"))]
    for label, roles in ((text("Blocked by"), case.blocks), (text("Has said no"), case.declined)):
        told = tuple(role for role in roles if may_read_of(recipient, role))
        if told:
            found.append(Fact(label, visit.showing.roles(told)))
    return found


def _once(lines: Iterable[str]) -> list[str]:
    """Each line that is not empty, once, in the order it first comes."""
    return [line for line in dict.fromkeys(lines) if line]
