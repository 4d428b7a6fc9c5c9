"""The connectors as they are, but that their pauses between two attempts are a tenth as long: a round ends in time."""

from __future__ import annotations

import time
from dataclasses import replace

from connectors.polisen import connector as _polisen
from connectors.polisen.source import PolisenSource
from connectors.sdk import connector as _sdk
from connectors.sdk.source import SdkSource
from connectors.sdk.statutory import SdkStatutorySource
from connectors.ss12000 import connector as _ss12000
from connectors.ss12000.source import Ss12000Source


def _nap(seconds: float) -> None:
    time.sleep(seconds / 10)


ss12000 = replace(_ss12000, name="quick-ss12000", build_source=lambda config, context: Ss12000Source(config, context, sleep=_nap))
sdk = replace(
    _sdk,
    name="quick-sdk",
    build_source=lambda config, context: SdkSource(config, context, sleep=_nap),
    build_statutory=lambda config, context: SdkStatutorySource(config, context, sleep=_nap),
)
polisen = replace(_polisen, name="quick-polisen", build_source=lambda config, context: PolisenSource(config, context, sleep=_nap))
