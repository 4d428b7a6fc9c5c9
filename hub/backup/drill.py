"""The drill: what happened after a backup still holds after its restore: a withdrawal, a block, a marking as protected; and so do
the rules of consent, which are another municipality's than those of the new machine.

It is played on an installation made for it, and the worst is played: the copy of the keyring is as old as the backup, so that
the key of who withdrew is in it, and only the shred list says that she is gone. A control comes first: without the list she would
open. Persons are of the published test series.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from hub.backup.copying import load
from hub.backup.create import create_backup, create_key_copy
from hub.backup.manifest import SHRED_LIST
from hub.backup.restore import make_plan, restore
from hub.clock import Clock, ManualClock
from hub.contract.codec import Codec
from hub.contract.models import ConsentRecord, ConsentStatus
from hub.contract.topics import CONSENTS
from hub.core.consent_rules import Signatory
from hub.errors import FatalError
from hub.installation import CONSENT_VARIANT, initialise
from hub.kafka import Outgoing
from hub.registry import lifecycle
from hub.registry.directory import changes
from hub.registry.granting import Marking, read_grant
from hub.registry.keyring import Ending, open_keyring, write_shred_list
from hub.registry.opening import OpenRegistry, open_registry
from hub.registry.protecting import protect
from hub.registry.relay import Relay
from hub.registry.tables import Youth
from hub.registry.upkeep import refresh, republish
from hub.registry.work import Work
from hub.settings import Settings, load_settings

__all__ = ["Proof", "play_drill"]

_GONE, _STAYS, _BLOCKED, _MARKED = "201303049801", "201303049819", "201303049827", "201303049835"
_GROWN = "200503049801"  # 20: within the ages of the backed-up rules, not of those that the new machine begins with
_PERSONS = (_GONE, _STAYS, _BLOCKED, _MARKED, _GROWN)
_VARIANT = "sigtuna"
_AGENCIES = ("school-norrkoping", "police-ost")
_AT = datetime(2025, 5, 19, 5, 30, tzinfo=UTC)
_SEEN = (
    ("her data key is there", "no data key of hers is there"),
    ("her sealed fields open", "none of her sealed fields opens"),
    ("her agencies are told of her", "no agency is told of her"),
    ("her consent is in force on the bus", "no record on the bus says that a consent of hers is in force"),
)

_TOLD = 2  # of them, those that hold for somebody who is stopped too: her data are kept, and told to nobody


@dataclass(frozen=True, slots=True)
class Proof:
    """One thing that must hold after the restore, and whether it does."""

    what: str
    holds: bool


@dataclass
class _Bus:
    """What the registry would have told Kafka."""

    records: list[Outgoing] = field(default_factory=list)

    def publish(self, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        """All are acknowledged."""
        self.records.extend(records)
        return [(0, number) for number, _ in enumerate(records)]


class _Lane:
    """The manual lane of an installation that is thrown away."""

    def put(self, case_id: str, content: bytes, at: datetime) -> None:
        """Nobody will read the case."""


def play_drill(
    say: Callable[[str], None] = lambda _text: None,
    databases: Callable[[str], dict[str, str]] = lambda _which: {},
) -> list[Proof]:
    """Play it in a folder of its own that is gone afterwards.

    `databases` gives, for the `first` and the `restored` installation, URLs of empty databases by the registry's settings
    (`database_url`, `keyring_url`); none: SQLite.
    """
    folder, codec, clock = Path(tempfile.mkdtemp(prefix="hub-drill-")), Codec.load(), ManualClock(_AT)
    try:
        first = _installation(folder / "first", databases("first"), variant=_VARIANT)
        say("five persons give their consent")
        references = _grant(first, clock, codec)
        proofs = _prove("before, as a control: ", _look(first, clock, codec, references[0]), gone=False)
        say("a backup is made, and a copy of the keyring")
        backup, _ = create_backup(first, folder / "backups", clock.now())
        keys, _ = create_key_copy(first, folder / "key-copies", clock.now(), timedelta(days=1))
        say("one withdraws everything, one blocks it, one is marked as protected")
        _change(first, clock, codec)
        write_shred_list(folder / "elsewhere" / SHRED_LIST, _endings(first))
        say("the machine is lost; what was backed up comes to another one")
        second = _installation(folder / "second", databases("restored"), keys=first.keys)
        apart = bool(second.registry.keyring_url)
        if apart:
            load(keys, second.registry.keyring_url, "drill")
        plan = make_plan(second, backup, None if apart else keys, [folder / "elsewhere" / SHRED_LIST], former_registry="")
        restore(plan, clock, codec, say)
        gone, stays, blocked, marked, grown = (_look(second, clock, codec, reference) for reference in references)
        return [
            *proofs,
            *_prove("restored, who had withdrawn: ", gone, gone=True),
            *_prove("restored, who had blocked: ", blocked, gone=True)[_TOLD:],
            *_prove("restored, who is protected: ", marked, gone=True)[_TOLD:],
            *_prove("restored, who changed nothing: ", stays, gone=False),
            *_prove("restored, whom the new machine's own rules of consent would end: ", grown, gone=False),
        ]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prove(whom: str, seen: tuple[bool, ...], *, gone: bool) -> list[Proof]:
    return [Proof(whom + words[gone], holds is not gone) for words, holds in zip(_SEEN, seen, strict=True)]


def _installation(home: Path, urls: dict[str, str], *, variant: str = CONSENT_VARIANT, keys: Path | None = None) -> Settings:
    initialise(home, variant)
    if keys is not None:
        shutil.copytree(keys, home / "keys", dirs_exist_ok=True)
    settings = load_settings(home)
    return settings.model_copy(update={"registry": settings.registry.model_copy(update=urls)})


@contextmanager
def _opened(settings: Settings, clock: Clock, codec: Codec) -> Iterator[tuple[OpenRegistry, _Bus]]:
    """The registry, and the bus it has told everything by the end of the block."""
    opened, bus = open_registry(settings, clock, codec, _Lane()), _Bus()
    try:
        yield opened, bus
        _relay(opened, bus)
    finally:
        opened.close()


def _relay(opened: OpenRegistry, bus: _Bus) -> None:
    relay = Relay(opened.registry, bus, threading.Event())
    while relay.run_once():
        pass
    relay.release()


def _grant(settings: Settings, clock: Clock, codec: Codec) -> list[str]:
    """A consent in force of each; the references."""
    now = clock.now()
    with _opened(settings, clock, codec) as (opened, _):
        views = [
            opened.registry.grant(
                read_grant(
                    {
                        "identifier": person,
                        "cooperation": "sspf",
                        "agencies": _AGENCIES,
                        "recipients": ("outreach",),
                        "kinds": ("school_absence", "police_notice"),
                        "valid_from": now,
                        "valid_to": now + timedelta(days=100),
                        "required": (signs,),
                        "signed": (signs,),
                    }
                )
            )
            for person in _PERSONS
            for signs in ("youth" if person == _GROWN else "guardian_1",)
        ]
    return [view.youth_ref or "" for view in views]


def _change(settings: Settings, clock: Clock, codec: Codec) -> None:
    with _opened(settings, clock, codec) as (opened, _):
        opened.registry.withdraw(_GONE)
        opened.registry.block(_BLOCKED, Signatory.YOUTH)
        protect(opened.registry, _MARKED, Marking.OWN, lambda _youth: None)


def _endings(settings: Settings) -> list[Ending]:
    keyring = open_keyring(settings.keyring_database)
    try:
        return keyring.endings()
    finally:
        keyring.close()


def _look(settings: Settings, clock: Clock, codec: Codec, reference: str) -> tuple[bool, ...]:
    """What can be had of one reference, in the order of `_SEEN`; time acts, and the bus is told everything anew first."""
    with _opened(settings, clock, codec) as (opened, bus):
        refresh(opened.registry)
        republish(opened.registry)
        _relay(opened, bus)
        with opened.registry.work() as work:
            youth = work.session.scalars(select(Youth).where(Youth.youth_ref == reference)).one()
            has_key = youth.youth_id in opened.keyring.get([youth.youth_id])
            opens = _opens(work, youth)
            entries = [entry for agency in _AGENCIES for entry in changes(work, agency, 0, opened.tools.agencies[agency]).entries]
        served = any(entry["youth_ref"] == reference and not entry["removed"] for entry in entries)
        told = [codec.decode(CONSENTS, one.value) for one in bus.records if one.topic == CONSENTS.name]
    in_force = any(
        isinstance(one, ConsentRecord) and one.youth_ref == reference and one.status is ConsentStatus.IN_FORCE for one in told
    )
    return has_key, opens, served, in_force


def _opens(work: Work, youth: Youth) -> bool:
    try:
        return bool(lifecycle.identity(work, youth))
    except (ValueError, FatalError):
        return False
