"""The follow-up of a year as a page and as a table in which an association's name is no formula."""

from __future__ import annotations

import pytest

from tests.unit.web.conftest import Visit
from tests.unit.web.presence.make import AFTER, BASE, HEAD, REPORT, agree, logged, offer, plan
from tests.unit.web.town import PagesTown


def test_a_year_is_counted_on_the_page_and_in_the_table(empty_town: PagesTown, visit: Visit) -> None:
    head, stranger = visit(HEAD), visit(None)
    path = plan(head)
    found = offer(empty_town, head, path, agree(head, association="=HYPERLINK(1)"))[0]
    stranger.post(f"/presence/offer/{found.answer_link}", data={"answer": "yes"})
    empty_town.clock.set(AFTER)
    stranger.post(f"/presence/report/{found.report_link}", data=REPORT)
    head = visit(HEAD)
    assert "=HYPERLINK(1)" in head.get(f"{BASE}/year").text
    table = head.get(f"{BASE}/year.csv", params={"year": "2025"})
    assert table.headers["content-disposition"] == 'attachment; filename="narvaro-2025.csv"'
    lines = table.content.decode("utf-8-sig").splitlines()
    assert lines == [
        "Förening;Område;Tillfrågad;Mottagen;Genomförd;Timmar;Timmar för alla vuxna;Unga som mötts",
        "'=HYPERLINK(1);Hageby;1;1;1;2,5;10;30",
    ]
    assert ("statistics_shown", "presence", "permit") in logged(empty_town, "statistics_shown")


@pytest.mark.parametrize("asked", ["2024", "x", "99999", "0000", ""])
def test_a_year_without_anything_says_so(empty_town: PagesTown, visit: Visit, asked: str) -> None:
    answer = visit(HEAD).get(f"{BASE}/year", params={"year": asked})
    assert answer.status_code == 200
    assert f"Ingen förening tillfrågades {'2024' if asked == '2024' else '2025'}." in answer.text
