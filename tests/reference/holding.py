"""What is held of a youth: her newest consent, and of every event its highest revision, where consent covers it."""

from __future__ import annotations

from collections.abc import Sequence

from .history import Answer, Arrival, Cases, Consent, Event, Scope


class Held:
    """What has reached the hub, gone through once, in the order in which it came.

    `events` has every revision that stands, by kind and number; None for one of which only the revision is remembered: it was
    retracted, or may not be held, and displaces what it corrects all the same.
    """

    def __init__(self, arrivals: Sequence[Arrival]) -> None:
        self.consent: Consent | None = None
        self.revisions: dict[tuple[str, int], int] = {}
        self.contents: dict[tuple[str, int], Event] = {}
        self.answers: list[Answer] = []
        self.cases = Cases(0, ())
        for arrival in arrivals:
            match arrival.what:
                case Consent():
                    self._a_consent_came(arrival.what)
                case Event():
                    self._an_event_came(arrival.what)
                case Answer():
                    self.answers.append(arrival.what)
                case Cases():
                    self._cases_were_told(arrival.what)

    @property
    def events(self) -> list[Event]:
        """The events that stand, with their content."""
        return list(self.contents.values())

    def _a_consent_came(self, consent: Consent) -> None:
        if self.consent is not None and self.consent.status == "withdrawn":
            return  # for ever
        if consent.status == "withdrawn":
            self.consent = consent
            self.revisions, self.contents, self.answers, self.cases = {}, {}, [], Cases(0, ())
            return
        if self.consent is not None and consent.version <= self.consent.version:
            return
        self.consent = consent
        self.cases = without_those_that_a_withdrawal_ended(self.cases, consent)
        for identity, event in list(self.contents.items()):
            if not a_scope_covers(consent, event):
                del self.contents[identity]
                if event.revision == 1:
                    del self.revisions[identity]  # it corrects nothing, so there is nothing to remember it for

    def _an_event_came(self, event: Event) -> None:
        identity = (event.kind, event.number)
        if self.consent is None or self.consent.status == "withdrawn":
            return
        if event.revision <= self.revisions.get(identity, 0):
            return  # a repeat, or an older revision
        may_be_held = self.consent.status == "in_force" and a_scope_covers(self.consent, event)
        if not may_be_held and event.revision == 1:
            return
        self.revisions[identity] = event.revision
        self.contents.pop(identity, None)
        if may_be_held and not event.retracted:
            self.contents[identity] = event

    def _cases_were_told(self, cases: Cases) -> None:
        if self.consent is None or self.consent.status == "withdrawn" or cases.told_at <= self.cases.told_at:
            return
        self.cases = without_those_that_a_withdrawal_ended(cases, self.consent)


def without_those_that_a_withdrawal_ended(cases: Cases, consent: Consent) -> Cases:
    """A withdrawal ends the cases of its cooperation that were told of before it, unless another consent to it stands. What the
    record leaves out is suspended; what was told later is under a consent that has yet to come.
    """
    standing = {scope.cooperation for scope in consent.scopes if scope.withdrawn_at is None}
    ended = {
        scope.cooperation
        for scope in consent.scopes
        if scope.withdrawn_at is not None and cases.told_at <= scope.withdrawn_at and scope.cooperation not in standing
    }
    return Cases(cases.told_at, tuple(one for one in cases.open if one not in ended))


def the_cases_that_count(cases: Cases, consent: Consent, now: int) -> set[str]:
    """Those of a cooperation to which a consent is in force."""
    in_force = {
        scope.cooperation
        for scope in consent.scopes
        if consent.status == "in_force" and scope.withdrawn_at is None and scope.valid_from <= now < scope.valid_to
    }
    return set(cases.open) & in_force


def a_scope_covers(consent: Consent, event: Event) -> bool:
    """Whether somebody may be told of it at all, by its source, its kind and its own time."""
    return any(scope.withdrawn_at is None and scope.recipients and it_covers(scope, event) for scope in consent.scopes)


def it_covers(scope: Scope, event: Event) -> bool:
    return event.agency in scope.agencies and event.kind in scope.kinds and scope.valid_from <= event.occurred_at < scope.valid_to


def what_a_team_may_be_told_of(
    events: Sequence[Event], consent: Consent, *, team: str, cooperation: str, now: int
) -> list[Event]:
    """The events that the scopes which name the team now cover. Scopes of one id are one consent, with its several times."""
    if consent.status != "in_force":
        return []
    naming = [
        scope
        for scope in consent.scopes
        if scope.withdrawn_at is None and scope.cooperation == cooperation and team in scope.recipients
    ]
    in_force_now = {scope.scope_id for scope in naming if scope.valid_from <= now < scope.valid_to}
    speaking = [scope for scope in naming if scope.scope_id in in_force_now]
    return [event for event in events if any(it_covers(scope, event) for scope in speaking)]
