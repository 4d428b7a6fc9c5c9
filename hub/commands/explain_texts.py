"""What `hub explain` prints."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import typer

from hub.contract.models import PresenceTask, ReferralTask
from hub.core.explain import Audience, Explanation, explain
from hub.core.lacking import RuleStanding
from hub.core.lacking_texts import standing_lines, standing_text
from hub.core.rule_titles import RuleTitles
from hub.core.texts import Language
from hub.core.written import written

if TYPE_CHECKING:
    from hub.delivery.worklist import TaskView
    from hub.runtime.held import Held
    from hub.settings import Settings

__all__ = ["print_standings", "print_task"]

_SAID: Final[dict[str, dict[Language, str]]] = {
    "withheld": {
        "sv": "Visas inte just nu: navet har inte kunnat leta efter återkallade samtycken. Se `hub status`.",
        "en": "Not shown just now: the hub could not look for withdrawn consents. See `hub status`.",
    },
    "untold": {
        "sv": "Visas inte: inget samtycke som gäller nu tillåter det, eller så är det raderat.",
        "en": "Not shown: no consent in force permits it, or it is erased.",
    },
    "consent": {
        "sv": "Samtycke: version {version}, nummer {scope}. Regel: {rule}, regelversion {rules}.",
        "en": "Consent: version {version}, number {scope}. Rule: {rule}, version of the rules {rules}.",
    },
    "others_one": {
        "sv": "1 regel till är andra enheters, och visas inte här.",
        "en": "1 more rule belongs to other units, and is not shown here.",
    },
    "others": {
        "sv": "{number} regler till är andra enheters, och visas inte här.",
        "en": "{number} more rules belong to other units, and are not shown here.",
    },
}


def print_task(settings: Settings, view: TaskView, language: Language, audience: Audience, *, as_json: bool) -> None:
    """A task explained, or why nothing of it is shown."""
    content = view.content
    if content is None:
        said = _SAID["withheld" if view.withheld else "untold"][language]
        typer.echo(json.dumps({"task_id": view.task_id, "shown": False, "why": said}, ensure_ascii=False) if as_json else said)
        return
    title = _titles(settings).of(content.rule_id, content.rules_version, language)
    found = explain(content, language=language, audience=audience, title=title)
    if as_json:
        typer.echo(json.dumps(_document(content, found, audience), indent=2, ensure_ascii=False))
        return
    typer.echo(written(found, language, _agencies(settings)))
    if isinstance(content, ReferralTask) and audience == "team":
        words = _SAID["consent"][language]
        typer.echo(
            words.format(
                version=content.consent_version, scope=content.scope_id, rule=content.rule_id, rules=content.rules_version
            )
        )


def print_standings(held: Held, mine: Sequence[RuleStanding], others: int, language: Language, *, as_json: bool) -> None:
    """Each rule with where it stands, and what its conditions lack."""
    titles = held.titles[language]
    if as_json:
        rows = [
            {
                "rule": one.rule_id, "title": titles.get(one.rule_id, one.rule_id), "standing": one.standing.value,
                "team": one.team, "task_id": one.task_id, "said": standing_text(one, language),
                "conditions": list(standing_lines(one, language)),
            }
            for one in mine
        ]  # fmt: skip
        typer.echo(json.dumps({"rules": rows, "of_other_teams": others}, indent=2, ensure_ascii=False))
        return
    for one in mine:
        number = f" ({one.task_id[:8]})" if one.task_id else ""
        typer.echo(f"{titles.get(one.rule_id, one.rule_id)}: {standing_text(one, language)}{number}")
        for line in standing_lines(one, language):
            typer.echo(f"  – {line}")
    if others:
        typer.echo(_SAID["others_one" if others == 1 else "others"][language].format(number=others))


def _document(content: ReferralTask | PresenceTask, found: Explanation, audience: Audience) -> dict[str, Any]:
    document: dict[str, Any] = {
        "task_id": content.task_id, "shown": True, "title": found.title, "function": found.function, "sentence": found.sentence,
        "source_not_shown": found.withheld,
        "conditions": [
            {
                "label": one.label, "met": one.met, "at_least": one.at_least, "unit": one.unit, "window_days": one.window_days,
                "text": one.text, "narrowed": list(one.narrowed), "agencies": list(one.agencies), "older_events": one.older,
                "events": [event.model_dump(mode="json") for event in one.events],
            }
            for one in found.conditions
        ],
    }  # fmt: skip
    if isinstance(content, ReferralTask) and audience == "team":
        document |= {
            "rule": content.rule_id, "rules_version": content.rules_version,
            "consent": {"version": content.consent_version, "scope_id": content.scope_id},
        }  # fmt: skip
    return document


def _titles(settings: Settings) -> RuleTitles:
    """Of every version that ever was in force; before the first activation, of the files."""
    from hub.registry.rules_kept import read_kept
    from hub.rules_file import load_active_rules

    return RuleTitles(read_kept(settings) or [load_active_rules(settings)])


def _agencies(settings: Settings) -> Mapping[str, str]:
    from hub.installation import load_agencies

    return {code: agency.title for code, agency in load_agencies(settings.home).items()}
