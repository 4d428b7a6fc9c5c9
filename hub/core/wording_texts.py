"""The words with which a rule is told: of the codes that it counts, and of everything that it can say."""

from __future__ import annotations

from typing import Final

from hub.core.texts import Language

__all__ = ["CODE_WORDS", "PHRASES", "PRIORITIES"]

CODE_WORDS: Final[dict[str, dict[Language, str]]] = {
    "suspicion_not_responsible": {
        "sv": "misstanke mot den som inte är straffmyndig",
        "en": "suspicion under the age of criminal responsibility",
    },
    "suspicion_responsible": {
        "sv": "misstanke mot den som är straffmyndig",
        "en": "suspicion from the age of criminal responsibility on",
    },
    "narcotics": {"sv": "narkotika", "en": "narcotics"},
    "lob": {"sv": "berusning enligt LOB", "en": "intoxication under LOB"},
    "police_act_12": {
        "sv": "omhändertagen enligt 12 § polislagen",
        "en": "taken in charge under section 12 of the Police Act",
    },
    "public_disorder": {"sv": "ordningsstörning", "en": "public disorder"},
    "violence_victim": {"sv": "utsatt för våldsbrott", "en": "victim of violence"},
    "risk_environment": {"sv": "i riskmiljö", "en": "in an environment of risk"},
    "other_worry": {"sv": "annan oro", "en": "other worry"},
    "criminal_environment": {"sv": "kriminell miljö", "en": "criminal environment"},
    "recruitment": {"sv": "rekrytering", "en": "recruitment"},
    "substance_use": {"sv": "droger eller alkohol", "en": "substance use"},
    "violence_exposure": {"sv": "utsatt för våld", "en": "exposed to violence"},
    "runaway": {"sv": "avvikning", "en": "running away"},
    "conflict": {"sv": "konflikt", "en": "conflict"},
    "disorder": {"sv": "ordningsstörning", "en": "disorder"},
    "violence": {"sv": "våld", "en": "violence"},
    "vandalism": {"sv": "skadegörelse", "en": "vandalism"},
    "theft": {"sv": "stöld", "en": "theft"},
    "fire": {"sv": "brand", "en": "fire"},
    "traffic": {"sv": "trafik", "en": "traffic"},
    "gathering": {"sv": "folksamling", "en": "gathering"},
    "other": {"sv": "annat", "en": "other"},
}
"""By code; two kinds that share one mean the same by it."""

PRIORITIES: Final[dict[Language, dict[str, str]]] = {
    "sv": {"normal": "normal prioritet", "high": "hög prioritet"},
    "en": {"normal": "normal priority", "high": "high priority"},
}

PHRASES: Final[dict[Language, dict[str, str]]] = {
    "sv": {
        "proposal": (
            "Föreslår {team}: {function}. Svar väntas inom {days}, med {priority}. "
            "Samtycket ska gälla {cooperation}, och allt detta ska stämma:"
        ),
        "place_proposal": "Föreslår närvaro i ett område, när detta stämmer:",
        "place_bound": "Gäller områden så länge areas.yaml markerar dem, aldrig personer.",
        "at_least": "minst",
        "at_most": "högst",
        "count": "{bound} {n} {label} på {window}",
        "minutes": "{bound} {n} {label} på {window}",
        "distinct_days": "{bound} {n} med {label} på {window}",
        "rate": "{label} minst {n} % av tiden i de lektioner där frånvaro rapporterats på {window}",
        "all_absence": "frånvaro (anmäld eller ogiltig)",
        "occasion": "tillfälle med {label}",
        "occasions": "tillfällen med {label}",
        "school_day": "bara från den senaste skoldagen",
        "school_days": "bara från de {n} senaste skoldagarna",
        "on_school_days": "bara skoldagar",
        "between": "bara kl. {begin}–{end}",
        "clock": ".",
        "then": "bara sådant som inom {hours} följs av någon {label}",
        "then_not": "bara sådant som inte inom {hours} följs av någon {label}",
        "before_day": "under den dag som var före",
        "before_days": "under de {n} dagar som var före",
        "per_day": "per dag",
        "per_days": "per {n} dagar",
        "earlier": "och minst {percent} % av genomsnittet {per} {before}",
        "fell": "efter minst {n} {before}",
        "fell_school_day": "och bara om minst en skoldag har börjat under tiden",
        "fell_school_days": "och bara om minst {n} skoldagar har börjat under tiden",
        "ages": "Gäller {which}, men inte där samtycket saknar ålder.",
        "ages_both": "den som är {first} till {last} år",
        "ages_one": "den som är {first} år",
        "ages_from": "från {first} års ålder",
        "ages_to": "till och med {last} års ålder",
        "ages_all": "i alla åldrar",
        "case": "Gäller bara den som har ett öppet ärende i {cooperation}.",
        "no_case": "Gäller bara den som inte har något öppet ärende, varken i SSPF eller i SIG.",
        "agencies": "Det som räknas ska komma från minst {n} olika verksamheter.",
        "hidden": "Det som {agencies} berättar räknas, men visas inte.",
        "fallback": "Utan samtycke till SIG når inget SIG; i stället går ett förslag till {team}: {function}.",
        "lingers": "Förslaget gäller i {days} efter att allt stämde senast.",
        "rest": "När ett förslag har avböjts eller avslutats vilar regeln i {days}.",
        "sunset": "Gäller till och med {day}.",
        "and": "och",
        "or": "eller",
    },
    "en": {
        "proposal": (
            "Proposes to {team}: {function}. An answer is awaited within {days}, with {priority}. "
            "The consent must cover {cooperation}, and all of this must hold:"
        ),
        "place_proposal": "Proposes presence in an area, when this holds:",
        "place_bound": "Holds for areas while areas.yaml marks them, never for persons.",
        "at_least": "at least",
        "at_most": "at most",
        "count": "{bound} {n} {label} in {window}",
        "minutes": "{bound} {n} of {label} in {window}",
        "distinct_days": "{bound} {n} with {label} in {window}",
        "rate": "{label} of at least {n} % of the time in lessons with any known absence in {window}",
        "all_absence": "absence (reported or unexcused)",
        "occasion": "occasion of {label}",
        "occasions": "occasions of {label}",
        "school_day": "only from the last school day",
        "school_days": "only from the last {n} school days",
        "on_school_days": "only on school days",
        "between": "only from {begin} to {end}",
        "clock": ":",
        "then": "only what is followed within {hours} by any {label}",
        "then_not": "only what is not followed within {hours} by any {label}",
        "before_day": "in the day before",
        "before_days": "in the {n} days before",
        "per_day": "per day",
        "per_days": "per {n} days",
        "earlier": "and at least {percent} % of the average {per} {before}",
        "fell": "after at least {n} {before}",
        "fell_school_day": "and only if at least one school day has begun in that time",
        "fell_school_days": "and only if at least {n} school days have begun in that time",
        "ages": "Holds {which}, but not where the consent record has no age.",
        "ages_both": "for those of {first} to {last} years",
        "ages_one": "at the age of {first}",
        "ages_from": "from the age of {first}",
        "ages_to": "up to and with the age of {last}",
        "ages_all": "at every age",
        "case": "Holds only for those with an open {cooperation} case.",
        "no_case": "Holds only for those with no open case, of SSPF or of SIG.",
        "agencies": "What counts must come from at least {n} different agencies.",
        "hidden": "What {agencies} tell counts, but is not shown.",
        "fallback": "Without a consent to SIG nothing reaches SIG; a proposal goes to {team} instead: {function}.",
        "lingers": "The proposal stands for {days} after all of it held last.",
        "rest": "After a proposal was declined or completed, the rule rests for {days}.",
        "sunset": "Holds up to and with {day}.",
        "and": "and",
        "or": "or",
    },
}
