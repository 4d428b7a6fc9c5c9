import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.ss12000.paging import Query, foreign_code, parse_page
from hub.errors import RejectedError

SPAN = (("startTime.onOrAfter", "a"), ("startTime.onOrBefore", "b"))
EVENTS = Query("calendarEvents", (*SPAN, ("expand", "attendance")), frozenset(name for name, _ in SPAN))


@pytest.mark.parametrize(
    ("page", "token"),
    [({"data": []}, None), ({"data": [], "pageToken": None}, None), ({"data": [], "pageToken": ""}, None),
     ({"data": [], "pageToken": "x"}, "x"), ({"data": [], "pageToken": 200}, "200"), ({"data": [], "pageToken": 0}, "0")],
)  # fmt: skip
def test_a_token_is_absent_null_empty_text_or_an_offset(page, token):
    assert parse_page("persons", json.dumps(page).encode()).token == token


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"data":{}}', b'{"data":[],"pageToken":{}}', b"[" * 100_000,
                                     b'{"data":[],"pageToken":true}', b"\xff"])  # fmt: skip
def test_half_a_page_is_refused_and_never_taken_for_a_whole_one(content):
    with pytest.raises(RejectedError) as caught:
        parse_page("persons", content)
    assert caught.value.code == "malformed_page"
    assert caught.value.__cause__ is None


def test_a_token_goes_with_what_the_document_requires_then_alone_then_with_everything():
    tail = [("pageToken", "t"), ("limit", 5)]
    assert dict(EVENTS.followups("t", 5)) == {
        "required": [*SPAN, *tail],
        "alone": tail,
        "everything": [*SPAN, ("expand", "attendance"), *tail],
    }
    assert dict(Query("persons").followups("t", 5)) == {"required": tail}
    assert EVENTS.first(5) == [*SPAN, ("expand", "attendance"), ("limit", 5)]


@pytest.mark.parametrize(
    ("body", "code"),
    [({"code": "QuotaExceeded", "message": "Elev Exempelsson"}, "QuotaExceeded"), ({"error": {"code": 1042}}, "1042"),
     ({"detail": {"code": "bad.filter"}}, "bad.filter"), ({"detail": {"msg": "x"}}, ""), ({"code": "201001019809"}, ""),
     ({"code": 201001019809}, ""), ({"code": "two words"}, ""), ({"code": True}, ""), ([], ""), ({"error": "x"}, "")],
)  # fmt: skip
def test_only_a_harmless_code_of_an_error_is_repeated(body, code):
    assert foreign_code(json.dumps(body).encode()) == code


@given(st.binary())
def test_no_error_body_raises(content):
    assert isinstance(foreign_code(content), str)


def test_a_row_nested_without_end_keeps_no_other_row_from_being_read():
    deep = "[" * 5_000 + "]" * 5_000
    page = parse_page("absences", f'{{"data": [{{"id": "1"}}, {{"id": "2", "x": {deep}}}], "pageToken": "next"}}'.encode())
    assert [row["id"] for row in page.rows] == ["1", "2"]
    assert page.token == "next"
