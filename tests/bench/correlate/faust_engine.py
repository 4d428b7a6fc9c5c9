"""The fixed job in Faust as its documentation writes it: `python -m tests.bench.correlate.faust_engine --help`.

An agent over a stream of events, and a table in RocksDB whose writes go to its changelog one by one.
"""

from __future__ import annotations

import faust

from tests.bench.correlate.decode import decoder
from tests.bench.correlate.engine import COMMIT_SECONDS, Meter, Run, parse, seek_cycles_seldom
from tests.bench.correlate.job import apply, dump, load, new_state, referral_key

__all__ = ["make_app"]


def make_app(run: Run) -> faust.App:
    """With a store in RocksDB, a commit a second, and every extra off."""
    return faust.App(
        run.name,
        broker=f"kafka://{run.broker}",
        store="rocksdb://",
        datadir=run.folder,
        key_serializer="raw",
        value_serializer="raw",
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_partitions=run.partitions,
        table_standby_replicas=0,
        broker_commit_interval=COMMIT_SECONDS,
        producer_linger=0.005,
        producer_max_batch_size=262_144,
    )


def build(run: Run) -> faust.App:
    """The app; nothing connects before it is started."""
    app = make_app(run)
    told = app.topic(run.topic, key_type=bytes, value_type=bytes)
    referrals = app.topic(run.referrals, key_type=bytes, value_type=bytes)
    states = app.Table("state", key_type=bytes, value_type=bytes, partitions=run.partitions)
    decode, given, meter = decoder(run.decoder), run.consents(), Meter(run)

    @app.agent(told)
    async def fold(stream: faust.StreamT[bytes]) -> None:
        async for record in stream.events():
            meter.begin()
            key, value = record.key, record.value
            event = decode(value)
            if event is not None:
                stored = states.get(key)
                state = new_state() if stored is None else load(stored)
                due = apply(state, event, given)
                if due is not None:
                    states[key] = dump(state)
                if due:
                    await referrals.send(key=referral_key(key, event.event_id), value=value)
            meter.done()

    return app


if __name__ == "__main__":
    seek_cycles_seldom()
    faust.Worker(build(parse()), loglevel="WARN", quiet=True, redirect_stdouts=False).execute_from_commandline()
