"""Has letters sent again: by the connector where it runs, else in this process, under the instance's lock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from hub.clock import Clock
from hub.connect.letter_box import Filed, LetterBox, Look
from hub.connect.letters import LetterState
from hub.connect.trying import by_connector
from hub.errors import ConfigError, HubError

__all__ = ["Redrives", "SendingAgain"]

_LOOK_SECONDS = 0.2
_AGAIN_SECONDS = 1.0
_TRIES = 120  # a connector looks every few seconds, and a source may be slow


class Redrives(Protocol):
    """`hub.connect.runner.Runner`, for what is needed of it here."""

    def redrive(self) -> None:
        """Redrive what is queued. Raises ConfigError `runs_already` when the connector runs: then it does so by itself."""
        ...


class SendingAgain:
    """`build_runner` makes what redrives an instance by its name; it is called when letters of that instance are queued."""

    def __init__(
        self, box: LetterBox, clock: Clock, build_runner: Callable[[str], Redrives], pause: Callable[[float], object] = time.sleep
    ) -> None:
        self._box = box
        self._clock = clock
        self._build_runner = build_runner
        self._pause = pause

    def queue(self, letters: Sequence[Filed]) -> list[Filed]:
        """Ask for it: those that still waited, and are now queued."""
        moved: list[Filed] = []
        for name, own in by_connector(letters):
            ids = [one.letter.letter_id for one in own]
            queued = self._box.move(name, ids, LetterState.WAITING, LetterState.QUEUED, self._clock.now())
            moved += [one for one in own if one.letter.letter_id in queued]
        return moved

    def give_up(self, letters: Sequence[Filed]) -> None:
        """Those of them that are still queued wait again."""
        for name, own in by_connector(letters):
            ids = [one.letter.letter_id for one in own]
            self._box.move(name, ids, LetterState.QUEUED, LetterState.WAITING, self._clock.now())

    def have_done(self, letters: Sequence[Filed], advance: Callable[[int], None] = lambda _done: None) -> None:
        """Until none of these is queued, or patience is over: then a running connector takes them at its next look.

        `advance` is told how many are done. When it fails here those that are left wait again, and the error leaves.
        """
        done = 0
        for name, own in by_connector(letters):
            ids = [one.letter.letter_id for one in own]
            try:
                self._have_done(name, ids, advance, done)
            except HubError:
                self.give_up(letters)
                raise
            done += len(ids)
            advance(done)

    def now(self, letters: Sequence[Filed]) -> list[Filed]:
        """How these letters stand now, oldest first."""
        ids = frozenset(one.letter.letter_id for one in letters)
        return self._box.letters(Look(ids=ids, states=frozenset(LetterState))) if ids else []

    def _have_done(self, name: str, ids: Sequence[str], advance: Callable[[int], None], before: int) -> None:
        failures: list[HubError] = []
        over = threading.Event()
        thread = threading.Thread(target=self._redrive, args=(name, ids, failures, over), name="redrive")
        thread.start()
        while not over.wait(_LOOK_SECONDS):
            advance(before + len(ids) - self._queued(name, ids))
        thread.join()
        if failures:
            raise failures[0]

    def _redrive(self, name: str, ids: Sequence[str], failures: list[HubError], over: threading.Event) -> None:
        """Tried again while another has the instance: that one may end, or have looked before these were queued."""
        try:
            runner = self._build_runner(name)
            for _ in range(_TRIES):
                try:
                    return runner.redrive()
                except ConfigError as error:
                    if error.code != "runs_already":
                        raise
                if not self._queued(name, ids):
                    return None
                self._pause(_AGAIN_SECONDS)
        except HubError as error:
            failures.append(error)
        finally:
            over.set()

    def _queued(self, name: str, ids: Sequence[str]) -> int:
        return self._box.states(name, ids)[LetterState.QUEUED]
