"""Roles in their order, and who makes a request."""

from __future__ import annotations

import pytest
from starlette.requests import HTTPConnection

from watcher.model.person import DESK, Person, Role
from watcher.web.auth.person import PERSON, get_person


@pytest.mark.parametrize(
    ("role", "included"),
    [
        (Role.READER, {Role.READER}),
        (Role.EDITOR, {Role.READER, Role.EDITOR}),
        (Role.ADMIN, {Role.READER, Role.EDITOR, Role.ADMIN}),
    ],
)
def test_a_role_includes_those_below_it_alone(role: Role, included: set[Role]) -> None:
    assert {needed for needed in Role if role.includes(needed)} == included


def test_a_request_without_a_person_is_the_desks() -> None:
    assert get_person(HTTPConnection({"type": "http"})) == DESK


def test_a_request_is_made_by_whom_the_access_control_found() -> None:
    reader = Person(name="mara", role=Role.READER)

    assert get_person(HTTPConnection({"type": "http", PERSON: reader})) == reader
