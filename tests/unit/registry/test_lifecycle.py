"""Rows of a youth whose data key is gone, or cannot be unwrapped now: to withdraw takes nothing that must be read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

from hub.errors import FatalError, HubError, RejectedError, RetriableError
from hub.registry.granting import Signatory
from hub.registry.wrapping import MemoryKms
from tests.unit.registry.support import Installation, make_grant, make_identifier

PERSON = make_identifier()


def without_key(home: Installation) -> type[HubError]:
    with home.keyring.engine.begin() as connection:
        connection.execute(text("DELETE FROM data_key"))
    return FatalError


def out_of_reach(home: Installation) -> type[HubError]:
    home.tools.vault.wrapping = MemoryKms(lambda: False)
    return RetriableError


@pytest.mark.parametrize("lose", [without_key, out_of_reach])
def test_who_cannot_be_read_any_more_can_still_withdraw_and_nothing_else(
    sqlite_home: Installation, lose: Callable[[Installation], type[HubError]]
) -> None:
    home = sqlite_home
    home.registry.grant(make_grant(PERSON))
    error = lose(home)
    for deed in (home.registry.suspend, lambda person: home.registry.sign(person, Signatory.GUARDIAN_1)):
        with pytest.raises(error):
            deed(PERSON)
    view = home.registry.withdraw(PERSON, by=Signatory.GUARDIAN_1, oral=True)
    assert (view.status, view.erased) == ("withdrawn", True)
    with pytest.raises(RejectedError) as caught:
        home.registry.show(PERSON)
    assert caught.value.code == "no_consent"
