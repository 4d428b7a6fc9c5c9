"""Random courses of consent: granted, widened, narrowed, suspended, resumed, withdrawn in part and as a whole."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from .draw_rules import AGENCIES, CODES
from .history import DAY, HOUR, Arrival, Consent, Scope

ALL_AGENCIES = tuple(sorted({agency for agencies in AGENCIES.values() for agency in agencies}))
ALL_KINDS = tuple(sorted(CODES))


def draw_consents(chance: Random, start: int, moments: list[int], window: int, older_from: str) -> list[Arrival]:
    """The first before everything else; up to three changes, each with a higher version."""
    age = chance.choice([12, 14, 14, 15, 17, 17, None])
    scopes = _scopes(chance, start, window)
    consent = Consent(1, "in_force", age, None if age is None or chance.random() < 0.2 else older_from, scopes)
    found = [Arrival(start - HOUR, consent)]
    for moment in sorted(chance.sample(moments, k=min(len(moments), chance.choice([0, 0, 0, 1, 2, 3])))):
        consent = replace(_changed(chance, consent, moment, window), version=consent.version + 1)
        found.append(Arrival(moment, consent))
        if chance.random() < 0.2:
            found.append(Arrival(moment, found[-2].what))  # the older one once more
    return found


def _scopes(chance: Random, start: int, window: int) -> tuple[Scope, ...]:
    scopes = [_scope(chance, 1, "sspf", start, window)]
    if chance.random() < 0.4:
        scopes.append(_scope(chance, 2, "sig", start, window))
    if chance.random() < 0.3:
        scopes.append(_scope(chance, 3, chance.choice(["sspf", "sig"]), start, window))
    if chance.random() < 0.2:  # a suspension lay between two times of one consent
        one = scopes[-1]
        ends, again = start - window // 2, start - chance.choice([0, 1, HOUR, window // 4])
        if one.valid_from < ends < again < one.valid_to:
            scopes[-1:] = [replace(one, valid_to=ends), replace(one, valid_from=again)]
    return tuple(scopes)


def _scope(chance: Random, number: int, cooperation: str, start: int, window: int) -> Scope:
    wide = chance.random() < 0.75
    teams = ("sig",) if cooperation == "sig" else ("outreach", "sspf")
    return Scope(
        scope_id=f"00000000-0000-4000-8000-00000000000{number}",
        cooperation=cooperation,
        agencies=ALL_AGENCIES if wide else tuple(chance.sample(ALL_AGENCIES, k=chance.randint(1, 4))),
        recipients=teams if wide else tuple(chance.sample(teams, k=chance.randint(1, len(teams)))),
        kinds=ALL_KINDS if wide else tuple(chance.sample(ALL_KINDS, k=chance.randint(1, 3))),
        valid_from=start - chance.choice([800 * DAY, 800 * DAY, 800 * DAY, window, DAY, 0]),
        valid_to=start + chance.choice([400 * DAY, 400 * DAY, 400 * DAY, window, 2 * DAY, DAY + 1]),
    )


def _changed(chance: Random, consent: Consent, now: int, window: int) -> Consent:
    if consent.status == "withdrawn":  # for ever, whatever a false or late record says
        return chance.choice([consent, replace(consent, status="in_force", scopes=_scopes(chance, now, window))])
    place = chance.randrange(len(consent.scopes)) if consent.scopes else 0
    scopes = list(consent.scopes)
    match chance.randrange(8):
        case 0 | 1:
            return replace(consent, status="suspended" if consent.status == "in_force" else "in_force")
        case 2 if scopes:
            scopes[place] = replace(scopes[place], withdrawn_at=now)
        case 3 if scopes:
            scopes[place] = replace(scopes[place], valid_to=max(scopes[place].valid_from, now))
        case 4:
            scopes.append(_scope(chance, 4, chance.choice(["sspf", "sig"]), now, window))
        case 5:
            return replace(consent, age_years=chance.choice([13, 15, 18, None]))
        case 6 if chance.random() < 0.3:
            return Consent(consent.version, "withdrawn")
        case _:
            return replace(consent, status="in_force", scopes=_scopes(chance, now, window))
    return replace(consent, scopes=tuple(scopes))
