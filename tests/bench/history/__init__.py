"""A whole history through the real thing: school server, connector process, Kafka. `python -m tests.bench.history`."""
