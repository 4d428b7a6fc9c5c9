"""The shipped rules in Faust as its documentation writes it: `python -m tests.bench.correlate.rules_faust_engine --help`."""

from __future__ import annotations

import faust

from tests.bench.correlate.engine import Meter, Run, parse, seek_cycles_seldom
from tests.bench.correlate.faust_engine import make_app
from tests.bench.correlate.kafka_io import fill
from tests.bench.correlate.rules_job import RulesJob

__all__: list[str] = []


def build(run: Run) -> faust.App:
    """The app; what the consents alone give stands in the changelog, from which Faust rebuilds its table when it starts."""
    job = RulesJob(run)
    fill(run.broker, run.changelog, run.partitions, [(key, job.dump(youth)) for key, youth in job.consented()])
    app = make_app(run)
    told = app.topic(*run.topics, key_type=bytes, value_type=bytes)
    states = app.Table("state", key_type=bytes, value_type=bytes, partitions=run.partitions)
    meter, sinks = Meter(run), {}

    @app.agent(told)
    async def fold(stream: faust.StreamT[bytes]) -> None:
        async for record in stream.events():
            meter.begin()
            key = record.key
            folded = job.fold(record.message.topic, key, record.value, job.load(key, states.get(key)))
            if folded.youth is not None:
                states[key] = job.dump(folded.youth)
            for one in folded.told:
                if one.topic not in sinks:
                    sinks[one.topic] = app.topic(one.topic, key_type=bytes, value_type=bytes)
                await sinks[one.topic].send(key=one.key, value=one.value, headers=dict(one.headers))
            meter.done()

    return app


if __name__ == "__main__":
    application = build(parse())
    seek_cycles_seldom()
    faust.Worker(application, loglevel="WARN", quiet=True, redirect_stdouts=False).execute_from_commandline()
