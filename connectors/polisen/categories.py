"""The feed's event types (Swedish, free of a published list) to place categories.

A type is looked up whole, then by its head: the part before the first comma, then before the first slash or space, so that
"Stöld, försök" and a new "Stöld/ficktjuv" are theft. What is unknown is `other`: counted, never guessed.
"""

from __future__ import annotations

import re
from typing import Any

from hub.contract.models import PlaceCategory

__all__ = ["KNOWN_TYPES", "category_of"]

_BY_CATEGORY: dict[PlaceCategory, tuple[str, ...]] = {
    PlaceCategory.DISORDER: (
        "alkohollagen",
        "bråk",
        "fylleri",
        "fylleri/lob",
        "fyrverkerier",
        "hemfridsbrott",
        "ofredande",
        "ofredande/förargelse",
        "olaga intrång",
        "olaga intrång/hemfridsbrott",
        "ordningslagen",
        "sabotage mot blåljusverksamhet",
        "skyddslagen",
        "spelbrott",
        "upplopp",
        "våldsamt upplopp",
    ),
    PlaceCategory.VIOLENCE: (
        "bombhot",
        "detonation",
        "explosion",
        "farligt föremål",
        "grov misshandel",
        "knivlagen",
        "kvinnofridsbrott",
        "larm överfall",
        "misshandel",
        "mord",
        "mord/dråp",
        "människorov",
        "olaga frihetsberövande",
        "olaga hot",
        "rån",
        "rån övrigt",
        "rån väpnat",
        "sedlighetsbrott",
        "skottlossning",
        "skottlossning, misstänkt",
        "vapenlagen",
        "våld/hot mot tjänsteman",
        "våldtäkt",
        "överfall",
    ),
    PlaceCategory.NARCOTICS: ("narkotikabrott", "narkotika"),
    PlaceCategory.VANDALISM: ("klotter", "skadegörelse"),
    PlaceCategory.THEFT: (
        "bilstöld",
        "häleri",
        "inbrott",
        "larm inbrott",
        "motorfordon",
        "motorfordon, anträffat stulet",
        "motorfordon, stöld",
        "snatteri",
        "stöld",
        "stöld, ringa",
        "stöld/inbrott",
        "tillgrepp",
        "åldringsbrott",
    ),
    PlaceCategory.FIRE: ("brand", "brand automatlarm", "mordbrand"),
    PlaceCategory.TRAFFIC: (
        "kontroll person/fordon",
        "olovlig körning",
        "rattfylleri",
        "trafikbrott",
        "trafikhinder",
        "trafikkontroll",
        "trafikolycka",
        "vållande till kroppsskada",
    ),
    PlaceCategory.GATHERING: ("demonstration", "folksamling", "sammankomst", "sportevenemang", "allmän sammankomst"),
    PlaceCategory.OTHER: (
        "anträffad död",
        "anträffat gods",
        "arbetsplatsolycka",
        "bedrägeri",
        "djur",
        "fjällräddning",
        "försvunnen person",
        "miljöbrott",
        "missbruk av urkund",
        "naturkatastrof",
        "olycksfall",
        "polisinsats/kommendering",
        "räddningsinsats",
        "sammanfattning dag",
        "sammanfattning dygn",
        "sammanfattning eftermiddag",
        "sammanfattning förmiddag",
        "sammanfattning helg",
        "sammanfattning kväll",
        "sammanfattning kväll och natt",
        "sammanfattning natt",
        "sammanfattning vecka",
        "sjukdom/olycksfall",
        "sjölagen",
        "uppdatering",
        "utlänningslagen",
        "varningslarm/haveri",
        "övrigt",
    ),
}

KNOWN_TYPES: dict[str, PlaceCategory] = {name: category for category, names in _BY_CATEGORY.items() for name in names}
_HEAD = re.compile(r"[,/ ]")


def category_of(kind: Any) -> PlaceCategory:
    """The category of one `type`; `other` for what is unknown or no text."""
    if not isinstance(kind, str):
        return PlaceCategory.OTHER
    whole = " ".join(kind.casefold().split())
    for name in (whole, whole.split(",")[0].strip(), _HEAD.split(whole)[0]):
        if name in KNOWN_TYPES:
            return KNOWN_TYPES[name]
    return PlaceCategory.OTHER
