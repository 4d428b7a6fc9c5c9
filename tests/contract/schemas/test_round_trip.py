"""Any message that the models allow comes back equal from its bytes, whatever its content."""

from __future__ import annotations

import enum
import types
import typing
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import AfterValidator, AwareDatetime, BaseModel, StringConstraints

from hub.contract import models
from hub.contract.codec import REFUSALS
from hub.contract.topics import CATALOGUE
from hub.errors import ContractError

from .test_agreement import bounds

PRIMARY = [name for name in CATALOGUE if not name.endswith(".dlq")] + ["hub.consents.v1.dlq"]
START, END = datetime(1900, 1, 2, tzinfo=UTC), datetime(2999, 12, 30, tzinfo=UTC)
INSTANTS = st.integers(0, int((END - START).total_seconds() * 1000)).map(lambda millis: START + timedelta(milliseconds=millis))


def from_annotation(annotation: Any, metadata: tuple[Any, ...] = ()) -> st.SearchStrategy[Any]:  # noqa: PLR0911, C901 - one for each type
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *extra = get_args(annotation)
        return from_annotation(inner, (*metadata, *extra))
    if origin in (Union, types.UnionType):
        return st.one_of(*(st.none() if arm is types.NoneType else from_annotation(arm) for arm in get_args(annotation)))
    if origin is tuple:
        return st.lists(from_annotation(get_args(annotation)[0]), max_size=5).map(tuple)
    if annotation is str:
        constraint = next(item for item in metadata if isinstance(item, StringConstraints))
        texts = st.from_regex(constraint.pattern, fullmatch=True, alphabet=st.characters(codec="ascii"))
        if constraint.max_length is not None:
            texts = texts.filter(lambda text: len(text) <= constraint.max_length)
        for item in metadata:
            if isinstance(item, AfterValidator):
                texts = texts.filter(partial(passes, item.func))
        return texts
    if annotation is int:
        return st.integers(*bounds(metadata))
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return st.sampled_from(list(annotation))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return messages(annotation)
    return {bool: st.booleans(), date: st.dates(date(1900, 1, 1), date(2999, 12, 31)), AwareDatetime: INSTANTS}[annotation]


def passes(validator: Callable[[str], str], text: str) -> bool:
    try:
        return validator(text) == text
    except ValueError:
        return False


def messages(model: type[BaseModel]) -> st.SearchStrategy[BaseModel]:
    hints = typing.get_type_hints(model, include_extras=True)
    fields = {name: from_annotation(hints[name]) for name in model.model_fields}
    return st.fixed_dictionaries(fields).map(lambda values: build(model, values))


def build(model: type[BaseModel], values: dict[str, Any]) -> BaseModel:
    if model is models.ConsentRecord and values["status"] is models.ConsentStatus.WITHDRAWN:
        values = {**values, "scopes": (), "age_years": None, "area": None}
    if model is models.CooperationRecord:
        values = {**values, "courses": tuple({one.cooperation: one for one in values["courses"]}.values())}
    return model(**values)


ARBITRARY = {name: messages(CATALOGUE[name].message) for name in PRIMARY}
RELAXED = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


@pytest.mark.parametrize("name", PRIMARY)
@RELAXED
@given(data=st.data())
def test_decode_of_encode_is_the_same_message(codec, name, data) -> None:
    message = data.draw(ARBITRARY[name])
    assert codec.decode(CATALOGUE[name], codec.encode(CATALOGUE[name], message)) == message


@pytest.mark.parametrize("name", PRIMARY)
@RELAXED
@given(data=st.data())
def test_every_cut_of_a_value_is_refused(codec, examples, name, data) -> None:
    value = codec.encode(CATALOGUE[name], examples[name])
    cut = value[: data.draw(st.integers(0, len(value) - 1))]
    with pytest.raises(ContractError) as refusal:
        codec.decode(CATALOGUE[name], cut)
    assert refusal.value.code == "truncated"


@pytest.mark.parametrize("name", PRIMARY)
@RELAXED
@given(data=st.data())
def test_damaged_bytes_give_a_message_or_a_refusal_and_nothing_else(codec, examples, name, data) -> None:
    value = bytearray(codec.encode(CATALOGUE[name], examples[name]))
    for _ in range(data.draw(st.integers(1, 4))):
        value[data.draw(st.integers(5, len(value) - 1))] = data.draw(st.integers(0, 255))
    try:
        message = codec.decode(CATALOGUE[name], bytes(value))
    except ContractError as refusal:
        assert refusal.code in REFUSALS  # noqa: PT017 - it may also pass
    else:
        assert codec.decode(CATALOGUE[name], codec.encode(CATALOGUE[name], message)) == message


@pytest.mark.parametrize("name", PRIMARY)
@RELAXED
@given(tail=st.binary(max_size=400))
def test_arbitrary_bytes_give_a_message_or_a_refusal_and_nothing_else(codec, name, tail) -> None:
    prefix = b"\x00" + codec.schema_id(CATALOGUE[name]).to_bytes(4, "big")
    try:
        codec.decode(CATALOGUE[name], prefix + tail)
    except ContractError as refusal:
        assert refusal.code in REFUSALS  # noqa: PT017 - it may also pass
