"""The table of OWASP ASVS 5.0 in hub/registry/README.md: whole, and every test that it names exists; and its text is true."""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from typer.main import get_command

import hub.web
from hub.access import attempts, browsers, codes, passwords, roles
from hub.access.accounts import INITIAL_DAYS
from hub.commands import account
from hub.login_settings import LoginSettings
from tests.unit.web.test_doors import DOORS, OPEN, README

TESTS = Path(__file__).parents[2]
# Levels 1 and 2 of the standard's text (5.0.0): authentication, sessions, authorization, logging and error handling.
CHAPTERS = {
    "6.1": [1, 2, 3], "6.2": list(range(1, 13)), "6.3": [1, 2, 3, 4], "6.4": [1, 2, 3, 4], "6.5": [1, 2, 3, 4, 5],
    "6.6": [1, 2, 3], "6.8": [1, 2, 3, 4], "7.1": [1, 2, 3], "7.2": [1, 2, 3, 4], "7.3": [1, 2], "7.4": [1, 2, 3, 4, 5],
    "7.5": [1, 2], "7.6": [1, 2], "8.1": [1, 2], "8.2": [1, 2, 3], "8.3": [1], "8.4": [1], "16.1": [1],
    "16.2": [1, 2, 3, 4, 5], "16.3": [1, 2, 3, 4], "16.4": [1, 2, 3], "16.5": [1, 2, 3],
}  # fmt: skip
TABLE = README.read_text(encoding="utf-8")
TEXT = (Path(hub.web.__file__).parent / "README.md").read_text(encoding="utf-8")
FOLDED = " ".join(TEXT.split())


def rows() -> list[list[str]]:
    """The cells of each line of the table."""
    table = TABLE.split("## OWASP ASVS 5.0", 1)[1]
    lines = [line for line in table.splitlines() if re.match(r"\| \d", line)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@cache
def names(path: Path) -> frozenset[str]:
    """The tests that a file defines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_requirement_of_levels_one_and_two_has_its_line_and_no_other_is_invented() -> None:
    asked = [f"{chapter}.{number}" for chapter, numbers in CHAPTERS.items() for number in numbers]
    assert [row[0].split()[0] for row in rows()] == asked


def test_every_line_says_how_it_stands_and_is_shown_by_tests_that_exist() -> None:
    for number, state, how, shown in rows():
        assert state in {"met", "partly", "none here"}, number
        assert state != "partly" or how, f"{number}: say what is missing"
        found = re.findall(r"`([\w/]+\.py)::(test_\w+)`", shown)
        assert found, number
        assert re.sub(r"`[\w/]+\.py::test_\w+`|, ", "", shown) == "", number
        for path, name in found:
            assert name in names(TESTS / path), f"{number}: {path} has no {name}"


def test_the_figures_that_the_text_names_are_those_of_the_code() -> None:
    settings = LoginSettings()
    for figure in (
        f"{settings.session_hours:.0f} hours from sign-in and {settings.idle_minutes:.0f} minutes from the last use",
        f"approves within {settings.approve_within_hours:.0f} hours, the first does it once within {settings.use_within_hours:.0f}",
        f"At least {passwords.SHORTEST} characters and at most {passwords._LONGEST}",
        "fewer than 10^8 tries", "19 MiB, 2 passes", "Five wrong passwords for an account from one address, twenty from an address",
        "a hundred for an account from all addresses together (of each its first five)",
        "one minute, then two, four, eight, never longer than fifteen", "after 24 hours without an attempt all is forgotten",
        f"At most {attempts._MOST:,} counters are kept",
        f"within {browsers.KNOWN_DAYS} days is known again by a signed cookie and has five attempts of its own",
        f"holds for {settings.oidc.recheck_minutes:.0f} minutes", "another within seven days", "good once, within ten minutes",
    ):  # fmt: skip
        assert figure in FOLDED
    assert passwords._GUESSES == 10**8
    assert attempts._FREE == {"browser": 5, "here": 5, "address": 20, "account": 100}
    assert (timedelta(minutes=1), timedelta(minutes=15)) == (attempts._FIRST, attempts._LONGEST)
    assert timedelta(hours=24) == attempts._FORGOTTEN
    assert (INITIAL_DAYS, codes.CODE_SECONDS) == (7, 600)


def paragraph(title: str) -> str:
    """What the text says under a title of a paragraph."""
    return " ".join(TEXT.split(f"**{title}", 1)[1].split("\n\n", 1)[0].split())


def test_the_text_says_how_many_sessions_one_may_have_and_what_ends_them() -> None:
    """And the pages and commands that it names are there."""
    told = paragraph("Sessions.**")
    for part in ("Any number of sessions at once", "`/me` lists them and ends them", "`hub account sign-out` ends anybody's"):
        assert part in told
    assert {("GET", "/me"), ("POST", "/me/sessions")} <= set(DOORS)
    assert {"sessions", "sign-out"} <= set(account_commands())


def test_the_text_says_how_sessions_here_and_at_the_provider_go_together() -> None:
    """How long each lasts, what signing out ends, when a role that was taken away is gone, and who can end it at once."""
    told, settings = paragraph("With an identity provider"), LoginSettings()
    for part in (
        "a session here lasts as long as above", "signing out here ends this one", "leads to where one leaves the provider",
        f"holds for {settings.oidc.recheck_minutes:.0f} minutes (`recheck_minutes`)", "(`prompt=none`)",
        "A role taken away acts within that time", "ends when the provider knows its holder no longer",
        "a logout token to `/sign-out/back-channel`", "`hub account sign-out` (an account, `--person`, `--everybody`)",
    ):  # fmt: skip
        assert part in told
    assert ("POST", "/sign-out/back-channel") in DOORS
    assert {"--person", "--everybody"} <= {name for one in account_commands()["sign-out"].params for name in one.opts}


def account_commands() -> dict[str, Any]:
    group: Any = get_command(account.app)  # typer brings a click of its own
    return dict(group.commands)


def test_the_words_that_make_no_password_are_in_the_text() -> None:
    spelt = {word.translate(str.maketrans("åäö", "aao")) for word in passwords.OUR_WORDS}
    listed = FOLDED.split("its teams and roles, and ", 1)[1].split(". Kept as", 1)[0].replace(" and ", ", ").split(", ")
    assert {word.translate(str.maketrans("åäö", "aao")) for word in listed} == spelt


def test_every_way_in_is_in_the_text() -> None:
    """The doors that are open to everybody, and the three ways that lead through them."""
    ways = {path for (_, path), action in DOORS.items() if action == OPEN and path.startswith("/sign-in")}
    assert ways == {"/sign-in", "/sign-in/password", "/sign-in/provider", "/sign-in/return"}
    table = TEXT.split("## Ways in", 1)[1].split("**Passwords.**", 1)[0]
    assert re.findall(r"^\| ([A-Z][\w -]+) \(", table, flags=re.MULTILINE) == [
        "OpenID Connect", "Account of the installation", "Sign-in code",
    ]  # fmt: skip
    assert "There is no other way in, and there are no accounts to begin with." in FOLDED


def test_the_inventory_names_every_log() -> None:
    inventory = TEXT.split("## What is logged, where", 1)[1].split("## ", 1)[0]
    assert re.findall(r"^\| (audit log|application log|metrics)", inventory, flags=re.MULTILINE) == [
        "audit log", "application log", "metrics",
    ]  # fmt: skip
    assert roles.Role.AUDITOR.value in inventory
