"""What files and calendars call the categories of place events, and the form of an area that areas.yaml knows."""

from __future__ import annotations

import re

from hub.contract.models import PlaceCategory

__all__ = ["CATEGORIES", "CONFIGURED_AREA", "plain"]

CONFIGURED_AREA = re.compile(r"\d{4}(-[a-z0-9]+)*\Z")
"""A code that begins with the municipality's: what is made of an unknown name begins with `place-`."""

CATEGORIES = {category.value: category for category in PlaceCategory} | {
    "ordningsstörning": PlaceCategory.DISORDER,
    "våld": PlaceCategory.VIOLENCE,
    "narkotika": PlaceCategory.NARCOTICS,
    "skadegörelse": PlaceCategory.VANDALISM,
    "stöld": PlaceCategory.THEFT,
    "brand": PlaceCategory.FIRE,
    "trafik": PlaceCategory.TRAFFIC,
    "ansamling": PlaceCategory.GATHERING,
    "övrigt": PlaceCategory.OTHER,
}
"""By code and by Swedish word, as `plain` writes them."""


def plain(text: str) -> str:
    """Small letters, one space between words."""
    return " ".join(text.casefold().split())
