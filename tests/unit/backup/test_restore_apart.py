"""A restore that does not come to its end: no key is destroyed and nothing stands on a shred list that it alone had ended."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from hub.backup.create import create_backup
from hub.backup.plan import make_plan
from hub.backup.restore import restore
from hub.clock import ManualClock
from hub.contract.codec import Codec
from hub.errors import ConfigError
from hub.put_aside import beside
from hub.registry.keyring import SHREDDED, Ending, open_keyring, read_shred_list, write_shred_list
from hub.registry.opening import open_registry
from hub.settings import Settings, load_settings
from tests.prepared import initialised
from tests.unit.registry.support import START, make_grant, make_identifier

PERSON, LATER = make_identifier(), make_identifier(1)


@pytest.fixture(params=["own", "elsewhere"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Its keyring under `data/`, or where a setting says; the shred list is copied to another disk."""
    initialised(tmp_path / "home")
    loaded = load_settings(tmp_path / "home")
    keys = f"sqlite:///{tmp_path / 'keys.db'}" if request.param == "elsewhere" else ""
    registry = loaded.registry.model_copy(update={"keyring_url": keys, "shred_list_copy": str(tmp_path / "disk" / "list")})
    return loaded.model_copy(update={"registry": registry})


def kept(settings: Settings) -> tuple[dict[str, object], list[Ending]]:
    with closing(open_keyring(settings.keyring_database)) as keyring:
        return dict(keyring.ages()), keyring.endings()


def test_until_the_data_are_in_their_place_keyring_and_lists_are_as_they_were_and_then_they_follow(
    settings: Settings, tmp_path: Path
) -> None:
    clock, copy = ManualClock(START), tmp_path / "disk" / "list"
    with closing(open_registry(settings, clock, Codec.load())) as there:
        there.registry.grant(make_grant(PERSON))
        backup, _ = create_backup(settings, tmp_path / "backups", clock.now())
        there.registry.grant(make_grant(LATER))
    clock.advance(timedelta(minutes=1))  # who was registered a moment ago begins anew as well
    known = Ending(START, "f" * 32, SHREDDED)  # on a list that was kept elsewhere: that is so, restore or not
    write_shred_list(tmp_path / "kept", [known])
    before, plan = kept(settings), make_plan(settings, backup, None, [tmp_path / "kept"], without_copy=True)
    in_the_way = beside(settings.data, clock.now())
    (in_the_way / "some").mkdir(parents=True)  # what is there now cannot be put aside
    with pytest.raises(ConfigError, match="as it was"):
        restore(plan, clock, Codec.load())
    assert kept(settings) == (before[0], [known])
    assert not copy.exists()
    with closing(open_registry(settings, clock, Codec.load())) as there:
        assert there.registry.show(LATER).status == "in_force"
    (in_the_way / "some").rmdir()
    in_the_way.rmdir()
    restore(plan, clock, Codec.load())
    ages, endings = kept(settings)
    (gone,) = before[0].keys() - ages.keys()
    assert [(one.subject, one.state) for one in endings] == [(known.subject, SHREDDED), (gone, SHREDDED)]
    assert read_shred_list(copy) == endings
    assert (settings.data / "keyring").exists() is not bool(settings.registry.keyring_url)
    with closing(open_registry(settings, clock, Codec.load())) as there:
        assert there.registry.show(PERSON).status == "in_force"
        assert there.registry.references([LATER]) == [None]
