"""Cases that a connector which is shipped cannot pass, and why. A connector that is not named here passes them all."""

from __future__ import annotations

_FILES = "reads a folder of files: there is no server to ask, to garble an answer or to be in trouble"

SOURCES: dict[str, dict[str, str]] = {
    "observations": {
        "test_trouble_at_the_server_is_retriable": _FILES,
        "test_trouble_in_the_middle_loses_nothing": _FILES,
        "test_a_garbled_answer_is_an_error_of_the_hub": _FILES,
        "test_the_simulator_answers_the_same_twice": _FILES,
    },
    "polisen": {
        "test_what_is_taken_back_is_retracted": "the feed never says that an event was taken back: its row is gone, as old rows are",
    },
    "sdk": {
        "test_a_correction_keeps_its_identity": "a message that was sent is never edited: what corrects it is a message of its own",
        "test_what_is_taken_back_is_retracted": "a message that was sent cannot be taken back over SDK",
        "test_a_fact_stands_of_the_person_whom_it_is_about_now": "a message that was sent names whom it names: it is never edited",
    },
}
"""By connector: case → reason."""

SINKS: dict[str, dict[str, str]] = {
    "kafka_topic": {
        "test_the_receivers_own_id_is_handed_back": "a broker answers with a place on the topic, another one for each repeat",
    },
    "smtp": {
        "test_the_receivers_own_id_is_handed_back": "SMTP has no field for an id of the server's: what it queued is free text",
    },
    "webhook": {
        "test_the_receivers_own_id_is_handed_back": "who takes a webhook answers with a status, and names no id of its own",
    },
}
"""The same for sinks."""
