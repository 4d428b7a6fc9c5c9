"""A dry run of a source on a page: a real pull, each record field by field before the gate, and nothing done with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from starlette.responses import RedirectResponse, Response

from hub.access.roles import Action
from hub.audit.actions import Action as Logged
from hub.connect.dry_run import Trial, dry_run
from hub.connect.instance import load_instance
from hub.status import gate_figures
from hub.web.language import mark
from hub.web.operations.letter_rows import record_shown
from hub.web.operations.refusing import failure_text, former_code
from hub.web.operations.watch import Watch

__all__ = ["LIMITS", "begin", "shown"]

LIMITS: Final = (10, 50, 200)
_SECTION: Final = "/sources"
_OUTCOMES: Final = MappingProxyType(
    {"mapped": mark("gives an event"), "unmapped": mark("gives no event"), "refused": mark("is refused")}
)
_GATE: Final = MappingProxyType(
    {
        "passed": mark("with a consent that covers it"),
        "no_reference": mark("without a reference"),
        "kind_not_consented": mark("whose consent does not name the kind"),
        "outside_span": mark("outside the time of the consent"),
    }
)


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it; `figures` are the gate's of the running connector's last whole day, None when none runs."""

    trial: Trial
    figures: dict[str, int] | None


def begin(watch: Watch) -> Response:
    """Pull, in the background; in the audit log first. The connector itself is not disturbed."""
    name, console = watch.request.path_params["source"], watch.console
    asked = watch.field("limit")
    limit = int(asked) if asked in {str(one) for one in LIMITS} else LIMITS[0]
    settings = console.load()
    instance = load_instance(settings, name)
    watch.log(Action.OPERATIONS_ACT, Logged.CONNECTOR_TRIED, purpose=f"connector:{name}")

    def task(advance: Callable[[int], None]) -> Tried:
        return Tried(dry_run(instance, console.clock, limit, advance), gate_figures(settings, name))

    work = console.works.begin(watch.who.account, task)
    return RedirectResponse(f"/sources/{name}/trial/{work.number}", status_code=303)


def shown(watch: Watch) -> Response:
    """How far it has come, and what each record would be."""
    name = watch.request.path_params["source"]
    work = watch.console.works.find(watch.request.path_params["work"], watch.who.account)
    found = work.result if isinstance(work.result, Tried) else None
    words = watch.words
    counts = sorted(found.trial.counts.items()) if found else []
    return watch.page(
        "trial.html", _SECTION, source=name, work=work, over=work.over.is_set(), found=found is not None,
        failure=failure_text(watch, work.failure) if work.failure else "",
        records=[record_shown(one) for one in found.trial.records] if found else [],
        counts=[(words.text(_OUTCOMES[outcome]), reason, number) for (outcome, reason), number in counts],
        more=bool(found and found.trial.more), code=found.trial.code if found else "", gate=_gate(watch, found),
        here=f"/sources/{name}/trial/{work.number}", former=former_code(watch, [name]),
    )  # fmt: skip


def _gate(watch: Watch, found: Tried | None) -> list[tuple[str, str]]:
    """The gate's figures in words; empty when no connector runs that would tell them."""
    words = watch.words
    few = words.text("few or none")
    return [
        (words.text(_GATE[outcome]), words.text("about {number}", number=number) if number else few)
        for outcome, number in (found.figures if found and found.figures else {}).items()
        if outcome in _GATE
    ]
