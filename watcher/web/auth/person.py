"""Who makes a request."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from watcher.model.person import DESK, Person

PERSON = "watcher.person"
"""Key in the scope of a request."""


def get_person(connection: HTTPConnection) -> Person:
    """Return who makes a request; the desk where there is one password for all, or no login."""
    person: Person = connection.scope.get(PERSON, DESK)
    return person
