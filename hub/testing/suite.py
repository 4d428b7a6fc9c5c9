"""What both suites share: cases by name, and waivers that state a reason and stay true."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from hub.connector import Connector, Trial
from hub.errors import ConfigError
from hub.testing.serving import served

__all__ = ["Suite", "case"]

_SHORTEST_REASON = 20
_S = TypeVar("_S", bound="Suite")


class Suite:
    """Subclass it as `Test…` and set `connector`. `waivers`: case → why this connector cannot pass it.

    A waiver for no case of the suite, or without a reason, is refused when the class is made; a waiver for a case that passes
    makes that case fail: it is to be taken out.
    """

    connector: ClassVar[Connector]
    waivers: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls, **words: Any) -> None:
        super().__init_subclass__(**words)
        for name, reason in cls.waivers.items():
            if name not in cls.cases():
                raise ConfigError(f"{cls.__name__} waives {name!r}, which is no case of the suite", code="unknown_waiver")
            if len(reason) < _SHORTEST_REASON:
                raise ConfigError(f"{cls.__name__} waives {name!r} without a reason", code="unknown_waiver")

    @classmethod
    def cases(cls) -> list[str]:
        """The names of all cases, in their order."""
        names = (name for kind in reversed(cls.__mro__) for name in vars(kind) if name.startswith("test_"))
        return list(dict.fromkeys(names))

    def serve(self, app: Any) -> AbstractContextManager[str]:
        """Put an ASGI application on a socket while a block runs; gives its address."""
        return served(app)

    @property
    def trial(self) -> Trial:
        """How the connector says that it is tried. Raises ConfigError when it does not say."""
        if self.connector.trial is None:
            raise ConfigError(f"connector {self.connector.name} has no trial to run the suite on", code="no_trial")
        return self.connector.trial


def case(check: Callable[[_S, Path], None]) -> Callable[[_S, Path], None]:
    """Make a method a case: it runs, or must fail where it is waived."""

    @functools.wraps(check)
    def run(self: _S, tmp_path: Path) -> None:
        reason = self.waivers.get(check.__name__)
        if reason is None:
            check(self, tmp_path)
            return
        try:
            check(self, tmp_path)
        except AssertionError:
            import pytest  # noqa: PLC0415 -- only where tests run

            pytest.xfail(f"waived: {reason}")
        raise AssertionError(f"{check.__name__} is waived for {self.connector.name}, and passes: take the waiver out")

    return run
