"""Which passwords may be chosen, and that one is checked exactly as it was typed."""

from __future__ import annotations

import pytest

from hub.access.passwords import OUR_WORDS, SHORTEST, check_new, hash_password, is_right
from hub.errors import RejectedError

GOOD = "sparv kastrull olja tisdag"


@pytest.mark.parametrize("password", ["", "kort", "k" * (SHORTEST - 1), "å" * (SHORTEST - 1)])
def test_a_short_password_is_refused(password: str) -> None:
    with pytest.raises(RejectedError) as refused:
        check_new(password)
    assert refused.value.code == "short_password"


@pytest.mark.parametrize(
    "password", ["password1234", "qwertyuiop12", "123456789012", "aaaaaaaaaaaa", "hejhejhejhej", "iloveyou1234", "19990101-9802"]
)
def test_what_has_leaked_or_can_be_guessed_is_refused_and_not_repeated(password: str) -> None:
    with pytest.raises(RejectedError) as refused:
        check_new(password)
    assert refused.value.code == "common_password"
    assert password not in str(refused.value)


@pytest.mark.parametrize("word", OUR_WORDS)
def test_words_near_at_hand_make_no_password(word: str) -> None:
    with pytest.raises(RejectedError):
        check_new((word + "12345678901")[: max(SHORTEST, len(word) + 2)])


@pytest.mark.parametrize("password", ["anna.andersson1", "Anna.Andersson", "andersson-anna"])
def test_ones_own_name_makes_no_password(password: str) -> None:
    with pytest.raises(RejectedError):
        check_new(password, ("anna.andersson", "Anna", "Andersson"))


@pytest.mark.parametrize(
    "password", [GOOD, "åäö ÅÄÖ € 漢字 tolv", " inledande blanksteg ok ", "glasbruket tolv vantar", "7#k!Qz0_(9~Lw"]
)
def test_any_kind_of_character_is_good_and_none_is_asked_for(password: str) -> None:
    check_new(password)


def test_long_passwords_are_good_up_to_a_length_that_nobody_types() -> None:
    check_new("tisdag kastrull " * 16)
    with pytest.raises(RejectedError) as refused:
        check_new("tisdag kastrull " * 17)
    assert refused.value.code == "long_password"


def test_it_is_checked_exactly_as_it_was_typed() -> None:
    kept = hash_password(GOOD)
    assert is_right(kept, GOOD)
    for other in (GOOD.upper(), f"{GOOD} ", f" {GOOD}", GOOD[:-1], GOOD + "x" * 300, ""):
        assert not is_right(kept, other)
    longest = "a" * 255 + "b"
    assert is_right(hash_password(longest), longest)
    assert not is_right(hash_password(longest), longest[:-1] + "c")


def test_what_is_kept_is_argon2id_with_salt_of_its_own() -> None:
    first, second = hash_password(GOOD), hash_password(GOOD)
    assert first != second
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert GOOD not in first


def test_no_account_has_no_right_password_and_a_broken_hash_neither() -> None:
    assert not is_right(None, GOOD)
    assert not is_right("nonsense", GOOD)
