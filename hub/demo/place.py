"""Prepares the demo's own installation: settings on free ports, the town's datasets, one clock for all processes."""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from hub.clock import ShiftedClock
from hub.connector import load_connector
from hub.demo.datasets import write_observations, write_planned, write_school, write_sdk
from hub.demo.facts import Town
from hub.errors import ConfigError
from hub.installation import initialise
from hub.rules_file import load_rules
from hub.settings import Settings, load_settings

__all__ = ["Stage", "prepare"]

_SDK_SECRET = "simulator"  # noqa: S105 - the simulator's own, on loopback
_SCHOOL_TOKEN = "demo-token"  # noqa: S105 - likewise
_TAKEN = {"home", "language", "broker", "HUB_KAFKA__BOOTSTRAP_SERVERS"}
"""What of the environment's settings the demo goes by too."""
_SETTINGS = """\
environment = "demo"
municipality = "0581"
clock = "{clock}"

[kafka]
partitions = 12

[broker]
port = {broker}
controller_port = {controller}
heap_megabytes = 192
flush_every_message = false

[registry]
port = {registry}

[web]
port = {web}

[connectors.ss12000]
agency = "school-norrkoping"
poll_seconds = {pause}
directory_poll_seconds = 1
[connectors.ss12000.source]
base_url = "http://127.0.0.1:{simulators}/ss12000/v2.0"
since = 2025-03-17

[connectors.sdk]
agency = "police-ost"
poll_seconds = {pause}
directory_poll_seconds = 1
[connectors.sdk.source]
base_url = "http://127.0.0.1:{simulators}/sdk"
token_url = "http://127.0.0.1:{simulators}/sdk/oauth2/token"
client_id = "hub"

[connectors.polisen]
agency = "police-public"
poll_seconds = {pause}
directory_poll_seconds = 1
[connectors.polisen.source]
url = "http://127.0.0.1:{simulators}/polisen/api/events"

[connectors.observations]
agency = "leisure-norrkoping"
poll_seconds = {pause}
directory_poll_seconds = 1
[connectors.observations.source]
folder = {observations}

[connectors.planned]
agency = "calendars-public"
poll_seconds = {pause}
directory_poll_seconds = 1
[connectors.planned.source]
folder = {plans}
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """A prepared demo: its settings, its clock, its datasets, and the port of its simulators."""

    settings: Settings
    clock: ShiftedClock
    datasets: Path
    simulators_port: int

    @property
    def simulators_url(self) -> str:
        """Where the foreign systems are played."""
        return f"http://127.0.0.1:{self.simulators_port}"


def _free_ports(count: int) -> list[int]:
    # All held at once, so that no port is handed out twice.
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [one.getsockname()[1] for one in sockets]


def _quoted(text: str) -> str:
    """A basic string of TOML 1.0: as JSON writes it, and DEL escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _require_empty(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = any(folder.iterdir())
    except OSError as error:
        raise ConfigError(f"--folder {folder} cannot be used ({error.strerror}): choose another", code="bad_folder") from error
    if taken:
        text = f"--folder {folder} is not empty, perhaps of an earlier demo: choose a new one, or remove it first"
        raise ConfigError(text, code="folder_taken")


def prepare(folder: Path, town: Town, *, pause_seconds: float, rules: Path | None = None) -> Stage:
    """Write the installation and the datasets into `folder`; with the rules of another folder instead of the shipped ones.

    Raises ConfigError when that folder is no rule set, or when `folder` is not empty: an earlier demo's consents and topics
    would count in this one's outcome; or when the environment sets what is an installation's.
    """
    _require_own_settings()
    if rules is not None:
        load_rules(rules)
    folder = folder.resolve()  # connectors take a relative one from the installation on
    _require_empty(folder)
    home, datasets = folder / "home", folder / "town"
    broker, controller, registry, web, simulators = _free_ports(5)
    home.mkdir(parents=True, exist_ok=True)
    observations, plans = home / "inbox" / "observations", home / "inbox" / "planned"
    clock = ShiftedClock(town.start, time.time())
    text = _SETTINGS.format(
        clock=clock.as_setting(),
        broker=broker,
        controller=controller,
        registry=registry,
        web=web,
        simulators=simulators,
        pause=pause_seconds,
        observations=_quoted(str(observations)),
        plans=_quoted(str(plans)),
    )
    (home / "hub.toml").write_text(text, encoding="utf-8")
    settings = load_settings(home)
    initialise(home)
    if rules is not None:
        shutil.rmtree(home / "rules")  # a folder is a whole rule set: what it leaves out is not to be filled up
        shutil.copytree(
            rules, home / "rules", ignore=lambda _folder, names: [name for name in names if not name.endswith((".yaml", ".yml"))]
        )
    for name, secret in (("connector-sdk-client-secret", _SDK_SECRET), ("connector-ss12000-token", _SCHOOL_TOKEN)):
        path = home / "keys" / name
        path.touch(mode=0o600)
        path.write_text(secret, encoding="utf-8")
    write_school(datasets / "ss12000", town)
    write_sdk(datasets / "sdk", town)
    write_observations(observations, town)
    write_planned(plans, town)
    sample = load_connector("polisen").sample
    if sample is not None:
        (datasets / "polisen").symlink_to(sample)
    return Stage(settings, clock, datasets, simulators)


def _require_own_settings() -> None:
    """What an installation sets by the environment is not the demo's, whose youths would come into its stores for good."""
    names = {name: name.upper() for name in os.environ if name.upper().startswith("HUB_") and name.upper() not in _TAKEN}
    places = {name: upper.removeprefix("HUB_").partition("__")[0].lower() for name, upper in names.items()}
    foreign = sorted(name for name, place in places.items() if place in Settings.model_fields and place not in _TAKEN)
    if foreign:
        text = f"{', '.join(foreign)} in the environment is an installation's, and the demo has settings of its own: unset it"
        raise ConfigError(text, code="not_the_demos")
