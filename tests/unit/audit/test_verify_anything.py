"""Whatever is done to signed entries, in any order, is found: hypothesis does it, on a real database."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from hub.clock import ManualClock
from hub.database import build_engine
from tests.unit.audit.kept import Kept, migrate_url
from tests.unit.audit.tampering import COLUMNS, hash_anew, run, swap

_TAMPERING = st.one_of(
    st.tuples(
        st.just("edit"),
        st.integers(1, 15),
        st.sampled_from([name for name in COLUMNS.split(", ") if name not in {"leaf", "chain"}]),
    ),
    st.tuples(st.just("delete"), st.integers(1, 15), st.integers(0, 4)),
    st.tuples(st.just("swap"), st.integers(1, 15), st.integers(1, 4)),
    st.tuples(st.just("anew"), st.integers(1, 15), st.just(0)),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(_TAMPERING, min_size=1, max_size=3, unique_by=lambda step: step[1]))
def test_whatever_is_done_to_signed_entries_is_found(
    tmp_path_factory, clock: ManualClock, steps: list[tuple[str, int, object]]
) -> None:
    folder: Path = tmp_path_factory.mktemp("any")
    migrate_url(f"sqlite:///{folder / 'audit.db'}")
    engine = build_engine(f"sqlite:///{folder / 'audit.db'}")
    try:
        kept = Kept(engine, clock)
        before = contents(engine)
        for what, place, more in steps:
            if what == "edit":
                run(engine, f"UPDATE audit_entry SET {more} = 'changed' WHERE position = {place}")
            elif what == "delete":
                run(engine, f"DELETE FROM audit_entry WHERE position BETWEEN {place} AND {place + int(str(more))}")
            elif what == "swap":
                swap(engine, place, place + int(str(more)))
            else:
                run(engine, f"UPDATE audit_entry SET role = 'changed' WHERE position = {place}")
                hash_anew(engine)
        assert kept.verify(kept.exported).whole == (contents(engine) == before)
    finally:
        engine.dispose()


def contents(engine: Engine) -> list:
    with engine.connect() as connection:
        return list(connection.execute(text(f"SELECT position, {COLUMNS} FROM audit_entry ORDER BY position")))
