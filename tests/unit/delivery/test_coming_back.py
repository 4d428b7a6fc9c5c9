"""The inbox after a restore beside which Kafka begins anew: nothing is passed over, doubled, or shown of who has withdrawn."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from hub.clock import ManualClock
from hub.contract.ids import new_youth_ref
from hub.contract.models import ConsentStatus, TaskState
from hub.contract.topics import CONSENTS, TASKS_OUTREACH
from hub.delivery.coming_back import come_back
from hub.errors import ConfigError
from tests.unit.delivery.make import Desk, make_consent, make_task


def test_a_kafka_that_begins_anew_is_taken_from_its_beginning_and_what_is_told_again_is_no_second_task(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    desk, ref = Desk(sqlite_engine, clock), new_youth_ref()
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref)), desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    with pytest.raises(ConfigError):
        desk.inbox.check_ends({})
    come_back(str(sqlite_engine.url))
    desk.inbox.check_ends({})
    anew = Desk(sqlite_engine, clock)
    other = new_youth_ref()
    told = [(CONSENTS, ref, make_consent(ref, 1001)), (TASKS_OUTREACH, ref, make_task(ref))]
    told += [(TASKS_OUTREACH, ref, make_task(ref, opened_by="e2")), (TASKS_OUTREACH, other, make_task(other))]
    assert anew.inbox.take([anew.record(*one) for one in told]) == 4
    assert anew.states() == [(TaskState.RECEIVED, None)] * 2
    assert anew.worklist.open_task(make_task(ref).task_id, "outreach").content is not None


def test_until_the_registry_has_told_a_consent_anew_nobody_reads_what_a_task_says_and_a_withdrawal_is_for_ever(
    sqlite_engine: Engine, clock: ManualClock
) -> None:
    desk, ref, gone = Desk(sqlite_engine, clock), new_youth_ref(), new_youth_ref()
    desk.inbox.take([desk.record(CONSENTS, ref, make_consent(ref)), desk.record(TASKS_OUTREACH, ref, make_task(ref))])
    desk.inbox.take([desk.record(CONSENTS, gone, make_consent(gone, 2, status=ConsentStatus.WITHDRAWN))])
    come_back(str(sqlite_engine.url))
    anew = Desk(sqlite_engine, clock)
    assert anew.worklist.open_task(make_task(ref).task_id, "outreach").content is None
    anew.inbox.take([anew.record(CONSENTS, ref, make_consent(ref, 1002, status=ConsentStatus.WITHDRAWN))])
    anew.inbox.take([anew.record(TASKS_OUTREACH, gone, make_task(gone)), anew.record(CONSENTS, gone, make_consent(gone, 3))])
    assert [state for state, _ in anew.states()] == [TaskState.CANCELLED]
