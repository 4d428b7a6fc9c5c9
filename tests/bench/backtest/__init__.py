"""Candidate rules over years of generated history. `python -m tests.bench.backtest`."""
