"""Who may have custody, as the choices of a question: at a registration, and when custody of a consent's child has changed.

Either of two guardians may have sole custody, and a block and a signature are one person's. So a guardian has the same number on
every form of a youth, and her name stands beside it where whoever asks may see it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from hub.web.consents.asking import CUSTODY
from hub.web.consents.shapes import Choice
from hub.web.consents.titles import listing
from hub.web.language import Words, mark

__all__ = ["NUMBERED", "custody_choices"]

NUMBERED: Final = mark("Guardian 1 and Guardian 2 are the same two people on every form of this youth.")
_TITLES: Final[Mapping[str, str]] = MappingProxyType({
    "joint": mark("Two guardians, joint custody"),
    "guardian_1": mark("Guardian 1 has sole custody"),
    "guardian_2": mark("Guardian 2 has sole custody"),
    "special_guardian": mark("A specially appointed guardian"),
    "god_man": mark("A god man (deputy guardian)"),
    "social_services": mark("Social services, under LVU"),
})  # fmt: skip


def custody_choices(words: Words, names: Mapping[str, str] = MappingProxyType({}), joint: str = "") -> tuple[Choice, ...]:
    """Every answer but an adult's. `names`: by role, as far as they may be shown; `joint`: what is said of joint custody."""
    choices = []
    for code, title in _TITLES.items():
        known = [names.get(role, "") for role in CUSTODY[code]]
        said = [listing(known, words) if all(known) else "", joint if code == "joint" else ""]
        choices.append(Choice(code, words.text(title), ". ".join(filter(None, said))))
    return tuple(choices)
