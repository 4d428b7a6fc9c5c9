import pytest

from connectors.polisen.categories import KNOWN_TYPES, category_of
from hub.contract.models import PlaceCategory


@pytest.mark.parametrize(
    ("kind", "category"),
    [
        ("Bråk", "disorder"),
        ("Fylleri/LOB", "disorder"),
        ("Ofredande/förargelse", "disorder"),
        ("Misshandel, grov", "violence"),
        ("Mord/dråp, försök", "violence"),
        ("Rån väpnat", "violence"),
        ("Knivlagen", "violence"),
        ("Narkotikabrott", "narcotics"),
        ("Skadegörelse", "vandalism"),
        ("Stöld, försök", "theft"),
        ("Motorfordon, anträffat stulet", "theft"),
        ("Brand", "fire"),
        ("Trafikolycka, singel", "traffic"),
        ("Rattfylleri", "traffic"),
        ("Demonstration", "gathering"),
        ("Sammanfattning natt", "other"),
        ("Övrigt", "other"),
    ],
)
def test_a_type_has_its_category(kind, category):
    assert category_of(kind) is PlaceCategory(category)


@pytest.mark.parametrize("kind", ["stöld/ficktjuv", "STÖLD, tillgrepp av fortskaffningsmedel", " Stöld  "])
def test_a_new_variant_falls_back_on_its_head(kind):
    assert category_of(kind) is PlaceCategory.THEFT


@pytest.mark.parametrize("kind", ["Ufo", "", None, 7, ["Brand"]])
def test_what_is_unknown_is_other_and_never_guessed(kind):
    assert category_of(kind) is PlaceCategory.OTHER


def test_every_category_is_reachable():
    assert set(KNOWN_TYPES.values()) == set(PlaceCategory)
