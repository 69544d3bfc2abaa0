"""A section that is not written has the values that its validator would give it."""

from __future__ import annotations

import inspect

import pytest

from watcher.settings import schema
from watcher.settings.schema import Section

WITHOUT_REQUIRED = [
    model
    for _name, model in inspect.getmembers(schema, inspect.isclass)
    if issubclass(model, Section) and not any(field.is_required() for field in model.model_fields.values())
]


@pytest.mark.parametrize("model", WITHOUT_REQUIRED, ids=lambda model: model.__name__)
def test_values_of_an_absent_section_are_those_of_its_validator(model: type[Section]) -> None:
    built, validated = model.model_construct(), model.model_validate({})

    assert dict(built) == dict(validated)
    assert {name: type(value) for name, value in built} == {name: type(value) for name, value in validated}
    assert built.model_fields_set == validated.model_fields_set
