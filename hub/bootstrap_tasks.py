"""The composition root of what teams do with tasks, on the pages and on the command line.

Imports stand inside the functions, so that a process loads its own parts only. Nothing here runs at import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.bootstrap import build_clock, build_delivery_engine

if TYPE_CHECKING:
    from hub.delivery.answering import Answering
    from hub.delivery.notes import Notes
    from hub.delivery.worklist import Worklist
    from hub.settings import Settings
    from hub.web.presenting import Presenter
    from hub.web.rules.shown import RulesShown

__all__ = ["build_answers", "build_presenter", "build_rules_shown"]


def build_rules_shown(settings: Settings) -> RulesShown:
    """The rules as pages name them."""
    from hub.registry.rules_kept import read_kept
    from hub.rules_file import load_rules
    from hub.web.rules.shown import RulesShown

    return RulesShown(lambda: read_kept(settings), lambda: load_rules(settings.home / "rules"))


def build_presenter(settings: Settings, shown: RulesShown | None = None) -> Presenter:
    """What says what tasks say, in the installation's own names."""
    from hub.installation import load_agencies, load_places
    from hub.web.presenting import Presenter

    agencies = {code: agency.title for code, agency in load_agencies(settings.home).items()}
    return Presenter(shown or build_rules_shown(settings), load_places(settings.home), agencies)


def build_answers(settings: Settings, worklist: Worklist) -> tuple[Answering, Notes]:
    """What teams do with the tasks of `worklist`, and note on them."""
    from functools import cache

    from hub.contract.codec import Codec
    from hub.delivery.answering import Answering
    from hub.delivery.clocks import Clocks
    from hub.delivery.errands import ErrandWriter
    from hub.delivery.notes import Notes, NoteSeal
    from hub.delivery.sinks import sinks_of_teams
    from hub.installation import load_teams, read_key

    engine, clock = build_delivery_engine(settings), build_clock(settings)

    def stale() -> bool:
        return worklist.stale() is not None

    teams = load_teams(settings.home)
    errands = ErrandWriter(sinks_of_teams(settings, teams))
    answering = Answering(engine, cache(Codec.load), clock, stale=stale, follow_up=Clocks(teams).follow_up, errands=errands)
    return answering, Notes(engine, NoteSeal(read_key(settings, "worklist.key")), clock, stale)
