"""Dead letters on the operator's pages: where and why for those who may see that, what they hold for the source agency only."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest

from hub.access.roles import Principal
from hub.connect.letter_box import LetterBox, Look
from hub.connect.letters import LetterState
from hub.errors import RetriableError
from hub.web.operations.works import Works
from tests.unit.connect.conftest import World
from tests.unit.connect.toy import write_lines
from tests.unit.web.browser import Browser
from tests.unit.web.conftest import Visit
from tests.unit.web.operations.source import AUDITOR, OFFICER, OPERATOR, OPS, Sources, audited
from tests.unit.web.town import PagesTown, member


def refused(sources: Sources, number: int = 1) -> list[str]:
    """So many letters about persons."""
    sources.facts(number)
    sources.run()
    return sources.letters()


def followed(client: Browser, deed: str, letters: list[str], **more: str) -> str:
    """What a form's deed leads to."""
    answer = client.post("/letters", data={"deed": deed, "letter": letters, **more})
    assert answer.status_code == 303, answer.text
    return client.get(answer.headers["location"]).text


def test_where_nothing_waits_the_page_says_so_and_an_operator_is_led_there(sources: Sources, visit: Visit) -> None:
    client = visit(OPERATOR)
    assert client.get("/").headers["location"] == "/sources"
    assert visit(OFFICER).get("/").headers["location"] == "/letters"
    assert "Ingen post väntar" in client.get("/letters").text


def test_the_list_tells_where_and_why_and_nothing_of_what_letters_hold(
    sources: Sources, empty_town: PagesTown, visit: Visit
) -> None:
    ids = refused(sources, 3)
    text = visit(OPERATOR).get("/letters").text
    assert all(f"/letters/{one}" in text for one in ids)
    assert "<code>toymend: no_minutes</code></a> <span>3</span>" in text
    assert not any(World.person(number) in text for number in range(3))
    assert "Ingen post är sådan." in visit(OPERATOR).get("/letters", params={"reason": "other"}).text
    assert audited(empty_town)[0] == "dead_letter_listed"


@pytest.mark.parametrize("who", [OPERATOR, OPS], ids=["operator", "ops"])
def test_without_the_body_right_there_is_metadata_only(
    sources: Sources, empty_town: PagesTown, visit: Visit, who: Principal
) -> None:
    (letter,) = refused(sources)
    client = visit(who)
    text = client.get(f"/letters/{letter}").text
    assert "no_minutes" in text
    assert "källmyndighetens egen post" in text
    assert f"/letters/{letter}/body" not in text
    assert client.post(f"/letters/{letter}/body").status_code == 403
    assert "dead_letter_body_read" not in audited(empty_town)


def test_the_source_officer_sees_what_it_holds_with_numbers_covered_and_it_is_logged(
    sources: Sources, empty_town: PagesTown, visit: Visit
) -> None:
    (letter,) = refused(sources)
    client = visit(OFFICER)
    assert "Visa innehållet" in client.get(f"/letters/{letter}").text
    text = client.post(f"/letters/{letter}/body").text
    assert "&#34;minutes&#34;: 40" in text
    assert World.person(0) not in text
    assert audited(empty_town)[0] == "dead_letter_body_read"
    assert client.post("/letters", data={"deed": "redrive", "letter": letter}).status_code == 403


def test_nothing_is_shown_that_cannot_be_logged(sources: Sources, empty_town: PagesTown, visit: Visit) -> None:
    (letter,) = refused(sources)
    client = visit(OFFICER)
    with empty_town.audit.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE audit_entry RENAME TO away")
    answer = client.post(f"/letters/{letter}/body")
    assert answer.status_code == 500
    assert "minutes" not in answer.text


def test_a_corrected_mapping_is_tried_on_the_letter_and_nothing_is_done(sources: Sources, visit: Visit) -> None:
    (letter,) = refused(sources)
    client = visit(OPERATOR)
    assert "fortfarande ingen händelse" in client.post(f"/letters/{letter}/try").text
    sources.mend()
    text = client.post(f"/letters/{letter}/try").text
    assert "Den kan läsas nu" in text
    assert re.search(r"minutes</dt><dd class=\"code\">40<", text)
    assert World.person(0) not in text
    assert (sources.publisher.records, sources.letters()) == ([], [letter])


def test_letters_are_previewed_sent_again_and_told_as_processed_whatever_consent_decided(
    sources: Sources, empty_town: PagesTown, visit: Visit
) -> None:
    sources.grant(0)
    ids = refused(sources, 2)
    sources.mend()
    client = visit(OPERATOR)
    preview = followed(client, "preview_all", [])
    assert "Skicka 2 igen" in preview
    assert "kan läsas nu <span>2</span>" in preview
    sent = followed(client, "redrive", ids)
    assert "2 av 2 är behandlade" in sent
    assert len(sources.publisher.records) == 1
    assert audited(empty_town)[:6].count("dead_letter_redriven") == 2
    shown = [client.get(f"/letters/{one}").text.replace(one, "") for one in ids]
    bare = {re.sub(r'name="form_token" value="[^"]+"|<dd>\d+</dd>', "", one) for one in shown}
    assert len(bare) == 1


def test_what_is_on_kafka_from_a_letter_about_a_place_is_linked_to_it_both_ways(sources: Sources, visit: Visit) -> None:
    sources.places(1)
    sources.run("toyrows")
    (letter,) = sources.letters()
    sources.mend()
    client = visit(OPERATOR)
    followed(client, "redrive", [letter])
    event = re.search(r"/journal\?event=(e[0-9a-f]{40})", client.get(f"/letters/{letter}").text)
    assert event
    assert f'href="/letters/{letter}"' in client.get("/journal", params={"event": event[1]}).text
    assert f'href="/letters/{letter}"' in client.get("/journal").text


def test_without_the_mending_there_is_nothing_to_send(sources: Sources, visit: Visit) -> None:
    ids = refused(sources, 2)
    text = followed(visit(OPERATOR), "preview", ids[:1])
    assert "Ingen av dem kan läsas nu" in text
    assert "no_minutes <span>1</span>" in text


def test_letters_that_can_be_read_are_found_behind_however_many_older_ones_that_cannot(sources: Sources, visit: Visit) -> None:
    refused(sources, 52)
    sources.places(2)
    sources.run("toyrows")
    before, _, after = (sources.home / "hub.toml").read_text().rpartition('"mins"')
    (sources.home / "hub.toml").write_text(f'{before}"minutes"{after}')  # of the places alone
    text = followed(visit(OPERATOR), "preview_all", [])
    assert "kan läsas nu <span>2</span>" in text
    assert "Skicka 2 igen" in text


def test_of_a_source_that_does_not_answer_a_preview_says_to_try_later_and_nothing_of_the_mapping(
    sources: Sources, visit: Visit
) -> None:
    (letter,) = refused(sources, 1)
    (sources.home / "source" / "away").write_text("status_503")
    client = visit(OPERATOR)
    text = followed(client, "preview_all", [])
    assert "källan svarar inte just nu (status_503): försök igen senare <span>1</span>" in text
    assert "En källa svarar inte just nu" in text
    assert "Rätta mappningen" not in text
    tried = client.post(f"/letters/{letter}/try").text
    assert "källan svarar inte just nu (status_503): försök igen senare" in tried
    body = visit(OFFICER).post(f"/letters/{letter}/body").text
    assert "Inget kan visas: källan svarar inte just nu (status_503): försök igen senare." in body
    (sources.home / "source" / "away").unlink()
    assert "Rätta mappningen" in followed(client, "preview_all", [])


def test_when_kafka_is_away_letters_wait_again_and_the_page_says_what_to_do(sources: Sources, visit: Visit) -> None:
    def away() -> None:
        raise RetriableError("nobody", code="kafka")

    sources.grant(0)
    ids = refused(sources)
    sources.mend()
    sources.publisher.before = away  # type: ignore[method-assign]
    text = followed(visit(OPERATOR), "redrive", ids)
    assert "Kafka svarar inte" in text
    assert sources.letters(Look(states=frozenset({LetterState.WAITING}))) == ids


def test_what_the_source_has_corrected_since_is_not_undone_and_the_operator_reads_why(sources: Sources, visit: Visit) -> None:
    sources.places(1)
    sources.run("toyrows")
    (letter,) = sources.letters()
    sources.mend()
    later = {"id": "p0", "at": "2025-05-16T21:00:00+02:00", "area": "0581-hageby", "minutes": 1}
    write_lines(sources.home / "source" / "facts.jsonl", later)
    sources.run("toyrows")
    for text in (followed(visit(OPERATOR), "redrive", [letter]), visit(OPERATOR).get(f"/letters/{letter}").text):
        assert "källan har berättat det på nytt sedan dess" in text
    assert len(sources.publisher.records) == 1


def test_when_too_much_runs_at_once_letters_wait_as_before(sources: Sources, visit: Visit) -> None:
    ids, release = refused(sources), threading.Event()
    sources.more["works"] = works = Works(soon_seconds=0.0)
    for _ in range(4):
        works.begin("somebody", lambda _advance: release.wait(30))
    answer = visit(OPERATOR).post("/letters", data={"deed": "redrive", "letter": ids})
    release.set()
    assert (answer.status_code, "Flera långa arbeten pågår redan" in answer.text) == (503, True)
    assert sources.letters(Look(states=frozenset({LetterState.WAITING}))) == ids


def test_letters_are_put_aside_and_taken_back(sources: Sources, visit: Visit) -> None:
    ids = refused(sources, 2)
    client = visit(OPERATOR)
    assert "2 poster lades undan." in followed(client, "discard", ids)
    assert sources.letters() == []
    assert all(one in client.get("/letters?state=discarded").text for one in ids)
    assert "1 post väntar igen." in followed(client, "restore", ids[:1])
    assert sources.letters() == ids[:1]


def test_a_form_that_names_none_too_many_or_unknown_letters_says_so(sources: Sources, visit: Visit) -> None:
    client = visit(OPERATOR)
    for data, status, said in (
        ({"deed": "preview"}, 400, "Inget var valt."),
        ({"deed": "redrive", "letter": [f"l{number}" for number in range(51)]}, 400, "Högst 50 på en gång."),
        ({"deed": "discard", "letter": "l0"}, 404, "ingen sådan stoppad post"),
        ({"deed": "guess"}, 400, "Inget var valt."),
    ):
        answer = client.post("/letters", data=data)
        assert (answer.status_code, said in answer.text) == (status, True), data


def test_a_preview_is_its_beginner_s_alone(sources: Sources, visit: Visit) -> None:
    refused(sources)
    place = visit(OPERATOR).post("/letters", data={"deed": "preview_all"}).headers["location"]
    other = Principal("account-0a", "Annan", OPERATOR.roles)
    assert visit(other).get(place).status_code == 404


def test_the_page_is_not_for_teams_nor_the_journal_of_persons_for_operators(sources: Sources, visit: Visit) -> None:
    assert visit(member("Fältare", "outreach")).get("/letters").status_code == 403
    sources.grant(0)
    sources.mend()
    sources.facts(1)
    sources.run()
    lines = LetterBox(sources.load()).journal(Look(), persons=True, limit=9)
    event = lines[0].published.event_id
    asked = {"persons": "1"}
    assert event not in visit(OPERATOR).get("/journal", params=asked).text
    assert event in visit(AUDITOR).get("/journal", params=asked).text
    found = visit(OPERATOR).get("/journal", params={"event": event}).text
    assert "hub.school-absences.v1" in found
    assert lines[0].published.subject not in found
    assert visit(OFFICER).get("/journal").status_code == 403


def test_the_journal_says_what_is_wrong_beside_its_field(sources: Sources, visit: Visit) -> None:
    answer = visit(OPERATOR).get("/journal", params={"event": World.person(0), "since": "tisdag"})
    assert answer.status_code == 400
    assert World.person(0) not in answer.text
    for said in ("En händelses nummer är e och 40", "Ange dag och tid"):
        assert said in answer.text


@pytest.mark.parametrize("field", ["since", "until"])
@pytest.mark.parametrize("typed", ["0001-01-01T00:00", "9999-12-31T23:59-01:00", "10000-01-01T00:00"])
def test_a_time_of_the_journal_that_is_none_of_utc_is_refused_or_searched(
    sources: Sources, visit: Visit, field: str, typed: str
) -> None:
    answer = visit(OPERATOR).get("/journal", params={field: typed})
    assert answer.status_code == (200 if typed.startswith("9999") else 400)
    assert ("Ange dag och tid" in answer.text) == (answer.status_code == 400)


CODE = """
from hub.contract.models import InfoKind
from tests.unit.connect.toy import ToyMend, make_connector

connector = make_connector(
    "mendable", kinds=frozenset({InfoKind.SCHOOL_ABSENCE}), build_source=lambda config, _: ToyMend(config)
)
"""


def add_mendable(sources: Sources, site: Path) -> Path:
    """A connector in a package of its own, beside the toys; its only file."""
    metadata = site / "mendable-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: mendable\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[hub.connectors]\nmendable = mendable_source:connector\n")
    code = site / "mendable_source" / "__init__.py"
    code.parent.mkdir()
    code.write_text(CODE)
    chosen = f'agency = "school-norrkoping"\nsource = {{ folder = "{sources.home / "source"}", minutes_in = "mins" }}\n'
    with (sources.home / "hub.toml").open("a") as settings:
        settings.write(f"\n[connectors.mendable]\n{chosen}")
    return code


def test_a_preview_by_code_that_was_changed_since_says_what_to_restart(sources: Sources, tmp_path: Path, visit: Visit) -> None:
    code = add_mendable(sources, tmp_path / "site")
    sources.facts(1)
    sources.run("mendable")
    (letter,) = sources.letters()
    client = visit(OPERATOR)
    said = "Koden för mendable har ändrats"
    assert said not in followed(client, "preview_all", [])
    code.write_text(CODE + "\n# mended\n")
    text = followed(client, "preview_all", [])
    assert said in text
    assert "Rätta mappningen" not in text
    assert said in client.post(f"/letters/{letter}/try").text
    trial = client.post("/sources/mendable/trial")
    assert said in client.get(trial.headers["location"]).text
    assert said not in client.get(client.post("/sources/toymend/trial").headers["location"]).text
