"""Kills in mid-demo: the same tasks, none twice. Run by name:

    pytest -m chaos tests/chaos                        all rounds, two to four minutes each
    HUB_CHAOS_ROUNDS=1 pytest -m chaos tests/chaos     the short case, for every change (under five minutes)

HUB_CHAOS_ROUNDS: how many rounds (5); each plays the whole demo on real Kafka twice, under other kills of the hub's processes
and of Kafka itself (three times; in the short case once).
HUB_CHAOS_SEED: the first round's seed (1); the others count on from it, so that one round is played again with its seed and
HUB_CHAOS_ROUNDS=1. Seed 1 is the short case: the worker once, and every connector that tells of persons once. A seed fixes
who is killed, how often and after which batch or pause; what the machine was doing at that moment, it cannot.

`python -m tests.chaos.matrix` does the same to the runtime alone, disturbance by disturbance, against an oracle; `test_matrix.py`
is its short case.
"""
