"""What a source may leave nowhere, at whatever poll: who it tells of, what it signs in with, and who has a consent."""

from __future__ import annotations

import pytest

from hub.testing import SourceSuite
from tests.unit.testing import indiscreet_sources as indiscreet
from tests.unit.testing.exemplary import Source, make_connector

_READ = "test_no_person_and_no_secret_is_where_it_can_be_read"
_ASKED = "test_a_backfill_asks_the_server_the_same_whomever_it_is_for"


@pytest.fixture
def play(datasets, server, tmp_path):
    """Play one case on a source."""

    def play(name: str, source: type[Source]) -> None:
        words = {"connector": make_connector(datasets, source=source), "serve": lambda _suite, app: server.serve(app)}
        getattr(type("Suite", (SourceSuite,), words)(), name)(tmp_path)

    return play


@pytest.mark.parametrize(
    ("source", "where"),
    [
        (indiscreet.AskingByNumber, "somebody is named in an address"),
        (indiscreet.AskingEscaped, "somebody is named in an address"),
        (indiscreet.AskingWithAHeader, "somebody is named in a header"),
        (indiscreet.NamingInABackfillsCursor, "somebody is named in a cursor"),
        (indiscreet.NamingALate, "somebody is named in the log"),
        (indiscreet.NamingACorrected, "somebody is named in the log"),
        (indiscreet.NamingNextToABroken, "somebody is named in the log"),
        (indiscreet.NamingAProtected, "somebody is named in the log"),
        (indiscreet.NamingInALabel, "somebody is named in a label of a metric"),
        (indiscreet.Quoting, "somebody is named in an error"),
        (indiscreet.Keeping, "a file was written"),
        (indiscreet.KeepingLater, "a file was written"),
        (indiscreet.SignedInTheAddress, "a secret is in an address"),
        (indiscreet.SignedInTheLog, "a secret is in the log"),
        (indiscreet.SignedInTheCursor, "a secret is in a cursor"),
    ],
)
def test_a_source_that_leaves_something_behind_is_refused_and_told_where(play, source: type[Source], where: str) -> None:
    with pytest.raises(AssertionError, match=where) as raised:
        play(_READ, source)
    assert "9801" not in str(raised.value)
    assert "open-sesame" not in str(raised.value)


@pytest.mark.parametrize(
    "source", [indiscreet.AskingById, indiscreet.AskingInABody, indiscreet.AskingOften, indiscreet.AskingByNumber]
)
def test_a_source_that_lets_its_server_know_whom_a_backfill_is_for_is_refused(play, source: type[Source]) -> None:
    with pytest.raises(AssertionError, match="it would learn there who has a consent"):
        play(_ASKED, source)


def test_a_source_that_signs_in_by_a_header_and_tells_nobody_passes(play, tmp_path) -> None:
    play(_READ, indiscreet.Signed)
