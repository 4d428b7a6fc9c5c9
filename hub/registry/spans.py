"""Arithmetic on sets of half-open spans of time: pure, sorted, never overlapping in results."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias

__all__ = ["Span", "intersect", "union"]

Span: TypeAlias = tuple[datetime, datetime]


def union(spans: Iterable[Span]) -> list[Span]:
    """The same instants, in as few spans as possible; empty spans vanish."""
    merged: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def intersect(left: Iterable[Span], right: Iterable[Span]) -> list[Span]:
    """The instants that lie in both."""
    others = list(right)
    return union((max(a, c), min(b, d)) for a, b in left for c, d in others)
