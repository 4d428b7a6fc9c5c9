"""Who stands at the command line: in production, until there are accounts, one who may ask and open, and approves nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.access.opening import build_access_engine
from hub.audit.opening import open_audit
from hub.clock import SystemClock
from hub.commands.vault_person import person
from hub.errors import ConfigError
from hub.login_settings import LoginSettings, OidcSettings
from hub.settings import load_settings
from tests.prepared import initialised

PROVIDER = OidcSettings(issuer="https://login.example", client_id="hub", roles={"auditors": "auditor"})
WITHOUT_OWN, WITH_OWN = LoginSettings(oidc=PROVIDER), LoginSettings(local_in_production=True)
EMERGENCY = LoginSettings(oidc=PROVIDER, emergency_accounts=("night",))


@pytest.mark.parametrize("login", [WITHOUT_OWN, WITH_OWN, EMERGENCY], ids=["no own accounts", "none made yet", "for emergencies"])
@pytest.mark.parametrize(
    ("account", "approving", "code"),
    [("officer-2", True, "sign_in_to_approve"), ("", True, "sign_in_to_approve"), ("auditor-1", False, "who")],
)
def test_in_production_the_command_line_approves_nothing_and_believes_no_name(
    tmp_path: Path, login: LoginSettings, account: str, approving: bool, code: str
) -> None:
    initialised(tmp_path / "home")
    settings = load_settings(tmp_path / "home")
    production = settings.model_copy(update={"environment": "production", "login": login})
    engine, log = build_access_engine(settings), open_audit(settings, SystemClock())
    try:
        with pytest.raises(ConfigError) as caught:
            person(production, engine, log, account, approving=approving)
        assert caught.value.code == code
        assert person(production, engine, log, "").account.startswith("os:")
    finally:
        engine.dispose()
        log.close()
