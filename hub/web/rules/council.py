"""The rules in force, each with its owner, its figures and its last date; and the page on which its team's head renews it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access.roles import Action, Principal, may
from hub.access.trail import actor_of
from hub.audit.entries import Actor
from hub.clock import stockholm_date
from hub.core.explain import function_name
from hub.core.rule_set import Rule
from hub.core.suppression import FEWEST
from hub.core.wording import rule_in_words
from hub.errors import ConfigError, RejectedError, RetriableError
from hub.web.consents.showing import day
from hub.web.forms import field
from hub.web.language import Words, mark
from hub.web.presenting import moment
from hub.web.rendering import Renderer, Web
from hub.web.rules.figures import Figures

if TYPE_CHECKING:
    from hub.core.rule_set import PlaceRule
    from hub.registry.rule_sets import RuleSets
    from hub.registry.rules_kept import Activation

__all__ = ["Council"]

_SOON_DAYS: Final = 30
_DIGITS: Final = 10
_YEAR: Final = timedelta(days=365)
_SECTION: Final = "/rules"
_UNREAD: Final = mark("The rules or their figures cannot be read just now. The rules work on. Try again.")
_UNANSWERED: Final = mark("The registry or the audit log does not answer, so nothing was changed. Try again.")
_UNFIT: Final = mark(
    "The rule does not fit this installation any more: it names, for example, a team or an agency that is no more. Whoever runs "
    "the hub can see what with: hub rules renew {rule} --until {until}"
)
_UNREADABLE: Final = mark("The installation's files cannot be read. Whoever runs the hub can see why with: hub rules check")
_WRONG: Final = MappingProxyType(
    {
        "bad_date": mark("Give the date as year-month-day, for example 2026-06-30."),
        "sunset_passed": mark("That date has passed. Choose one from today on."),
        "sunset_too_late": mark("Choose a date in the year 2999 or before."),
        "not_later": mark(
            "The rule holds so long already. To let it hold shorter, its file is changed and the rules are activated."
        ),
        "bad_note": mark("Say why in at most 200 characters, without any long number."),
    }
)
_STOPPED: Final = MappingProxyType(
    {
        "not_renewable": mark("There is no such rule in force, or it has no last date."),
        "nothing_in_force": mark("No rules are in force yet."),
        "changed_meanwhile": mark("Somebody changed the rules meanwhile, so nothing was done. Look at them as they are now."),
    }
)


class Council:
    """Views behind guarded doors. Changes go through `hub.registry.rule_sets`, which writes the audit log."""

    def __init__(self, web: Web, renderer: Renderer) -> None:
        self._web = web
        self._renderer = renderer

    def page(self, request: Request, principal: Principal) -> Response:
        """Every rule in force, those about persons first."""
        words, now = self._renderer.words(request), self._web.clock.now()
        try:
            history = self._rule_sets(Actor(principal.account)).history()
            figures = Figures.read(self._web.worklist, history, words, now)
        except RetriableError:
            return self._away(request, principal, _UNREAD)
        active = history[0] if history else None
        rules = [] if active is None else sorted(active.rules.rules, key=lambda rule: (rule.about != "person", rule.id))
        since = dict(_since(history))
        rows = [self._row(rule, figures, since, words, principal) for rule in rules]
        return self._renderer.page(
            request, "rules/council.html", principal, rows=rows, active=active, figures=figures.said,
            least=FEWEST, section=_SECTION, here=_SECTION,
            since=None if active is None else moment(active.activated_at, words, now),
            renewed=request.query_params.get("renewed", "") in {rule.id for rule in rules},
        )  # fmt: skip

    def ask(self, request: Request, principal: Principal) -> Response:
        """What a renewal does, and until when."""
        return self._asked(request, principal, self._web.clock.now())

    def renew(self, request: Request, principal: Principal) -> Response:
        """A new version of the rules in force, with a later last date of this one."""
        found = self._found(request, principal)
        if isinstance(found, Response):
            return found
        _, rule = found
        rule_sets = self._rule_sets(actor_of(principal, Action.RULE_RENEW, rule.team))
        try:
            until, seen = _date(field(request, "until")), field(request, "number")
            after = int(seen) if seen.isdecimal() and len(seen) < _DIGITS else 0
            rules = rule_sets.renewed(rule.id, until)
            self._web.fits(rules, rule.id)
            rule_sets.activate(rules, field(request, "note").strip(), why="renew", after=after)
        except RejectedError as error:
            if error.code in _WRONG:
                return self._asked(request, principal, self._web.clock.now(), wrong=error.code)
            text = _STOPPED.get(error.code, mark("Workers could not weigh the rules with this date, so nothing was done."))
            return self._told(request, principal, mark("Nothing was changed"), text, 409)
        except ConfigError as error:
            text = _UNFIT if error.code == "bad_rules" else _UNREADABLE
            return self._told(request, principal, mark("Nothing was changed"), text, 409, rule=rule.id, until=until.isoformat())
        except RetriableError:
            return self._away(request, principal, _UNANSWERED)
        return RedirectResponse(f"/rules?renewed={rule.id}", status_code=303)

    def _asked(self, request: Request, principal: Principal, now: Any, *, wrong: str = "") -> Response:
        found = self._found(request, principal)
        if isinstance(found, Response):
            return found
        active, rule = found
        words, today = self._renderer.words(request), stockholm_date(now)
        amiss = {"until": "", "note": ""}
        if wrong:
            amiss["note" if wrong == "bad_note" else "until"] = words.text(_WRONG[wrong])
        note = field(request, "note") if wrong and not amiss["note"] else ""
        least = today if rule.sunset is None else max(today, rule.sunset + timedelta(days=1))
        return self._renderer.page(
            request, "rules/renew.html", principal, status=422 if wrong else 200, rule=rule.id, title=_title(rule, words),
            sunset=None if rule.sunset is None else day(rule.sunset, words), least=least.isoformat(), note=note, wrong=amiss,
            until=(field(request, "until") if wrong else "") or max(today + _YEAR, least).isoformat(), number=active.number,
            section=_SECTION, here=f"/rules/{rule.id}/renew",
        )  # fmt: skip

    def _found(self, request: Request, principal: Principal) -> tuple[Activation, Rule] | Response:
        """The rule of the address, in force and this person's to renew; else the page that says why not."""
        try:
            active = self._rule_sets(Actor(principal.account)).active()
        except RetriableError:
            return self._away(request, principal, _UNANSWERED)
        rules = () if active is None else active.rules.rules
        rule = next((one for one in rules if one.id == request.path_params["rule"]), None)
        if active is None or not isinstance(rule, Rule):
            text = mark("There is no such rule in force, or it has no last date.")
            return self._told(request, principal, mark("No such page"), text, 404)
        if not may(principal, Action.RULE_RENEW, rule.team):
            text = mark("A rule is renewed by the head of the team that it proposes to: {team}.")
            return self._told(request, principal, mark("Not for you"), text, 403, team=self._team(rule.team))
        return active, rule

    def _row(
        self, rule: Rule | PlaceRule, figures: Figures, since: Mapping[str, Activation], words: Words, principal: Principal
    ) -> Mapping[str, Any]:
        today = stockholm_date(self._web.clock.now())
        team = rule.team if isinstance(rule, Rule) else self._web.presence_team
        sunset = rule.sunset if isinstance(rule, Rule) else None
        left = None if sunset is None else (sunset - today).days
        began = since[rule.id]
        function = function_name(rule.function, words.language) if isinstance(rule, Rule) else words.text("presence in an area")
        said = rule_in_words(rule, words.language, {code: one.title for code, one in self._web.teams.items()})
        return {
            "id": rule.id, "title": _title(rule, words), "owner": rule.owner, "rationale": rule.rationale.strip(),
            "says": (*said.conditions, *said.bounds), "team": self._team(team), "function": function,
            "version": began.version, "since": day(began.activated_at, words),
            "sunset": None if sunset is None else day(sunset, words), "lapsed": left is not None and left < 0,
            "left": "" if left is None or left < 0 else words.many("{number} day left", "{number} days left", left),
            "soon": left is not None and 0 <= left <= _SOON_DAYS,
            "renewable": isinstance(rule, Rule) and may(principal, Action.RULE_RENEW, team),
            "figures": figures.of(rule, began.activated_at),
        }  # fmt: skip

    def _team(self, code: str) -> str:
        found = self._web.teams.get(code)
        return code if found is None else found.title

    def _rule_sets(self, actor: Actor) -> RuleSets:
        return self._web.rules(actor)

    def _away(self, request: Request, principal: Principal, text: str) -> Response:
        return self._told(request, principal, mark("Not just now"), text, 503)

    def _told(self, request: Request, principal: Principal, heading: str, text: str, status: int, **values: str) -> Response:
        """A page that says one thing and leads back to the rules."""
        word = self._renderer.words(request).text
        return self._renderer.page(
            request, "rules/told.html", principal, status=status, heading=word(heading), text=word(text, **values),
            section=_SECTION, here=_SECTION,
        )  # fmt: skip


def _since(history: list[Activation]) -> Iterator[tuple[str, Activation]]:
    """By rule in force, the activation since which it has been as it is now, without a break."""
    for rule in history[0].rules.rules if history else ():
        began = history[0]
        for earlier in history[1:]:
            if rule not in earlier.rules.rules:
                break
            began = earlier
        yield rule.id, began


def _title(rule: Rule | PlaceRule, words: Words) -> str:
    return rule.title_sv if words.language == "sv" else rule.title_en


def _date(text: str) -> date:
    """Raises RejectedError `bad_date`."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise RejectedError("until: no date", code="bad_date") from None
