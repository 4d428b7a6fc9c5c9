"""What it costs to decode one message: `python -m tests.bench.contract.decode [--messages N] [--rounds N]`.

For each of the topics that a worker reads most, microseconds of the processor per message: as the codec reads it, as it would without
the readers made for its schemas, and that cost's parts (frame, Avro, model). Every message is another one: youths, events and instants
differ, agencies and connectors are a town's. Each figure is the least of several rounds, which take turns.
"""

from __future__ import annotations

import argparse
import gc
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta

from hub.compiled.form import form
from hub.contract.bounded import BoundedDecoder
from hub.contract.codec import Codec
from hub.contract.models import Message
from hub.contract.topics import CONSENTS, POLICE_NOTICES, RISK_EVENTS, SCHOOL_ABSENCES, Topic
from tests.bench.core.step import make_consent, make_events

__all__ = ["measure"]


def make_messages(number: int) -> dict[Topic, list[Message]]:
    """So many of each topic, of as many youths."""
    found: dict[Topic, list[Message]] = {SCHOOL_ABSENCES: [], POLICE_NOTICES: [], RISK_EVENTS: []}
    topics = {topic.message: topic for topic in found}
    for place, (event, _) in enumerate(make_events(youths=number, days=10_000, a_week=3.5, seed=7)):
        kept = found[topics[type(event)]]
        if len(kept) < number:
            kept.append(type(event)(**event.model_dump() | {"agency": f"{event.agency}-{place % 30}"}))
        elif all(len(each) == number for each in found.values()):
            break
    consents = [make_consent(f"y{place:032x}") for place in range(number)]
    later = [consent.recorded_at + timedelta(seconds=place) for place, consent in enumerate(consents)]
    return found | {CONSENTS: [each.model_copy(update={"recorded_at": at}) for each, at in zip(consents, later, strict=True)]}


def measure(messages: int, rounds: int) -> dict[str, dict[str, float]]:
    """Microseconds per message by topic; `ratio` is how many times less the readers take, in this very run."""
    codec = Codec.load()
    judged = Codec({number: replace(each, quick=None) for number, each in codec._written.items()}, codec._writing)
    figures = {}
    for topic, each in make_messages(messages).items():
        values = [codec.encode(topic, message) for message in each]
        written = codec._written_as(topic, values[0])
        assert all(written.quick(value) is not None for value in values), "the reader leaves them to avro"

        def avro(value: bytes, written=written) -> object:
            return written.reader.read_data(written.writer, written.current, BoundedDecoder(value, start=5))

        raw = [avro(value) for value in values]
        found = least(rounds, {
            "codec": (lambda value, topic=topic: codec.decode(topic, value), values),
            "without": (lambda value, topic=topic: judged.decode(topic, value), values),
            "frame": (lambda value, topic=topic: codec._written_as(topic, value), values),
            "avro": (avro, values),
            "model": (topic.message.model_validate, raw),
        })  # fmt: skip
        figures[topic.name] = found | {"ratio": round(found["without"] / found["codec"], 1)}
    return figures


def least(rounds: int, ways: dict[str, tuple[Callable, Iterable]]) -> dict[str, float]:
    figures: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, (way, items) in ways.items():
            gc.collect()
            began = time.process_time()
            for item in items:
                way(item)
            figures[name].append((time.process_time() - began) / len(items) * 1e6)
    return {name: round(min(each), 2) for name, each in figures.items()}


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=9)
    chosen = parser.parse_args()
    print(json.dumps({"form": form().text} | measure(chosen.messages, chosen.rounds), indent=1))


if __name__ == "__main__":
    main()
