"""The hub and other engines at the same work: `python -m tests.bench.correlate --help`."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from hub.compiled.form import FOLDER_VARIABLE, FORM_VARIABLE
from tests.bench.correlate import cores
from tests.bench.correlate.compiling import compiled_folder, told
from tests.bench.correlate.decode import DECODERS
from tests.bench.correlate.engines import ENGINES
from tests.bench.correlate.legs import LEGS
from tests.bench.correlate.plan import Plan
from tests.bench.correlate.rounds import as_data, table

_EXAMPLES = """
examples:
  python -m tests.bench.correlate --events 20000 --youths 500 --rounds 1     a quick look: does everything run?
  python -m tests.bench.correlate --events 400000 --rounds 3                 every engine of the fixed job
  python -m tests.bench.correlate --engines hub,loop --decoder fastavro      two of them, with the compiled decoder
  python -m tests.bench.correlate --engines hub,loop --compiled              two of them, and the job, as `hub compile` makes them
  python -m tests.bench.correlate --leg rules --events 100000 --json         the shipped rules, for a script
  python -m tests.bench.correlate --leg latency --rates 50,1000 --seconds 10 from an event to its task
  python -m tests.bench.correlate --leg scale --rounds 1                     5,000 youths and a million: cost and memory
  python -m tests.bench.correlate --leg recovery --youths 100000 --rounds 1  a changelog restored, workers started anew

An engine that cannot be had here (no JDK, no Maven, a registry out of reach) is left out with the reason. Rounds are interleaved;
what an engine leaves is judged before its figures count. Measure on a machine with two idle cores.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one leg and print its figures."""
    legs = "\n".join(f"  {name:<10} {leg.purpose}" for name, leg in LEGS.items())
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.correlate", description=f"{__doc__}\n\nlegs:\n{legs}", epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--leg", choices=LEGS, default="engine")
    parser.add_argument("--engines", default="", help=f"some of {', '.join(ENGINES)}, with commas; without it all of the leg's")
    parser.add_argument("--events", type=int, help="how many (default: the leg's own)")
    parser.add_argument("--youths", type=int, help="how many; of the legs recovery and scale the many (default: the leg's own)")
    parser.add_argument("--partitions", type=int, help="default: the leg's own")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--decoder", choices=DECODERS, default="quick", help="the Python engines' (default: the hub's own)")
    parser.add_argument("--rates", type=_numbers, default=(50.0, 1_000.0, 20_000.0), help="of the latency leg: events a second")
    parser.add_argument("--seconds", type=float, default=30.0, help="of the latency leg: how long each rate lasts")
    parser.add_argument("--compiled", action="store_true", help="as `hub compile` makes it, the fixed job too; else pure Python")
    parser.add_argument("--json", action="store_true", help="figures as JSON on standard output")
    chosen = parser.parse_args(arguments)
    if chosen.compiled:
        sys.exit(_again_compiled(sys.argv[1:] if arguments is None else arguments))
    engines = tuple(filter(None, chosen.engines.split(",")))
    known = (*ENGINES, *LEGS[chosen.leg].others)
    if unknown := [name for name in engines if name not in known]:
        parser.error(f"no such engine: {', '.join(unknown)}; there are {', '.join(known)}")
    leg = LEGS[chosen.leg]
    chosen.events, chosen.youths = chosen.events or leg.events, chosen.youths or leg.youths
    chosen.partitions = chosen.partitions or leg.partitions
    plan = Plan(
        engines, chosen.events, chosen.youths, chosen.partitions, chosen.rounds, chosen.decoder, chosen.rates, chosen.seconds,
        lambda text: print(text, file=sys.stderr, flush=True),
    )  # fmt: skip
    conditions = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {cores.told()}, load before {os.getloadavg()[0]:.2f}; {told()}"
    found = leg.run(plan)
    if chosen.json:
        asked = {name: getattr(chosen, name) for name in ("leg", "events", "youths", "partitions", "rounds", "decoder")}
        print(json.dumps(asked | {"conditions": conditions, "engines": as_data(found)}, indent=1))
        return
    print(f"{chosen.leg} leg: {chosen.events:,} events, {chosen.youths:,} youths, {chosen.partitions} partitions, "
          f"{chosen.rounds} rounds, decoder {chosen.decoder}; median (least–most)\n{conditions}\n")  # fmt: skip
    print(table(found, leg.ratio_of))


def _again_compiled(arguments: Sequence[str]) -> int:
    """The same in a process of the compiled form, whose engines inherit it."""
    own = os.environ | {FORM_VARIABLE: "compiled", FOLDER_VARIABLE: str(compiled_folder())}
    command = [sys.executable, "-m", "tests.bench.correlate", *(one for one in arguments if one != "--compiled")]
    return subprocess.run(command, env=own, check=False).returncode


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(map(float, text.split(",")))


if __name__ == "__main__":
    main()
