"""What is kept of a form that was not sent: for one showing, for ten minutes, and never whom it was about."""

from __future__ import annotations

from hub.web.observations.form import FormNumber, KeptForm, KeptForms, ObservationForm, new_number, number_in


def kept(number: int = 0, *, in_doubt: bool = False) -> KeptForm:
    form = ObservationForm(concern="conflict", person="201203149800")
    return KeptForm(form, FormNumber(str(number), "0", in_doubt=in_doubt), {})


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


def test_of_a_form_in_doubt_its_number_alone_is_kept_for_a_day_until_it_is_taken() -> None:
    now = [0.0]
    forms = KeptForms(lambda: now[0])
    forms.put("a", kept(1, in_doubt=True))
    first, again = forms.take("a"), forms.take("a")
    assert first is not None
    assert again is not None
    assert (first.form.concern, again.form, again.number) == ("conflict", ObservationForm(), first.number)
    now[0] = 24 * 3600.0
    assert forms.take("a") == again
    now[0] += 1
    assert forms.take("a") is None
    forms.put("a", kept(1, in_doubt=True))
    forms.put("b", kept(1, in_doubt=True))
    forms.put("c", kept(2, in_doubt=True))
    forms.taken("1")
    assert (forms.take("a"), forms.take("b")) == (None, None)
    assert forms.take("c") is not None


def test_each_showing_of_a_form_is_its_own_and_what_was_in_doubt_stays_so() -> None:
    first = FormNumber.new()
    assert FormNumber.of_field("session", first.signed("session")) == first
    assert FormNumber.of_field("other", first.signed("session")) is None
    second = first.shown_again(in_doubt=True)
    third = FormNumber.of_field("session", second.shown_again(in_doubt=False).signed("session"))
    assert third is not None
    assert (third.number, third.in_doubt) == (first.number, True)
    assert len({first.showing, second.showing, third.showing}) == 3


def test_a_number_is_of_one_browser_and_new_each_time() -> None:
    signed = new_number("session")
    assert number_in("session", signed) == signed.partition(".")[0]
    assert number_in("session", new_number("session")) != number_in("session", signed)
    assert [number_in("other", signed), number_in("session", signed[:-1]), number_in("session", "\udcff")] == [None] * 3
