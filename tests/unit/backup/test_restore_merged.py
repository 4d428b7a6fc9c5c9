"""A merge after the backup, then its restore: nobody comes back under the number that went in, and it can be said again."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

from hub.backup.create import create_backup
from hub.backup.restore import make_plan, restore
from hub.clock import ManualClock
from hub.contract.codec import Codec
from hub.registry.identities import merge
from hub.registry.opening import open_registry
from hub.settings import load_settings
from tests.prepared import initialised
from tests.unit.registry.support import START, make_grant, make_identifier

OLDER, YOUNGER = make_identifier(), make_identifier(1)


def test_who_went_in_is_ended_again_who_stayed_goes_on_and_the_merge_can_be_said_again(tmp_path: Path) -> None:
    initialised(tmp_path / "home")
    settings, clock = load_settings(tmp_path / "home"), ManualClock(START)
    with closing(open_registry(settings, clock, Codec.load())) as opened:
        stays = opened.registry.grant(make_grant(OLDER, area=None)).youth_ref
        clock.advance(timedelta(days=1))
        opened.registry.grant(make_grant(YOUNGER, area=None))
        backup, _ = create_backup(settings, tmp_path / "backups", clock.now())
        merge(opened.registry, YOUNGER, OLDER, lambda _youth: None)
        assert opened.registry.references([OLDER, YOUNGER]) == [stays, stays]
    restore(make_plan(settings, backup, None, ()), clock, Codec.load())
    with closing(open_registry(settings, clock, Codec.load())) as opened:
        assert opened.registry.references([OLDER, YOUNGER]) == [stays, None]
        merge(opened.registry, YOUNGER, OLDER, lambda _youth: None)
        assert opened.registry.grant(make_grant(YOUNGER, area=None, valid_to="2025-11-01")).youth_ref == stays
        assert opened.registry.references([OLDER, YOUNGER]) == [stays, stays]
