"""A page's frame says what the page means it to: no template takes a name of the frame for something of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import Environment, nodes
from jinja2.meta import find_undeclared_variables

import hub.web
from hub.access.roles import BOUND, Principal, Role
from tests.unit.web.conftest import Visit
from tests.unit.web.places import filled
from tests.unit.web.test_app import routes
from tests.unit.web.town import PagesTown

FOLDER = Path(hub.web.__file__).parent / "templates"
JINJA = Environment(autoescape=True)
EVERY_ROLE = Principal("account-9", "Alla roller", {role: frozenset({"outreach"} if role in BOUND else ()) for role in Role})


def defined(path: Path) -> set[str]:
    """What a template names by itself: macros, imports and assignments at any depth."""
    tree = JINJA.parse(path.read_text())
    names = {macro.name for macro in tree.find_all(nodes.Macro)}
    for imported in tree.find_all(nodes.FromImport):
        names |= {name if isinstance(name, str) else name[1] for name in imported.names}
    for assigned in tree.find_all(nodes.Assign):
        names |= {target.name for target in assigned.target.find_all(nodes.Name)}
        names |= {assigned.target.name} if isinstance(assigned.target, nodes.Name) else set()
    return names


def test_no_template_takes_a_name_of_the_frame_for_something_of_its_own() -> None:
    frame = FOLDER / "base.html"
    given = find_undeclared_variables(JINJA.parse(frame.read_text())) - defined(frame)
    assert "title_amiss" in given
    assert {path.name: shadowed for path in FOLDER.rglob("*.html") if (shadowed := defined(path) & given)} == {}


@pytest.mark.parametrize("path", ["/reports/{entry}", "/protected/{entry}"])
def test_the_title_of_a_lane_s_page_says_that_something_is_wrong_only_where_it_is(
    empty_town: PagesTown, visit: Visit, path: str
) -> None:
    entry = empty_town.lanes.report() if path.startswith("/reports") else empty_town.lanes.case()
    at, officer = path.replace("{entry}", entry), visit(EVERY_ROLE)
    assert "<title>Fel:" not in officer.get(at).text
    assert "<title>Fel:" in officer.post(f"{at}/done", data={"number": ""}).text


def test_no_page_that_is_shown_as_asked_says_in_its_title_that_something_is_wrong(town: PagesTown, visit: Visit) -> None:
    everybody = visit(EVERY_ROLE)
    shown = [(path, everybody.get(filled(path))) for path, method, _ in routes(town) if method == "GET" and path != "/static"]
    whole = {path: answer.text for path, answer in shown if answer.status_code == 200 and "<title>" in answer.text}
    assert {"/journal", "/observations", "/team/{team}"} <= set(whole)
    assert [path for path, text in whole.items() if "<title>Fel:" in text] == []
