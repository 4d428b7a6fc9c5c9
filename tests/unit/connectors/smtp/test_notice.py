from __future__ import annotations

import pytest

from connectors.smtp.notice import message_id_of, notice
from hub.contract.models import TaskState
from tests.unit.connectors.make import NOW, make_errand
from tests.unit.connectors.smtp.make import make_config


def test_a_mail_says_that_a_task_waits_and_where_and_nothing_else() -> None:
    message = notice(make_config(), make_errand(), NOW)
    text = message.get_content()
    assert "En ny uppgift väntar i navet." in text
    assert "A new task is waiting in the hub." in text
    assert "https://navet.example.se" in text
    for private in (make_errand().task_id, make_errand().function, "high", "2025-05-24"):
        assert private not in text
        assert private not in message["Subject"]
    assert message.get_content_type() == "text/plain"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == NOW


def test_the_message_id_stays_and_is_another_for_the_word_that_takes_it_back() -> None:
    config = make_config()
    assert message_id_of(config, make_errand()) == f"<{make_errand().task_id}.requested@example.se>"
    assert len({message_id_of(config, make_errand(state=state)) for state in TaskState}) == len(TaskState)


@pytest.mark.parametrize("end", [TaskState.RECALLED, TaskState.CANCELLED])
def test_a_task_that_is_taken_back_is_told_in_both_languages(end) -> None:
    text = notice(make_config(), make_errand(state=end), NOW).get_content()
    assert "En uppgift i navet gäller inte längre." in text
    assert "A task in the hub is no longer to be done." in text
