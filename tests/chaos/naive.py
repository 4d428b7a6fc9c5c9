"""The same work as Faust's documentation shows it: a table written per event, a task sent per threshold. Known to fail.

Minutes of unexcused absence per youth; every full eight hours is a task, under an id that a repeat gives again. The matrix runs
over it to be known to bite: `python -m tests.chaos.matrix --case naive-kill`.
"""

from __future__ import annotations

import logging

import faust

from hub.contract.codec import Codec
from hub.contract.models import AbsenceKind, SchoolAbsence
from hub.contract.topics import SCHOOL_ABSENCES
from hub.errors import ContractError
from hub.settings import load_settings
from tests.chaos.matrix.trap import Trap

__all__ = ["CHANGELOG", "GROUP", "TASKS", "THRESHOLD"]

GROUP, TASKS = "naive", "naive-tasks"
CHANGELOG = f"{GROUP}-minutes-changelog"
THRESHOLD = 480


def build() -> faust.App:
    """Faust's defaults, but for the session, which is the hub's."""
    settings, codec = load_settings(), Codec.load()
    trap = Trap(settings)
    session = settings.worker.session_timeout_seconds
    app = faust.App(
        GROUP,
        broker=f"kafka://{settings.bootstrap_servers}",
        broker_session_timeout=session,
        broker_heartbeat_interval=session / 4,
        consumer_auto_offset_reset="earliest",
        topic_partitions=settings.kafka.partitions,
        web_enabled=False,
    )
    absences = app.topic(SCHOOL_ABSENCES.name, value_serializer="raw", value_type=bytes)
    tasks = app.topic(TASKS, key_type=str, value_type=str)
    minutes = app.Table("minutes", default=int, partitions=settings.kafka.partitions)

    @app.agent(absences)
    async def correlate(stream):
        async for value in stream:
            try:
                event = codec.decode(SCHOOL_ABSENCES, value)
            except ContractError:
                continue
            if not isinstance(event, SchoolAbsence) or event.kind is not AbsenceKind.UNEXCUSED:
                continue
            youth, before = event.youth_ref, minutes[event.youth_ref]
            trap.pass_by("table", "before")
            minutes[youth] = before + event.minutes
            trap.pass_by("table", "after")
            for number in range(before // THRESHOLD, minutes[youth] // THRESHOLD):
                await tasks.send(key=youth, value=f"{youth}:{number + 1}")
                trap.pass_by("task", "after")

    return app


if __name__ == "__main__":
    logging.captureWarnings(capture=True)
    build().main()
