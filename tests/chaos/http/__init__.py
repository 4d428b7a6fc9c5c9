"""Kills and faults for every connector that pulls over HTTP. Run by name:

    HUB_CHAOS_ROUNDS=30 pytest -m chaos tests/chaos/http            thirty rounds a connector, about half a minute each
    HUB_CHAOS_ROUNDS=30 HUB_CHAOS_SEED=11 pytest … -k ss12000       the same of one, on from the eleventh

A round: the connector's process is killed with -9 three times, twice between publish and cursor write and once anywhere, while
one call in five of its server is spoilt; then it runs to its end. What the source's books say must stand on Kafka by (id,
revision), none missing; what stands there twice is counted. A seed fixes the data, the kills and the order of the faults.
"""
