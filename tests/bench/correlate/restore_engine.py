"""The restore of every partition as a worker does it, into an empty folder, by itself: `python -m tests.bench.correlate.restore_engine`.

Prints a line of JSON: records, seconds of the wall and of the processor, what is resident, and what was restored, to be compared with
what was written. States come out of the local files again, clocks out of the index.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from hub.claims import read_claims
from hub.runtime.changelogs import changelog_name, prepare_changelogs
from hub.runtime.memory import keep_small, seek_cycles_seldom
from hub.runtime.ownership import Changelog, OwnedPartition
from hub.runtime.process import YOUTHS, build_rulebook
from hub.runtime.store import PartitionStore, StoreCache
from hub.runtime.transport import KafkaLog
from hub.runtime.youths import YouthProgram
from hub.settings import Settings, load_settings
from tests.bench.correlate.seeding import Digest
from tests.integration.runtime.town import CODEC

__all__: list[str] = []

_LAST = datetime.max.replace(tzinfo=UTC)
_MEBIBYTE = 1024 * 1024


async def _restored(settings: Settings, folder: Path) -> dict[str, Any]:
    layout = prepare_changelogs(settings, {YOUTHS: YouthProgram(CODEC, read_claims(settings)).topics})
    changelog = Changelog(changelog_name(settings, YOUTHS), layout.topic_ids)
    log, cache, rulebook = KafkaLog(settings.bootstrap_servers), StoreCache(), build_rulebook(settings)
    await log.start()
    process = psutil.Process()
    before = process.memory_info().rss
    began, spent = time.perf_counter(), time.process_time()
    partitions = []
    for partition in range(layout.partitions[changelog.topic]):
        owned = OwnedPartition(partition, changelog, PartitionStore(folder / str(partition), cache), log, rulebook)
        await owned.restore(0)
        partitions.append(owned)
    found = {
        "records": sum(owned.reaches for owned in partitions),
        "wall_seconds": round(time.perf_counter() - began, 3),
        "cpu_seconds": round(time.process_time() - spent, 3),
        "grown_mib": round((process.memory_info().rss - before) / _MEBIBYTE, 1),
    }
    states, clocks = Digest(), Digest()
    for owned in partitions:
        for key in owned.timers.due(_LAST, sys.maxsize):
            clocks.add(key, b"")
        owned.close()
    for partition in range(len(partitions)):
        store = PartitionStore(folder / str(partition), cache)
        for key, value in store.items():
            states.add(key, value)
        store.close()
    await log.stop()
    return found | {"states": str(states), "clocks": str(clocks)}


def main(home: Path, folder: Path) -> None:
    """Restore once and tell."""
    keep_small()
    settings = load_settings(home)
    seek_cycles_seldom()
    print(json.dumps(asyncio.run(_restored(settings, folder))), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
