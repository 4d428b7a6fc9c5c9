"""An officer whose own consent has ended, or was registered anew: nothing of it shows that another cooperation kept the person.

With her last consent the hub forgets whose it was; where another cooperation has one it does not. She must see no difference.
"""

from __future__ import annotations

import re
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx

from hub.access.roles import Principal, Role
from hub.contract.models import Erasure, ErasureKind
from hub.registry.erasures import EFFECT, record_receipt
from hub.registry.parties import read_parties
from hub.registry.tables import ErasureRequest
from tests.unit.registry.support import make_grant
from tests.unit.registry.test_removal import MemoryPlaces, make_survey
from tests.unit.web.test_curious import CURIOUS, PERSON, arrived, tokenless
from tests.unit.web.town import PagesTown, make_task

SIG = CURIOUS["officer of another cooperation"]
HERS = {"cooperation": "sig", "recipients": ("sig",), "agencies": ("police-ost",), "kinds": ("police_notice",)}
DEEDS: tuple[tuple[str, dict[str, str]], ...] = (
    ("sign", {"role": "guardian_1", "answer": "yes"}),
    ("custody", {"custody": "joint"}),
    ("block", {"deed": "lift", "role": "youth"}),
    ("block", {"deed": "block", "role": "youth"}),
    ("withdraw", {"all": "1", "by": "guardian_1"}),
)


class Curious:
    """What an officer of SIG is told, with the numbers of her own consents and drafts as how many they are."""

    def __init__(self, town: PagesTown, client: httpx.Client) -> None:
        self.town, self.client = town, client
        self.mine: list[str] = []
        self.seen: list[tuple[str, tuple[int, str, str]]] = []

    def register(self, name: str) -> str:
        self.town.clock.advance(timedelta(minutes=1))
        names = read_parties({"name": name}) if name else None
        case = self.town.web.office.casework().register(SIG, make_grant(PERSON, **HERS, area=None), names, "")
        self.mine.append(f"/consents/{case.consent_id}")
        return self.mine[-1]

    def ask(self, method: str, path: str, data: dict[str, str] | None = None) -> httpx.Response:
        self.town.clock.advance(timedelta(seconds=1))
        answer = self.client.request(method, path, data=data)
        texts = [f"{method} {path} {data or ''}", answer.headers.get("location", ""), tokenless(answer.text)]
        for count, one in enumerate(self.mine):
            number = one.rsplit("/", 1)[1]
            texts = [text.replace(number, f"MINE{count}").replace(number[:8], f"MINE{count}") for text in texts]
        what, where, told = (re.sub(r"(?<=/extract/)\w+", "DRAFT", text) for text in texts)
        self.seen.append((what, (answer.status_code, where, told)))
        return answer

    def end(self, one: str) -> None:
        assert self.ask("POST", f"{one}/withdraw", {"all": "0", "by": ""}).status_code == 303

    def look(self) -> None:
        for one in self.mine:
            self.ask("GET", one)
            self.ask("POST", f"{one}/form", {"identifier": PERSON})
        self.ask("GET", "/erasures")
        self.ask("POST", "/consents/find", {"sought": PERSON})
        extract = self.ask("POST", "/consents/extract", {"recipient": "youth", "identifier": PERSON})
        self.ask("GET", extract.headers["location"])


def test_what_ended_and_was_registered_anew_shows_alike_whether_another_cooperation_kept_the_person(tmp_path: Path) -> None:
    """A block of the youth's outlives the first consent, under which a proposal came; a second was there between."""
    told_her = []
    for name in ("with", "without"):
        with closing(PagesTown(tmp_path / name)) as town, closing(arrived(town, SIG)) as client:
            registry, curious = town.consents.registry, Curious(town, client)
            if name == "with":
                registry.grant(make_grant(PERSON))
            first = curious.register("Kim Testsson")
            ref = registry.show(PERSON).youth_ref
            town.add("hers", make_task("repeated-notices", created=town.clock.now(), days=5, ref=ref))
            curious.ask("POST", f"{first}/block", {"deed": "block", "role": "youth"})
            curious.end(first)
            curious.end(curious.register("Prov Testsson"))
            curious.register("")
            for path, data in DEEDS:
                curious.ask("POST", f"{first}/{path}", data)
            curious.look()
        told_her.append(curious.seen)
    for there, alone in zip(*told_her, strict=True):
        assert there == alone, there[0]
        assert there[1][0] in {200, 303, 422}, there


AUDITOR = Principal("account-2", "Revisor", {Role.AUDITOR: frozenset()})


def test_how_far_each_place_has_come_is_told_who_audits_and_no_officer(tmp_path: Path) -> None:
    """It is looked for when the last connector has answered, and which had to answer depends on others' consents."""
    told_her, told_auditor = [], []
    for name in ("with", "without"):
        with closing(PagesTown(tmp_path / name)) as town:
            home = town.consents
            if name == "with":
                home.registry.grant(make_grant(PERSON))  # keeps the police's connectors, so that none has to erase
            with closing(arrived(town, SIG)) as client:
                curious = Curious(town, client)
                hers = curious.register("")
                home.relay.run_once()
                home.told("police-ost")
                curious.end(hers)
                effect(town)
                make_survey(home, MemoryPlaces()).look()
                curious.ask("GET", f"{hers}/erasure")
                curious.ask("GET", "/erasures")
                told_her.append(curious.seen)
            with closing(arrived(town, AUDITOR)) as client:
                told_auditor.append(client.get("/erasures").text)
    assert told_her[0] == told_her[1]
    assert "Alla delar har svarat." in str(told_her[0])
    places = ("Säkerhetskopior", "Förslagens databas", "senast")
    assert [all(one in page for one in places) for page in told_auditor] == [True, False]
    assert "connector-sdk" in told_auditor[1]
    assert not any(one in str(told_her) for one in ("Säkerhetskopior:", "Förslagens databas", "sdk"))


def effect(town: PagesTown) -> None:
    """Worker and delivery say that they have erased."""
    (asked,) = town.consents.registry.erasure_status()
    with town.consents.registry.work() as work:
        row = work.session.get(ErasureRequest, asked.erasure_id)
        assert row is not None
        for part in EFFECT:
            receipt = Erasure(
                kind=ErasureKind.RECEIPT, erasure_id=asked.erasure_id, youth_ref=row.youth_ref, component=part, awaits=None,
                occurred_at=work.now,
            )  # fmt: skip
            assert record_receipt(work.session, receipt, work.now)
