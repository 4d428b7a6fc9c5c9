"""`hub backtest` says the same in its tables, in its document and on its page: every figure of one is found in the others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any, NamedTuple

import pytest

from hub.clock import CLOCK_VARIABLE
from hub.core.rule_set import Rule
from hub.rules_file import load_rules
from tests.bench.backtest.youths import END
from tests.unit.commands.test_backtest import Town

KINDS = ("candidate", "active", "both", "only_candidate", "only_active")
Rows = list[list[str]]


class Told(NamedTuple):
    """One history told three times. `tables`: what was printed, by title; `page`: the page's tables in its order."""

    town: Town
    printed: str
    tables: dict[str, Rows]
    document: dict[str, Any]
    text: str
    page: list[Rows]


class Tables(HTMLParser):
    """The cells of every table of a page, without its head."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Rows] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "table":
            self.found.append([])
        elif tag == "tr":
            self.found[-1].append([])
        elif tag in {"td", "th"}:
            self.found[-1][-1].append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag not in {"td", "th"}

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.found[-1][-1][-1] += data


def printed_tables(text: str) -> dict[str, Rows]:
    """By title, the rows of what was printed."""
    found: dict[str, Rows] = {}
    before = title = ""
    for line in text.splitlines():
        if line.startswith("┏"):
            title = before.strip()
            found[title] = []
        elif line.startswith("│"):
            found[title].append([cell.strip(" ") for cell in line.split("│")[1:-1]])
        before = line
    return found


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CLOCK_VARIABLE, f"{END.isoformat()}@9999999999")
        town = Town(tmp_path_factory.mktemp("alike"))
        file = town.home / "page.html"
        asked = (town.rules, "--since", "2024-11-01", "--html", file, "--language", "en")
        printed, document = town.call(*asked, columns=400), town.call(*asked, "--json")
        assert (printed.exit_code, document.exit_code) == (0, 0)
        text = file.read_text(encoding="utf-8")
        tables = Tables()
        tables.feed(text)
        yield Told(town, printed.stdout, printed_tables(printed.stdout), json.loads(document.stdout), text, tables.found)


def number(exact: int) -> str:
    return f"{exact:,}".replace(",", "\u00a0")


def figure(row: dict[str, Any], name: str, key: str | None = None) -> str:
    """A figure of the document as people read it."""
    between = row.get(f"{name}_between")
    exact, limits = (row[name], between) if key is None else (row[name][key], (between or {}).get(key))
    if exact is not None:
        return number(exact)
    least, most = limits
    if most is None:
        return "–" if least == 0 else f"at least {number(least)}"
    return "<5" if most < 5 else f"{number(least)}–{number(most)}"


def figures(row: dict[str, Any], *names: str) -> list[str]:
    return [figure(row, name) for name in names]


def week(row: dict[str, Any]) -> str:
    return row["week"].replace("-W", ":")


def shares(row: dict[str, Any]) -> list[str]:
    return [figure(row, "youths"), *(figure(row, "with_a_task", rule) for rule in sorted(row["with_a_task"]))]


def in_percent(row: dict[str, Any], rule: str) -> str:
    """With between how many percent of a place's youths they are, as the page has it."""
    few, many = row["youths_between"]
    least, most = row.get("with_a_task_between", {}).get(rule, (0, 0))
    return figure(row, "with_a_task", rule) + (f" ({least * 100 // many}–{min(100, most * 100 // few)} %)" if least >= 5 else "")


def test_some_figures_are_none_and_some_are_steps_so_that_both_are_compared(told: Told) -> None:
    cells = {cell for row in told.tables["Tasks of each rule"] + told.tables["Tasks per week"] for cell in row[1:]}
    assert {"0", "<5"} < cells
    assert any("–" in cell for cell in cells)
    assert not any(cell.isdigit() and int(cell) > 0 for cell in cells)


def test_history_is_as_long_in_all_three(told: Told) -> None:
    history = told.document["history"]
    youths, events = figures(history, "youths", "events")
    weeks = [history[name].replace("-W", ":") for name in ("first_week", "last_week")]
    assert f"Read: {youths} youths, {events} events, of weeks {' to '.join(weeks)}." in told.printed
    assert f"Read: {youths} youths with a consent in force, {events} events." in told.text


def test_the_tasks_of_each_rule_are_alike(told: Told) -> None:
    expected = [[row["rule"], *figures(row, *KINDS, "youths")] for row in told.document["rules"]]
    assert told.tables["Tasks of each rule"] == expected
    titles = {rule.id: rule.title_en for rule in load_rules(told.town.rules).rules}
    assert told.page[0][1:] == [[titles[rule], *cells] for rule, *cells in expected]


def test_the_tasks_of_each_week_are_alike(told: Told) -> None:
    weeks, teams = told.document["weeks"], told.document["teams"]
    loads = [[figures(team, "candidate", "active") for team in row["teams"]] for row in weeks]
    changes = [figures(row, *KINDS[2:]) for row in weeks]
    names = [week(row) for row in weeks]
    assert told.tables["Tasks per week"] == [
        [name, *(cell for load in of for cell in load), *change] for name, of, change in zip(names, loads, changes, strict=True)
    ]
    for place, team in enumerate(teams):
        of_team = [[name, *of[place]] for name, of in zip(names, loads, strict=True)]
        assert told.page[1 + place][1:] == [["All weeks", *figures(team, "candidate", "active")], *of_team]
    assert told.page[1 + len(teams)][2:] == [[name, *change] for name, change in zip(names, changes, strict=True)]


def test_the_tasks_of_each_function_are_alike(told: Told) -> None:
    expected = [[week(row), *(figure(one, "candidate") for one in row["functions"])] for row in told.document["weeks"]]
    assert told.tables["Candidate's tasks per function"] == expected
    assert told.page[-4][1:] == expected


def test_the_youths_of_two_rules_are_alike(told: Told) -> None:
    pairs = {tuple(row["rules"]): figure(row, "youths") for row in told.document["overlap"]}
    assert told.tables["Overlap"] == [[*pair, number] for pair, number in sorted(pairs.items())]
    people = sorted(rule.id for rule in load_rules(told.town.rules).rules if isinstance(rule, Rule))
    alone = {(row["rule"], row["rule"]): figure(row, "youths") for row in told.document["rules"]}
    both = pairs | alone
    assert [row[1:] for row in told.page[-3][1:]] == [
        [both[min(one, other), max(one, other)] for other in people] for one in people
    ]


@pytest.mark.parametrize(("place", "of"), [("school", "schools"), ("area", "areas")])
def test_the_shares_of_each_place_are_alike(told: Told, place: str, of: str) -> None:
    rows = [shares(row) for row in told.document[of]]
    assert [row[1:] for row in told.tables[f"Youths with a task, by {place}"]] == rows
    shown = [
        [figure(row, "youths"), *(in_percent(row, rule) for rule in sorted(row["with_a_task"]))] for row in told.document[of]
    ]
    assert [row[1:] for row in told.page[-2 if of == "schools" else -1][1:]] == shown
