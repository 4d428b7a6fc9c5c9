"""How long is waited before a system is asked again: random within a growing bound, or as long as the other side asked for."""

from __future__ import annotations

from tenacity import RetryCallState, Retrying
from tenacity.wait import wait_base, wait_random_exponential

from hub.errors import RetriableError

__all__ = ["Backoff", "after"]


class Backoff(wait_base):
    """In seconds. The bound doubles from `first` to `most`, and what is asked for counts up to `longest`."""

    def __init__(self, first: float, most: float, longest: float, *, least: float = 0.0) -> None:
        self._growing = wait_random_exponential(multiplier=first, max=most, min=least)
        self._longest = longest

    def __call__(self, retry_state: RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        asked = error.retry_after if isinstance(error, RetriableError) else None
        return min(self._longest, max(self._growing(retry_state), asked or 0.0))


def after(backoff: Backoff, times: int, error: BaseException) -> float:
    """What is waited when something failed with `error` for the so-manieth time, where no `Retrying` counts."""
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = times
    state.set_exception((type(error), error, error.__traceback__))
    return backoff(state)
