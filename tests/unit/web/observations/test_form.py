"""What is kept of a form that was not sent: for one showing, for ten minutes, and never whom it was about."""

from __future__ import annotations

from hub.web.observations.form import KeptForm, KeptForms, ObservationForm, new_number, number_in


def kept(number: int = 0) -> KeptForm:
    return KeptForm(ObservationForm(concern="conflict", person="201203149800"), str(number), {})


def test_a_form_is_kept_without_the_person_and_shown_once() -> None:
    forms = KeptForms()
    forms.put("a", kept())
    found = forms.take("a")
    assert found is not None
    assert (found.form.concern, found.form.person) == ("conflict", "")
    assert forms.take("a") is None


def test_it_is_forgotten_after_ten_minutes_and_the_oldest_of_too_many() -> None:
    now = [0.0]
    forms = KeptForms(lambda: now[0])
    for number in range(501):
        forms.put(str(number), kept(number))
    assert (forms.take("0"), forms.take("1") is None) == (None, False)
    now[0] = 601.0
    assert forms.take("500") is None


def test_a_number_is_of_one_browser_and_new_each_time() -> None:
    signed = new_number("session")
    assert number_in("session", signed) == signed.partition(".")[0]
    assert number_in("session", new_number("session")) != number_in("session", signed)
    assert [number_in("other", signed), number_in("session", signed[:-1]), number_in("session", "\udcff")] == [None] * 3
