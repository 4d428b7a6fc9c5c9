"""The places of physical removal that the registry looks after itself: database, keyring, former data, PostgreSQL's log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Engine, delete

from hub.clock import Clock
from hub.database_log import DatabaseLog
from hub.erasure_bounds import BACKUPS, DELIVERY_STORE, FORMER_DATA, KEYRING_STORE, REGISTRY_STORE, WORKER_STORE
from hub.errors import ConfigError
from hub.logs import get_logger
from hub.registry.database import rid
from hub.registry.former import FormerData
from hub.registry.keyring import Keyring
from hub.registry.registry import Registry
from hub.registry.tables import ErasureRequest, OutboxRow, Removal

__all__ = ["PERSONAL", "OwnStores"]

PERSONAL = ("youth", "alias", "link_key", "subject_entry", "outbox")
"""The registry's tables that hold, or held, what identifies somebody."""
_ANSWERED = frozenset({DELIVERY_STORE, WORKER_STORE})
_BEFORE_LOG = frozenset({REGISTRY_STORE, KEYRING_STORE, DELIVERY_STORE})
_log = get_logger(__name__)
Open = Sequence[tuple[ErasureRequest, Removal]]


class OwnStores:
    """`logs`: PostgreSQL's, by the place's name; none where every database is SQLite. Its methods may raise RetriableError."""

    def __init__(
        self,
        registry: Registry,
        engine: Engine,
        keyring: Keyring,
        clock: Clock,
        *,
        former: FormerData,
        logs: Mapping[str, DatabaseLog] | None = None,
    ) -> None:
        self._registry, self._engine, self._keyring, self._former, self._clock = registry, engine, keyring, former, clock
        self._logs = dict(logs or {})
        self.places = frozenset({REGISTRY_STORE, KEYRING_STORE, BACKUPS, FORMER_DATA, *_ANSWERED, *self._logs})

    def tend(self) -> None:
        """What is done at each look, whether or not somebody has withdrawn."""
        self._former.tend(self._registry, self._keyring, self._clock.now())

    def clean(self, found: Open) -> list[tuple[str, str]]:
        """(erasure id, place) of what is clean now."""
        asked = {place.place for _row, place in found}
        clean = set()
        if REGISTRY_STORE in asked and self._purge_own([row for row, place in found if place.place == REGISTRY_STORE]):
            clean.add(REGISTRY_STORE)
        if KEYRING_STORE in asked and self._keyring.tidy():
            clean.add(KEYRING_STORE)
        if FORMER_DATA in asked and self._former.is_gone():
            clean.add(FORMER_DATA)
        now = self._clock.now()
        return [
            (row.erasure_id, place.place)
            for row, place in found
            if place.place in clean or _is_answered(row, place.place) or (place.place == BACKUPS and place.due_at <= now)
        ] + self._clean_logs(found)

    def clean_keyring(self, found: Open) -> list[tuple[str, str]]:
        """The keyring alone, which is tried more often: a destroyed key must not wait for the next look."""
        waiting = [row.erasure_id for row, place in found if place.place == KEYRING_STORE]
        return [(erasure_id, KEYRING_STORE) for erasure_id in waiting] if waiting and self._keyring.tidy() else []

    def _clean_logs(self, found: Open) -> list[tuple[str, str]]:
        """A log is clean once it is past where it was when the databases were."""
        clean = []
        for name, log in self._logs.items():
            waiting = [(row, place) for row, place in found if place.place == name and _databases_are_clean(row)]
            fresh = [row.erasure_id for row, place in waiting if place.below is None]
            if fresh:
                self._note(name, fresh, log.position())
            done = [row.erasure_id for row, place in waiting if place.below is not None and _is_past(log, place.below)]
            if len(done) < len(waiting):
                log.stir()
            clean += [(erasure_id, name) for erasure_id in done]
        return clean

    def _note(self, name: str, erasure_ids: Iterable[str], position: int) -> None:
        with self._registry.work() as work:
            for erasure_id in erasure_ids:
                removal = work.session.get(Removal, (erasure_id, name))
                if removal is not None:
                    removal.below = position

    def _purge_own(self, rows: Sequence[ErasureRequest]) -> bool:
        """Forget what was published of these references before they were erased, in the database's files too."""
        with self._registry.work() as work:
            for row in rows:
                work.session.execute(
                    delete(OutboxRow).where(
                        OutboxRow.key == row.youth_ref.encode("ascii"),
                        OutboxRow.published_at.is_not(None),
                        OutboxRow.created_at <= row.completed_at,
                    )
                )
        return rid(self._engine, PERSONAL)


def _is_answered(row: ErasureRequest, place: str) -> bool:
    return place in _ANSWERED and any(one.component == place and one.answered_at is not None for one in row.answers)


def _databases_are_clean(row: ErasureRequest) -> bool:
    return all(place.done_at is not None for place in row.removals if place.place in _BEFORE_LOG)


def _is_past(log: DatabaseLog, position: int) -> bool:
    try:
        return log.is_past(position)
    except ConfigError as error:
        _log.error(str(error), code=error.code)
        return False
