"""The composition root of the pages and of signing in: the part of `hub.bootstrap` that belongs to `hub web`.

Imports stand inside the functions, so that a process loads its own parts only. Nothing here runs at import.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from hub.bootstrap import (
    build_audit,
    build_clock,
    build_coding_desk,
    build_four_eyes,
    build_registry,
    build_revealing,
    build_worklist,
)
from hub.bootstrap_kept import build_case_desk, build_report_desk
from hub.bootstrap_tasks import build_answers, build_presenter, build_rules_shown
from hub.settings import Settings, load_settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from hub.access.accounts import Accounts
    from hub.audit.entries import Actor
    from hub.audit.log import AuditLog
    from hub.core.rule_set import RuleSet
    from hub.registry.casework import Casework
    from hub.registry.registry import Registry
    from hub.registry.rule_sets import RuleSets
    from hub.web.consents.looking import Held
    from hub.web.consents.office import Office
    from hub.web.observations.senders import Intake, Observing
    from hub.web.operations.console import Console
    from hub.web.principal import Login, Provider
    from hub.web.rules.shown import RulesShown

__all__ = [
    "build_accounts",
    "build_console",
    "build_login",
    "build_observing",
    "build_office",
    "run_web",
    "sign_in_address",
]


def run_web(home: Path | None) -> None:
    """`hub web`."""
    from hub.audit.opening import open_vault
    from hub.beats import Beats
    from hub.bootstrap_cases import build_case_office, build_order_office, reference_inside
    from hub.installation import load_teams
    from hub.presence.opening import open_desk
    from hub.process import process_frame
    from hub.web.app import Web, build_web
    from hub.web.consents.office import opened_once
    from hub.web.process import listening, serve

    settings = load_settings(home)
    observing, shown = build_observing(settings), build_rules_shown(settings)
    presenter = build_presenter(settings, shown)
    shown.titles()  # a folder that cannot be read stops the start, while nothing else is known
    with listening(settings.web.host, settings.web.port) as port, process_frame(settings, "web", started=time.time()) as stop:
        audit, worklist = build_audit(settings), build_worklist(settings)
        answering, notes = build_answers(settings, worklist)
        cases = build_case_office(settings, worklist)
        registry = opened_once(lambda: build_registry(settings, build_clock(settings)).registry)
        web = Web(
            worklist=worklist,
            answering=answering,
            notes=notes,
            teams=load_teams(settings.home),
            login=build_login(settings, audit),
            four_eyes=build_four_eyes(settings, audit),
            presenter=presenter,
            audit=audit,
            clock=build_clock(settings),
            url=settings.web_url,
            default_language=settings.language,
            office=build_office(settings, audit, registry, shown),
            sealed=opened_once(lambda: open_vault(settings, build_clock(settings))),
            revealing=opened_once(lambda: build_revealing(settings, registry(), audit, reference_inside(worklist, cases.cases))),
            console=opened_once(lambda: build_console(settings)),
            casework=cases,
            orders=build_order_office(settings),
            notices=opened_once(lambda: build_coding_desk(settings, audit)),
            presence=opened_once(lambda: open_desk(settings, build_clock(settings))),
            reports=opened_once(lambda: build_report_desk(settings, audit)),
            cases=opened_once(lambda: build_case_desk(settings, audit)),
            receivers={code: one.title for code, one in settings.statutory.receivers.items()},
            observing=observing,
            beats=Beats(),
            rules=lambda actor: build_rule_sets(settings, registry(), audit, actor),
            fits=build_rule_check(settings),
            stopping=stop,
        )
        app = build_web(web)
        try:
            serve(app, port, stop)
        finally:
            app.state.turned_away.write_due(everything=True)


def build_console(settings: Settings) -> Console:
    """What the operator's pages need. The settings are read again at each look: a corrected mapping is tried as it is."""
    from threading import Event

    from hub.bootstrap import build_delivery_engine, build_runner
    from hub.delivery.sink_desk import SinkDesk
    from hub.web.operations.console import open_console

    clock, engine = build_clock(settings), build_delivery_engine(settings)
    return open_console(
        lambda: load_settings(settings.home),
        clock,
        lambda found, name: build_runner(found, name, Event()),
        lambda found, trail: SinkDesk(engine, found.sinks, clock, trail),
    )


def build_observing(settings: Settings) -> Observing:
    """What the observation form needs. Raises ConfigError when its settings do not fit those of the connector it sends to."""
    from hub.installation import load_teams
    from hub.web.consents.office import opened_once
    from hub.web.observations.senders import Observing, Reception, read_senders

    def intake() -> Intake:
        from hub.web.observations.sending import HttpIntake

        return HttpIntake(build_clock(settings))

    asked = settings.web.observations
    reception = Reception(asked.reception_name, asked.reception_phone, asked.reception_email)
    return Observing(read_senders(settings, load_teams(settings.home)), reception, opened_once(intake))


def build_rule_check(settings: Settings) -> Callable[[RuleSet, str], None]:
    """What refuses a rule of a set that names what the installation has no more; its files are read anew each time."""
    from hub.rules_file import Surroundings, check_kept

    return lambda rules, rule: check_kept(rules, Surroundings.of(settings), only=rule)


def build_rule_sets(settings: Settings, registry: Registry, audit: AuditLog, actor: Actor) -> RuleSets:
    """The rule sets of a registry, for one actor."""
    from hub.registry.rule_sets import RuleSets

    return RuleSets(registry, audit, actor, settings.kafka.partitions)


def build_office(
    settings: Settings, audit: AuditLog, registry: Callable[[], Registry] | None = None, shown: RulesShown | None = None
) -> Office:
    """What the consent pages need; the registry is opened by the first page that asks for it, once."""
    from hub.installation import load_agencies, load_places, load_teams
    from hub.web.consents.looking import Looking
    from hub.web.consents.office import Office, opened_once

    def casework() -> Casework:
        from hub.registry.casework import Casework

        found = registry() if registry else build_registry(settings, build_clock(settings)).registry
        return Casework(found, audit)

    def read(reference: str, expired: Callable[[], bool]) -> Held:
        from hub.kafka_places import KafkaPlaces
        from hub.runtime.held import read_held

        return read_held(KafkaPlaces(settings.bootstrap_servers), settings.changelog("youths"), reference, expired=expired)

    places = load_places(settings.home)
    return Office(
        casework=opened_once(casework),
        audit=audit,
        teams=load_teams(settings.home),
        agencies=load_agencies(settings.home),
        places=places,
        rules_shown=shown or build_rules_shown(settings),
        held=Looking(read),
        unit=places.title(settings.municipality),
        municipality=settings.municipality,
        retention_days=_days_on_topics(settings),
    )


def _days_on_topics(settings: Settings) -> int:
    """Whole days until a record has left: its retention, its file's, until somebody looks, and an hour for Kafka itself.

    What `hub.erasure_bounds` says to the minute; that would load a Kafka client into every process with pages.
    """
    hours = settings.erasure.segment_hours + settings.erasure.look_minutes / 60 + 1
    return ceil(settings.kafka.retention_days + hours / 24)


def build_login(settings: Settings, audit: AuditLog) -> Login:
    """The ways in that the settings permit. What is not used is not loaded."""
    from hub.access.codes import Codes
    from hub.access.opening import build_access_engine, open_accounts, open_sessions, own_accounts, own_codes
    from hub.installation import read_key
    from hub.web.principal import Login

    engine = build_access_engine(settings)
    return Login(
        sessions=open_sessions(settings, engine),
        trail=audit,
        codes=Codes(read_key(settings, "worklist.key"), engine) if own_codes(settings) else None,
        accounts=open_accounts(settings, engine, audit) if own_accounts(settings) else None,
        provider=_build_provider(settings, engine) if settings.login.oidc.issuer else None,
    )


def _build_provider(settings: Settings, engine: Engine) -> Provider:
    from functools import partial

    from hub.access.codes import spend
    from hub.installation import load_teams, read_key, read_secret
    from hub.web.oidc import OidcProvider
    from hub.web.oidc_claims import check_teams

    check_teams(settings.login.oidc, load_teams(settings.home))
    secret, key = read_secret(settings, "oidc-client-secret"), read_key(settings, "worklist.key")
    return OidcProvider(settings.login.oidc, secret, f"{settings.web_url}/sign-in/return", key, partial(spend, engine))


def build_accounts(settings: Settings, audit: AuditLog) -> Accounts:
    """The accounts of this installation, to be kept."""
    from hub.access.opening import build_access_engine, open_accounts

    return open_accounts(settings, build_access_engine(settings), audit)


def sign_in_address(
    settings: Settings, name: str, roles: Iterable[str] = (), teams: Collection[str] = (), *, person: str = ""
) -> str:
    """An address that signs its holder in, once; that it was issued is audited.

    `roles` are words (`hub.access.rights`), none: a team's member; `teams` are for the roles that name none, and none at all:
    every team. `person` is what the holder is called in `hub account person`: where it is given, four eyes know her again.

    Raises ConfigError when a role or a team is unknown, or when production permits no codes.
    """
    import secrets

    from hub.access.codes import issue_code
    from hub.access.opening import own_codes
    from hub.access.persons import person_key
    from hub.access.rights import read_words
    from hub.access.roles import Principal, Role
    from hub.access.trail import account_entry, system_user
    from hub.audit.actions import Action
    from hub.errors import ConfigError
    from hub.installation import load_teams, read_key

    if not own_codes(settings):
        text = "production signs in with OpenID Connect: codes need login.local_in_production = true and no provider"
        raise ConfigError(text, code="no_codes")
    words, known = list(roles) or [Role.TEAM_MEMBER], load_teams(settings.home)
    who = Principal(
        account=f"code-{secrets.token_hex(8)}",
        name=name,
        roles=read_words(words, teams, known, "--role", every_team=True),
        person=person_key(read_key(settings, "worklist.key"), person),
    )
    audit = build_audit(settings)
    try:
        audit.append(account_entry(Action.SIGN_IN_CODE_ISSUED, who.account, actor=system_user()))
    finally:
        audit.close()
    return f"{settings.web_url}/sign-in?code={issue_code(read_key(settings, 'worklist.key'), who)}"
