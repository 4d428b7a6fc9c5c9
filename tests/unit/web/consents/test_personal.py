"""What says who somebody is stands in an extract for whom it is about: number, names, contacts, the paper, blocks."""

from __future__ import annotations

import re

from tests.unit.registry.support import make_identifier
from tests.unit.web.consents.conftest import Desk

NAMES = {
    "name": "Kim Testsson", "name_guardian_1": "Robin Testsson", "contact_guardian_1": "011-15 00 00",
    "name_guardian_2": "Alex Annan", "contact_guardian_2": "070-174 06 05",
}  # fmt: skip
NUMBER = f"{make_identifier()[:8]}-{make_identifier()[8:]}"


def facts(desk: Desk, recipient: str, parts: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Every line of the summary lists; with `parts`, of what is released."""
    sent = desk.client.post("/consents/extract", data={"identifier": make_identifier(), "recipient": recipient})
    address = sent.headers["location"]
    if parts:
        desk.client.post(address, data={"decision": "release", "parts": parts})
    paper = desk.client.get(address).text.split('<article class="paper">')[1].split("</article>")[0]
    return [
        (re.sub("<.*?>", "", one), re.sub("<.*?>", "", two)) for one, two in re.findall("<dt>(.*?)</dt><dd>(.*?)</dd>", paper)
    ]


def test_a_guardian_reads_her_own_name_and_contacts_and_the_childs_name_and_number(desk: Desk) -> None:
    desk.register(names=NAMES)
    told = facts(desk, "guardian_1")
    assert told[:4] == [
        ("Den unges personnummer", NUMBER), ("Den unges namn", "Kim Testsson"),
        ("Vårdnadshavare 1: namn", "Robin Testsson"), ("Vårdnadshavare 1: telefon eller e-post", "011-15 00 00"),
    ]  # fmt: skip
    assert ("Handling", "KSN 2025/17") in told
    assert "Alex" not in str(told)
    assert "070-174" not in str(told)


def test_the_youth_reads_her_own_and_no_guardians_name(desk: Desk) -> None:
    desk.register(names=NAMES)
    told = facts(desk, "youth")
    assert told[:2] == [("Den unges personnummer", NUMBER), ("Den unges namn", "Kim Testsson")]
    assert ("Handling", "KSN 2025/17") in told
    assert not re.search("Robin|Alex|011|070", str(told))


def test_what_was_never_written_down_is_said_to_be_missing(desk: Desk) -> None:
    desk.register(names={"name": ""}, document={"document": ""})
    assert facts(desk, "guardian_2")[1:4] == [
        ("Den unges namn", "inte angivet"), ("Vårdnadshavare 2: namn", "inte angivet"),
        ("Vårdnadshavare 2: telefon eller e-post", "inte angivet"),
    ]  # fmt: skip
    assert ("Handling", "inte angivet") in facts(desk, "guardian_2")


def test_where_two_forms_have_different_people_in_the_same_place_neither_is_told(desk: Desk) -> None:
    desk.register(names=NAMES)
    other = {**NAMES, "name_guardian_1": "Sam Två", "contact_guardian_1": "070-174 06 06"}
    desk.register(names=other, cooperation={"cooperation": "sig"}, recipients={"recipients": ["sig"]})
    told = facts(desk, "guardian_1")
    left_out = "utelämnat: blanketterna säger olika, så se efter på dem först"
    assert told[2:4] == [("Vårdnadshavare 1: namn", left_out), ("Vårdnadshavare 1: telefon eller e-post", left_out)]
    assert not re.search("Robin|Sam Två|011|070", str(told))
    assert facts(desk, "guardian_2")[2] == ("Vårdnadshavare 2: namn", "Alex Annan")


def test_a_block_and_a_no_are_told_to_whose_they_are_and_to_the_youth(desk: Desk) -> None:
    case = desk.register()
    desk.client.post(f"{case}/sign", data={"role": "guardian_1", "answer": "no"})
    desk.client.post(f"{case}/block", data={"deed": "block", "role": "guardian_2"})
    blocked, no = ("Spärrat av", "Vårdnadshavare 2"), ("Har sagt nej", "Vårdnadshavare 1")
    assert {blocked, no} <= set(facts(desk, "youth"))
    assert {blocked, no} & set(facts(desk, "guardian_1")) == {no}
    assert {blocked, no} & set(facts(desk, "guardian_2")) == {blocked}


def test_names_are_released_only_with_their_part(desk: Desk) -> None:
    desk.register(names=NAMES)
    assert NUMBER in str(facts(desk, "guardian_1", ("person",)))
    assert NUMBER not in str(facts(desk, "guardian_1", ("consents", "access")))
