"""The fixed job as a program of the hub's worker: `python -m tests.bench.correlate.hub_engine --help`.

Everything between Kafka and the job is the worker's own: intake, lanes, pipeline, ownership, changelog, store, commit, and the looks
at how far the topics reach. In place of the hub's messages stand the job's. A partition with no history would be rebuilt in silence,
so each is given one; and since the worker judges nothing before rules are in force, the shipped ones are, which the job ignores.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import faust

from hub.clock import SystemClock
from hub.contract.codec import Codec
from hub.contract.models import RuleMarker
from hub.contract.topics import RULES
from hub.core.rule_set import rules_content, rules_digest
from hub.installation import initialise
from hub.kafka import Outgoing, Publisher, apply_topics, outgoing
from hub.rules_file import load_rules
from hub.runtime.app import build_app, end_process, owned_in_group
from hub.runtime.changelogs import Layout, changelog_name, prepare_changelogs
from hub.runtime.driver import Driver, Kit
from hub.runtime.effects import Effects
from hub.runtime.gauges import Gauges
from hub.runtime.memory import keep_small, seek_cycles_seldom
from hub.runtime.ownership import Changelog, OwnedPartition
from hub.runtime.progress import Progress
from hub.runtime.rulebook import Rulebook
from hub.runtime.store import PartitionStore, StoreCache
from hub.runtime.transport import KafkaLog
from hub.settings import Settings
from tests.bench.correlate.decode import decoder
from tests.bench.correlate.engine import SETTLE_SECONDS, Run, parse, peak_mebibytes
from tests.bench.correlate.fixed_program import FixedJob
from tests.support import make_settings

__all__: list[str] = []

_TABLE = "state"
_CLOCK_BYTES = 8  # in front of a state, in changelog and store
_LOOK_SECONDS = 0.02
_TICK_SECONDS = 0.5  # as the worker looks at the topics' ends
_WARM_SHARE = 4


def main(run: Run) -> None:
    """Work until killed; the line of figures comes when all is durable and has been committed."""
    keep_small()
    settings = _prepared(run)
    job = FixedJob(run.topic, run.referrals, run.partitions, run.consents(), decoder(run.decoder))
    seek_cycles_seldom()
    asyncio.run(_serve(run, settings, job, prepare_changelogs(settings, {_TABLE: (*job.topics, RULES.name)})))


def _prepared(run: Run) -> Settings:
    kafka = {"bootstrap_servers": run.broker, "partitions": run.partitions}
    settings = make_settings(run.folder / "home", kafka=kafka, worker={"group": run.name})
    initialise(settings.home)
    apply_topics(settings)
    rules, now = load_rules(settings.home / "rules"), datetime.now(UTC)
    marker = RuleMarker(version=rules.version, sha256=rules_digest(rules), activated_at=now, content=rules_content(rules))
    one = outgoing(Codec.load(), RULES, marker.version, marker, id="bench:rules", source="/bench", time=now)
    publisher = Publisher(run.broker, "bench")
    publisher.publish([Outgoing(one.topic, one.key, one.value, one.headers, place) for place in range(run.partitions)])
    publisher.close()
    return settings


async def _serve(run: Run, settings: Settings, job: FixedJob, layout: Layout) -> None:
    log = KafkaLog(settings.bootstrap_servers)
    await log.start()
    folder = run.folder / "worker"
    kit = Kit(log, Codec.load(), SystemClock(), folder, StoreCache(), Rulebook(), end_process)
    changelog = Changelog(changelog_name(settings, _TABLE), layout.topic_ids)
    for partition in range(run.partitions):
        await _begin(partition, changelog, kit, job)
    driver = Driver(_TABLE, job, changelog, kit)
    drivers = {driver: run.partitions}
    app = build_app(settings, drivers, folder=folder, instance=f"{run.name}-0", fail=end_process)
    await app.start()
    progress = Progress(drivers, lambda topic: owned_in_group(app, topic), limit_seconds=60)
    watching = asyncio.create_task(_watch(app, Gauges([driver], log, progress), progress))
    line = await _figures(run, job, driver)
    print(json.dumps(line | {"changelog": changelog.topic}), file=sys.__stdout__, flush=True)
    await watching


async def _begin(partition: int, changelog: Changelog, kit: Kit, job: FixedJob) -> None:
    store = PartitionStore(kit.folder / f"{_TABLE}-{partition}", kit.cache)
    owned = OwnedPartition(partition, changelog, store, kit.log, kit.rulebook)
    await owned.restore(0)
    await owned.commit(Effects(positions=dict.fromkeys(job.topics, 0)))
    owned.close()


async def _watch(app: faust.App, gauges: Gauges, progress: Progress) -> None:
    while not app.should_stop:
        await gauges.publish()
        progress.check()
        await asyncio.sleep(_TICK_SECONDS)


async def _figures(run: Run, job: FixedJob, driver: Driver) -> Mapping[str, Any]:
    """Counted is what is durable: tasks, changelog and local state."""
    steady: tuple[float, float, int] | None = None
    done = 0
    while done < run.count:
        await asyncio.sleep(_LOOK_SECONDS)
        done = sum(lane.owned.position(run.topic) for lane in driver.lanes)
        if steady is None and done * _WARM_SHARE >= run.count:
            steady = (time.perf_counter(), time.process_time(), done)
    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.sleep(SETTLE_SECONDS)
    assert job.began is not None
    assert steady is not None
    return {
        "events": done,
        "cpu_seconds": round(time.process_time() - job.began[1], 3),
        "wall_seconds": round(wall - job.began[0], 3),
        "steady_events": done - steady[2],
        "steady_cpu_seconds": round(cpu - steady[1], 3),
        "steady_wall_seconds": round(wall - steady[0], 3),
        "max_rss_mib": peak_mebibytes(),
        "referrals": run.referrals,
        "state_offset": _CLOCK_BYTES,
    }


if __name__ == "__main__":
    main(parse())
