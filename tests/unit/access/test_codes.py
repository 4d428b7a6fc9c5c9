"""Sign-in codes: forged, old and used ones open nothing."""

from __future__ import annotations

import time

import pytest
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import Engine

from hub.access import codes as module
from hub.access.codes import Codes, issue_code
from hub.access.opening import build_access_engine
from hub.access.roles import Role
from hub.errors import RejectedError
from hub.settings import Settings
from tests.unit.access.make import make_principal

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
WHO = make_principal("code-1", Role.TEAM_MEMBER, Role.AUDITOR, teams=("outreach", "sspf"))


@pytest.fixture
def codes(engine: Engine) -> Codes:
    return Codes(KEY, engine)


def test_a_code_becomes_the_principal_it_was_issued_for(codes: Codes) -> None:
    assert codes.redeem(issue_code(KEY, WHO)) == WHO


def test_a_code_works_once_and_stays_used_after_a_restart_and_in_another_process(codes: Codes, settings: Settings) -> None:
    code = issue_code(KEY, WHO)
    codes.redeem(code)
    another = build_access_engine(settings)
    for reader in (codes, Codes(KEY, another)):
        with pytest.raises(RejectedError) as refused:
            reader.redeem(code)
        assert refused.value.code == "used_code"
    another.dispose()


def test_each_code_is_another() -> None:
    assert issue_code(KEY, WHO) != issue_code(KEY, WHO)


@pytest.mark.parametrize("code", ["", "nonsense", "e30.aaaaaa.bbbbbbbbbbb", "å" * 50, "a" * 5000])
def test_what_is_no_code_is_refused_without_being_repeated(codes: Codes, code: str) -> None:
    with pytest.raises(RejectedError) as refused:
        codes.redeem(code)
    assert refused.value.code == "bad_code"
    assert not code or code not in str(refused.value)


def test_another_installations_code_is_refused(codes: Codes) -> None:
    with pytest.raises(RejectedError):
        codes.redeem(issue_code(OTHER_KEY, WHO))


def test_a_changed_code_is_refused(codes: Codes) -> None:
    code = issue_code(KEY, WHO)
    for place in (0, len(code) // 2, len(code) - 2):
        changed = code[:place] + ("A" if code[place] != "A" else "B") + code[place + 1 :]
        with pytest.raises(RejectedError):
            codes.redeem(changed)
    codes.redeem(code)


def aged(seconds: float, content: dict[str, object]) -> str:
    """What would have been issued so long ago: signed by the same key, with its own time."""
    signer = module._serializer(KEY).make_signer("sign-in-code")
    then = int(time.time() - seconds)
    old = type("OldSigner", (type(signer),), {"get_timestamp": lambda _self: then})
    options = {"key_derivation": "hmac", "digest_method": signer.digest_method}
    return URLSafeTimedSerializer(KEY, salt="sign-in-code", signer=old, signer_kwargs=options).dumps(content)


def test_a_code_is_valid_for_ten_minutes(codes: Codes) -> None:
    codes.redeem(aged(590, module._pack(WHO)))
    with pytest.raises(RejectedError, match="not valid any more"):
        codes.redeem(aged(605, module._pack(WHO)))


@pytest.mark.parametrize(
    "change", [{"rights": ["king"]}, {"rights": ["auditor:sig"]}, {"rights": None}, {"person": None}], ids=str
)
def test_a_code_of_another_version_is_refused(codes: Codes, change: dict[str, object]) -> None:
    content = {name: value for name, value in (module._pack(WHO) | change).items() if value is not None}
    with pytest.raises(RejectedError) as refused:
        codes.redeem(aged(1, content))
    assert refused.value.code == "bad_code"
