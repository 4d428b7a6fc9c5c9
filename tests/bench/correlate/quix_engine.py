"""The fixed job in Quix Streams as its documentation writes it: `python -m tests.bench.correlate.quix_engine --help`.

A stateful function over a dataframe, its state in RocksDB with a changelog topic, a checkpoint every second.
"""

from __future__ import annotations

from typing import Any

from quixstreams import Application
from quixstreams.models.serializers.base import Serializer

from tests.bench.correlate.decode import decoder
from tests.bench.correlate.engine import COMMIT_SECONDS, Meter, Run, parse, seek_cycles_seldom
from tests.bench.correlate.job import apply, dump, load, new_state, referral_key

__all__ = ["build"]

_STATE = "state"


class _Second(Serializer):
    """Of (key, value) the value: the sink's key is chosen apart."""

    def __call__(self, value: tuple[bytes, bytes], ctx: object) -> bytes:
        return value[1]


def build(run: Run) -> Application:
    """The application; it makes its changelog topic itself."""
    app = Application(
        broker_address=run.broker,
        consumer_group=run.name,
        auto_offset_reset="earliest",
        state_dir=run.folder,
        use_changelog_topics=True,
        loglevel="WARNING",
        commit_interval=COMMIT_SECONDS,
        producer_extra_config={"linger.ms": 5, "acks": "all"},
    )
    told = app.topic(run.topic, key_deserializer="bytes", value_deserializer="bytes")
    referrals = app.topic(run.referrals, key_serializer="bytes", value_serializer=_Second())
    decode, given = decoder(run.decoder), run.consents()
    meter = Meter(run, f"changelog__{run.name}--{run.topic}--default")

    def fold(value: bytes, key: bytes, _timestamp: int, _headers: object, state: Any) -> tuple[bytes, bytes] | None:
        meter.begin()
        event, sent = decode(value), None
        if event is not None:
            stored = state.get_bytes(_STATE)
            held = new_state() if stored is None else load(stored)
            due = apply(held, event, given)
            if due is not None:
                state.set_bytes(_STATE, dump(held))
            if due:
                sent = referral_key(key, event.event_id), value
        meter.done()
        return sent

    found = app.dataframe(told).apply(fold, stateful=True, metadata=True)
    found.filter(lambda sent: sent is not None).to_topic(referrals, key=lambda sent: sent[0])
    return app


if __name__ == "__main__":
    application = build(parse())
    seek_cycles_seldom()
    application.run()
