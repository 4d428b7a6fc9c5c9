"""Where the paper of a consent lies: a reference of the register, and no spelling of a personal number."""

from __future__ import annotations

import pytest

from hub.errors import RejectedError
from hub.registry.papers import check_document


@pytest.mark.parametrize("reference", ["", "KSN 2025/17", "KSN  2025/117:2", "SN-2025-00012", "Pärm 14 blad 3"])
def test_a_reference_of_the_register_is_kept(reference: str) -> None:
    assert check_document(reference) == " ".join(reference.split())


@pytest.mark.parametrize(
    "reference",
    [
        "20110315-9807",
        "KSN 110315-9807",
        "2011 0315 9807",
        "KSN 2011/03/15 9807",
        "11-03-15-98-07",
        "110315-T980",
        "A" * 65,
        "KSN#1",
    ],
)
def test_another_form_and_a_personal_number_are_refused(reference: str) -> None:
    with pytest.raises(RejectedError) as refused:
        check_document(reference)
    assert refused.value.code == "bad_document"
    assert reference not in str(refused.value)
