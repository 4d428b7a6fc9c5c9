"""The ten days of real polls that lie beside the project, through the simulator and the source."""

import json
import os
import tarfile
from collections import Counter
from pathlib import Path

import pytest

from connectors.polisen.categories import KNOWN_TYPES, category_of
from connectors.polisen.config import PolisenConfig
from connectors.polisen.simulator import build_simulator
from connectors.polisen.source import PolisenSource
from hub.contract.models import PlaceCategory
from tests.unit.connectors.in_process import InProcess
from tests.unit.connectors.polisen.make import make_context
from tests.unit.connectors.polisen.test_source import replay

pytestmark = pytest.mark.shared

SHARED = Path(os.environ.get("HUB_SHARED", Path(__file__).resolve().parents[4] / "shared"))
ARCHIVE = SHARED / "data" / "polisen-snapshots-2025-05.tar.xz"


@pytest.fixture(scope="module")
def polls(tmp_path_factory):
    if not ARCHIVE.is_file():
        pytest.skip(f"{ARCHIVE.name} does not lie beside the project (HUB_SHARED)")
    folder = tmp_path_factory.mktemp("polls")
    with tarfile.open(ARCHIVE) as archive:
        for member in archive:
            if member.isfile() and member.name.endswith(".json"):
                (folder / "polls").mkdir(exist_ok=True)
                (folder / "polls" / Path(member.name).name).write_bytes(archive.extractfile(member).read())
    return folder


def count_straight(folder):
    """Ids, revisions and empty bodies by comparing the files' rows, with none of the connector's code."""
    rows, revisions, empty = {}, 0, 0
    for path in sorted((folder / "polls").iterdir()):
        text = path.read_text(encoding="utf-8")
        empty += not text
        for row in json.loads(text or "[]"):
            revisions += rows.get(row["id"]) != row
            rows[row["id"]] = row
    return set(map(str, rows)), revisions, empty


def test_every_real_poll_gives_the_ids_and_revisions_of_the_files(polls):
    observed = []
    source = PolisenSource(
        PolisenConfig(url="http://feed.example/api/events"),
        make_context(observed),
        transport=InProcess(build_simulator(polls, {"mode": "sequential"})),
    )
    requests = len(list((polls / "polls").iterdir()))
    ids, revisions, reasons = replay(source, requests)
    expected_ids, expected_revisions, expected_empty = count_straight(polls)
    print(f"through the connector: {requests} polls, {len(ids)} ids, {revisions} revisions, {reasons['empty_body']} empty bodies")
    print(
        f"from the files:        {requests} polls, {len(expected_ids)} ids, {expected_revisions} revisions, {expected_empty} empty"
    )
    assert ids == expected_ids
    assert (requests, len(ids), revisions, reasons) == (187, 1234, 1248, Counter(empty_body=3))
    assert (len(expected_ids), expected_revisions, expected_empty) == (1234, 1248, 3)
    assert observed == [("events", 200)] * 187


def test_every_type_in_the_real_polls_is_known(polls):
    types = set()
    for path in (polls / "polls").iterdir():
        types |= {row["type"] for row in json.loads(path.read_text(encoding="utf-8") or "[]")}
    others = {kind for kind in types if category_of(kind) is PlaceCategory.OTHER}
    assert len(types) > 50
    assert {kind for kind in others if kind.casefold() not in KNOWN_TYPES} == set()
