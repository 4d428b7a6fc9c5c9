"""The rules as pages name them: those in force, and the titles of all that ever were. Looked up again while the pages run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from hub.core.rule_set import Rule, RuleSet
from hub.core.rule_titles import RuleTitles
from hub.errors import RetriableError

__all__ = ["RulesShown"]

_SECONDS: Final = 30.0
"""A task of a rule that has just been activated is named by its id for so long at most."""


class RulesShown:
    """Safe for several threads. `kept` gives every version that was ever in force, beginning with the one that is (none: it
    never was any); `folder` the rules of the installation's files, which are shown until then. `elapsed` counts seconds.

    What was known is shown on when `kept` raises RetriableError; `folder` may raise ConfigError, at the first look only.
    """

    def __init__(
        self, kept: Callable[[], Sequence[RuleSet]], folder: Callable[[], RuleSet], elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        self._kept, self._folder, self._elapsed = kept, folder, elapsed
        self._lock = threading.Lock()
        self._looked = 0.0
        self._sets: Sequence[RuleSet] = ()
        self._titles = RuleTitles(())

    @property
    def version(self) -> str:
        """Of the rules in force."""
        return self._found()[0].version

    @property
    def people(self) -> tuple[Rule, ...]:
        """The rules in force about persons."""
        return tuple(rule for rule in self._found()[0].rules if isinstance(rule, Rule))

    def titles(self) -> RuleTitles:
        """What every rule that ever was in force is called, and was."""
        self._found()
        return self._titles

    def _found(self) -> Sequence[RuleSet]:
        with self._lock:
            now = self._elapsed()
            if not self._sets or now - self._looked >= _SECONDS:
                self._look()
                self._looked = now
            return self._sets

    def _look(self) -> None:
        try:
            found = self._kept()
        except RetriableError:
            found = self._sets
        self._sets = tuple(found) or (self._folder(),)
        self._titles = RuleTitles(self._sets)
