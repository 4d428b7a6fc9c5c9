"""An officer of another cooperation who has a consent of her own for the same person: she learns nothing of the other's.

Anybody who registers may register one without a signature, so a consent of her own must tell her no more than the number did.
"""

from __future__ import annotations

import re
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from hub.contract.models import Cooperation, Erasure, ErasureKind
from hub.core.consent_rules import Signatory
from hub.registry.erasures import record_receipt
from tests.unit.web.conftest import Visit
from tests.unit.web.consents.conftest import Desk
from tests.unit.web.test_curious import CURIOUS, PERSON, arrived, tokenless
from tests.unit.web.town import PagesTown, make_task, member, officer

SIG = CURIOUS["officer of another cooperation"]
HERS = {
    "names": {"name": ""},
    "cooperation": {"cooperation": "sig"},
    "recipients": {"recipients": ["sig"]},
    "sources": {"sources": ["police-ost"]},
    "kinds": {"kinds": ["police_notice"]},
    "area": {"area": ""},
}
SIGNED = {"signatures": ["guardian_1", "guardian_2"]}
PROBES = (
    ("form", {"identifier": PERSON}),
    ("custody", {"custody": "joint"}),
    ("block", {"deed": "block", "role": "youth"}),
    ("block", {"deed": "block", "role": "guardian_2"}),
    ("block", {"deed": "lift", "role": "youth"}),
    ("withdraw", {"all": "1", "by": "guardian_2"}),
    ("withdraw", {"all": "1", "by": ""}),
)


def with_anothers(town: PagesTown) -> str:
    """The SSPF consent of the person: in force, with names on its form, and a proposal under it that its team has opened."""
    with closing(arrived(town, officer("Samtycken", "outreach", "sspf"))) as client:
        desk = Desk(client, town)
        case = desk.register(signatures=SIGNED)
        client.get(case)
    ref = town.consents.registry.show(PERSON).youth_ref
    assert ref
    town.held.hold(ref, case.rsplit("/", 1)[1])
    town.add("theirs", make_task("absence-alone", created=town.clock.now() - timedelta(hours=2), days=5, ref=ref))
    with closing(arrived(town, member("Fältare", "outreach"))) as client:
        assert client.get(town.path("theirs")).status_code == 200
    return case


def with_her_own(town: PagesTown, *, signed: bool, ended: bool) -> list[tuple[str, tuple[int, str, str]]]:
    """What an officer is told who has registered a consent to her cooperation for the same person, with or without signatures."""
    with closing(arrived(town, SIG)) as client:
        case = Desk(client, town).register(**HERS, signatures=SIGNED if signed else {"signatures": []})
        number = case.rsplit("/", 1)[1]
        if ended:
            assert client.post(f"{case}/withdraw", data={"by": ""}).status_code == 303
        numbers = {"consent": number, "short": number[:8]}

        def ask(method: str, path: str, data: dict[str, str] | None = None) -> httpx.Response:
            answer = client.request(method, path, data=data)
            seen.append((f"{method} {path}".replace(number, "NUMBER"), bare(answer)))
            return answer

        def bare(answer: httpx.Response) -> tuple[int, str, str]:
            known = re.compile("|".join([*numbers.values(), r"(?<=/extract/)\w+"]))
            where = known.sub("NUMBER", answer.headers.get("location", ""))
            return answer.status_code, where, known.sub("NUMBER", tokenless(answer.text))

        seen: list[tuple[str, tuple[int, str, str]]] = []
        for page in (
            "",
            "/form",
            "/receipt",
            "/receipt.json",
            "/erasure",
            "/custody",
            "/block",
            "/withdraw",
            "/withdraw?all=1",
            "/why-not",
        ):
            ask("GET", f"{case}{page}")
        ask("POST", "/consents/find", {"sought": PERSON})
        extract = client.post("/consents/extract", data={"recipient": "youth", "identifier": PERSON})
        seen.append(("POST /consents/extract", bare(extract)))
        if extract.status_code == 303:
            seen.append(("the preview", bare(client.get(extract.headers["location"]))))
        for path, data in PROBES:
            ask("POST", f"{case}/{path}", data)
            for page in (case, f"{case}/erasure", "/erasures", "/consents"):
                ask("GET", page)
        return seen


@pytest.mark.parametrize("ended", [False, True], ids=["open", "ended"])
@pytest.mark.parametrize("signed", [False, True], ids=["waiting", "signed"])
def test_an_officer_with_a_consent_of_her_own_learns_nothing_of_another_cooperations(
    tmp_path: Path, *, signed: bool, ended: bool
) -> None:
    told_her = []
    for name in ("with", "without"):
        with closing(PagesTown(tmp_path / name)) as town:
            if name == "with":
                with_anothers(town)
            told_her.append(with_her_own(town, signed=signed, ended=ended))
    for there, alone in zip(*told_her, strict=True):
        assert there == alone, there[0]
        assert there[1][0] in {200, 303, 422}, there
    everything_told = " ".join(text for _, (_, _, text) in told_her[0])
    assert not any(secret in everything_told for secret in ("Testsson", "011-15", "SSPF:", "Förebyggarteamet"))


def test_what_a_person_has_said_of_everything_shows_alike_whether_another_cooperation_has_a_consent_or_nobody(
    tmp_path: Path,
) -> None:
    told_her = []
    for name in ("with", "without"):
        with closing(PagesTown(tmp_path / name)) as town:
            if name == "with":
                with_anothers(town)
            town.consents.registry.change_custody(PERSON, (Signatory.SPECIAL_GUARDIAN,), ahead=True)
            town.consents.registry.block(PERSON, Signatory.YOUTH, ahead=True)
            told_her.append(with_her_own(town, signed=True, ended=False))
    for there, alone in zip(*told_her, strict=True):
        assert there == alone, there[0]
    shown = told_her[0][0][1][2]
    assert "Spärrat" in shown
    assert "Särskilt förordnad vårdnadshavare" in shown


def test_whether_her_own_consent_was_told_depends_on_nothing_of_another_cooperations(empty_town: PagesTown, visit: Visit) -> None:
    client = visit(SIG)
    hers = Desk(client, empty_town).register(**HERS, signatures=SIGNED)
    assert "på väg" in client.get(hers).text
    empty_town.consents.relay.run_once()
    empty_town.clock.advance(timedelta(seconds=1))
    alone = tokenless(client.get(hers).text)
    assert "på väg" not in alone
    with_anothers(empty_town)
    assert tokenless(client.get(hers).text) == alone


@pytest.mark.parametrize(
    ("path", "data", "state"),
    [
        ("custody", {"custody": "joint"}, "Vilande"),
        ("block", {"deed": "block", "role": "youth"}, "Spärrat"),
        ("withdraw", {"all": "1", "by": ""}, "Återkallat"),
    ],
)
def test_what_concerns_everything_of_the_person_is_done_to_what_the_officer_does_not_see(
    empty_town: PagesTown, visit: Visit, path: str, data: dict[str, str], state: str
) -> None:
    theirs = with_anothers(empty_town)
    client = visit(SIG)
    hers = Desk(client, empty_town).register(**HERS)
    assert client.post(f"{hers}/{path}", data=data).status_code == 303
    assert state in visit(officer("Samtycken", "outreach", "sspf")).get(theirs).text


def test_a_guardians_block_meets_what_the_officer_does_not_see_though_the_other_guardian_signed_that_alone(
    empty_town: PagesTown, visit: Visit
) -> None:
    ours, client = visit(officer("Samtycken", "outreach", "sspf")), visit(SIG)
    theirs = Desk(ours, empty_town).register(custody={"custody": "guardian_1"}, signatures={"signatures": ["guardian_1"]})
    hers = Desk(client, empty_town).register(**HERS)
    assert client.post(f"{hers}/block", data={"deed": "block", "role": "guardian_2"}).status_code == 303
    assert "Spärrat" in ours.get(theirs).text


@pytest.mark.parametrize("everything", [False, True], ids=["alone", "and everything"])
@pytest.mark.parametrize("ahead", [False, True], ids=["theirs first", "ahead"])
def test_lifting_a_block_at_her_consent_leaves_what_the_youth_blocked_of_another_cooperation_alone(
    empty_town: PagesTown, visit: Visit, *, ahead: bool, everything: bool
) -> None:
    registry, client, ours = empty_town.consents.registry, visit(SIG), visit(officer("Samtycken", "outreach", "sspf"))
    theirs = "" if ahead else Desk(ours, empty_town).register(signatures=SIGNED)
    for one in (Cooperation.SSPF, Cooperation.SIG, *((None,) if everything else ())):
        registry.block(PERSON, Signatory.YOUTH, one, ahead=True)
    hers = Desk(client, empty_town).register(**HERS, signatures=SIGNED)
    assert "Spärrat" in client.get(hers).text
    assert client.post(f"{hers}/block", data={"deed": "lift", "role": "youth"}).status_code == 303
    theirs = theirs or Desk(ours, empty_town).register(signatures=SIGNED)
    stands = {one.cooperation: one.blocked_by for one in registry.show(PERSON).consents}
    assert stands == {"sspf": ("youth",), "sig": ()}
    assert ours.post(f"{theirs}/block", data={"deed": "lift", "role": "youth"}).status_code == 303
    assert {one.state for one in registry.show(PERSON).consents} == {"in_force"}


def test_lifting_a_block_of_everything_at_her_consent_lifts_it_where_the_officer_does_not_see(
    empty_town: PagesTown, visit: Visit
) -> None:
    with_anothers(empty_town)
    registry, client = empty_town.consents.registry, visit(SIG)
    hers = Desk(client, empty_town).register(**HERS, signatures=SIGNED)
    registry.block(PERSON, Signatory.YOUTH)
    assert client.post(f"{hers}/block", data={"deed": "lift", "role": "youth"}).status_code == 303
    assert {one.state for one in registry.show(PERSON).consents} == {"in_force"}


def test_from_an_ended_consent_nothing_reaches_the_others_and_a_withdrawal_of_everything_is_by_the_number(
    empty_town: PagesTown, visit: Visit
) -> None:
    theirs = with_anothers(empty_town)
    client, ours = visit(SIG), visit(officer("Samtycken", "outreach", "sspf"))
    hers = Desk(client, empty_town).register(**HERS)
    client.post(f"{hers}/withdraw", data={"by": ""})
    assert client.post(f"{hers}/custody", data={"custody": "joint"}).status_code == 422
    assert client.post(f"{hers}/block", data={"deed": "block", "role": "youth"}).status_code == 422
    said = "upphör när återkallelsen registreras med personnumret"
    asked, refused = client.get(f"{hers}/withdraw?all=1"), client.post(f"{hers}/withdraw", data={"all": "1", "by": ""})
    assert (asked.status_code, refused.status_code) == (200, 422)
    assert said in asked.text
    assert "Återkalla allt nu" not in asked.text
    assert said in refused.text
    assert "Gäller, sista dag" in ours.get(theirs).text
    client.post("/withdrawal", data={"identifier": PERSON, "cooperation": "", "by": ""})
    assert "Återkallat" in ours.get(theirs).text


def test_each_cooperations_names_stand_on_its_own_form_whatever_another_writes_down(empty_town: PagesTown, visit: Visit) -> None:
    theirs = with_anothers(empty_town)
    client, ours = visit(SIG), visit(officer("Samtycken", "outreach", "sspf"))
    hers = Desk(client, empty_town).register(**{**HERS, "names": {"name": "Prov Andersson"}})
    asked = {"identifier": PERSON}
    kept, written = ours.post(f"{theirs}/form", data=asked).text, client.post(f"{hers}/form", data=asked).text
    assert all(name in kept for name in ("Kim Testsson", "Robin Testsson", "011-15 00 00"))
    assert "Prov Andersson" not in kept
    assert "Prov Andersson" in written
    assert "Testsson" not in written


def test_an_erasure_of_everything_shows_an_officer_nothing_of_others_teams_and_connectors(
    empty_town: PagesTown, visit: Visit
) -> None:
    with_anothers(empty_town)
    registry, client = empty_town.consents.registry, visit(SIG)
    hers = Desk(client, empty_town).register(**HERS, signatures=SIGNED)
    ref = registry.show(PERSON).youth_ref or ""
    client.post(f"{hers}/withdraw", data={"all": "1", "by": ""})
    (asked,) = registry.erasure_status()
    answers = [("connector-ss12000-norrkoping", None), ("worker", None), ("delivery", "sig"), ("delivery", "outreach")]
    with registry.work() as work:
        for component, team in answers:
            receipt = Erasure(
                kind=ErasureKind.RECEIPT, erasure_id=asked.erasure_id, youth_ref=ref, component=component, awaits=team,
                occurred_at=work.now,
            )  # fmt: skip
            assert record_receipt(work.session, receipt, work.now)
    pages = client.get(f"{hers}/erasure").text + client.get("/erasures").text
    assert "Räkningen" in pages
    assert "SIG-gruppen" in pages
    assert not any(word in pages for word in ("ss12000", "Förebyggarteamet", asked.erasure_id[:8]))


def test_an_officer_of_another_team_in_the_same_cooperation_neither_reads_nor_overwrites_the_names_on_its_form(
    empty_town: PagesTown, visit: Visit
) -> None:
    sspf = Desk(visit(officer("Samtycken", "sspf")), empty_town)
    theirs = sspf.register(recipients={"recipients": ["sspf"]}, signatures=SIGNED)
    curious = Desk(visit(officer("Fältsamtycken", "outreach")), empty_town)
    unsigned = {"recipients": {"recipients": ["outreach"]}, "signatures": {"signatures": []}}
    mine = curious.register(**unsigned, names={"name": ""})
    seen = curious.client.post(f"{mine}/form", data={"identifier": PERSON})
    assert seen.status_code == 200
    assert "Testsson" not in seen.text
    wrong = {"name": "Fel Namn", "name_guardian_1": "Fel Vuxen"}
    again = curious.register(**unsigned, names=wrong, period={"first": "2025-05-19", "last": "2025-11-01"})
    assert "Fel Namn" in curious.client.post(f"{mine}/form", data={"identifier": PERSON}).text  # her newest form is hers
    assert again != mine
    still = sspf.client.post(f"{theirs}/form", data={"identifier": PERSON}).text
    assert "Kim Testsson" in still
    assert "Fel Namn" not in still
