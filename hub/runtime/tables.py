"""The state as a Faust table: Faust assigns its changelog together with the sources, and leaves the restoring to us.

Stock recovery is not used: it swallows errors, knows nothing of epochs, and takes half a minute for 300,000 records. The store
tells Faust how far it has restored, which is the end of the changelog, so that nothing is left for Faust to recover.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

import faust
from faust.stores.base import Store
from faust.tables.manager import TableManager

from hub.runtime.driver import Driver

_log = logging.getLogger("faust.tables")

__all__ = ["PromptTables", "StateStore", "StateTable"]


class StateStore(Store):  # type: ignore[misc]
    """Faust's view of a driver's partitions. Nothing is read or written through it."""

    logger = _log  # else mode makes one by our module's name, and tells every start and stop at INFO

    def __init__(self, app: faust.App, table: faust.Table, driver: Driver, fail: Callable[[BaseException], None]) -> None:
        super().__init__(f"hub://{driver.name}", app, table)
        self._driver = driver
        self._fail = fail

    def persisted_offset(self, tp: Any) -> int | None:
        """The last changelog offset in the local copy (Faust counts the last one, we the next)."""
        reaches = self._driver.reaches(tp.partition)
        return None if reaches is None else reaches - 1

    async def on_rebalance(self, assigned: set[Any], revoked: set[Any], newly_assigned: set[Any], generation_id: int = 0) -> None:
        """Restore every assigned partition, the retained ones too: another worker may have owned them meanwhile."""
        del revoked, newly_assigned
        mine = {tp.partition for tp in assigned if tp.topic == self._driver.changelog.topic}
        try:
            await self._driver.own(mine, generation_id)
        except Exception as error:  # noqa: BLE001 -- whatever it is, Faust would log it and go on
            self._fail(error)

    def apply_changelog_batch(self, batch: Iterable[Any], to_key: Any, to_value: Any) -> None:
        """What stands after our claim is our own, or a stray that the next write detects: nothing to apply."""

    def reset_state(self) -> None:
        """Faust's command line offers it; the worker's data folder is deleted instead."""

    async def backup_partition(self, tp: Any, flush: bool = True, purge: bool = False, keep: int = 1) -> None:
        """The changelog is the copy."""

    def restore_backup(self, tp: Any, latest: bool = True, backup_id: int = 0) -> None:
        """The changelog is the copy."""

    def __getitem__(self, key: Any) -> Any:
        raise KeyError("the state is read through its lane")

    def __setitem__(self, key: Any, value: Any) -> None:
        raise KeyError("the state is written through its lane")

    def __delitem__(self, key: Any) -> None:
        raise KeyError("the state is written through its lane")

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


class StateTable(faust.Table):  # type: ignore[misc]
    """A table whose store belongs to a driver."""

    logger = _log

    def __init__(self, app: faust.App, driver: Driver, partitions: int, fail: Callable[[BaseException], None]) -> None:
        super().__init__(app, name=driver.name, partitions=partitions, key_type=bytes, value_type=bytes)
        self._driver = driver
        self._fail = fail

    def _new_store(self) -> StateStore:
        return StateStore(self.app, self, self._driver, self._fail)


class PromptTables(TableManager):  # type: ignore[misc]
    """Faust's tables, without its second of waiting for more of them: all are there before the app starts."""

    logger = _log

    async def on_start(self) -> None:
        """As Faust's, from the end of that second on."""
        await self._update_channels()
        await self.recovery.start()
