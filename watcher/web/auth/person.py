"""Who makes a request."""

from __future__ import annotations

from contextvars import ContextVar

from starlette.requests import HTTPConnection

from watcher.model.person import DESK, Actor, Person

PERSON = "watcher.person"
"""Key in the scope of a request."""
acting_person: ContextVar[Person] = ContextVar("acting_person", default=DESK)
"""Who makes the request that is being answered, for the audit of what it changes."""


def get_person(connection: HTTPConnection) -> Person:
    """Return who makes a request; the desk where there is one password for all, or no login."""
    person: Person = connection.scope.get(PERSON, DESK)
    return person


def get_actor(via: str) -> Actor:
    """Return who makes the request that is being answered, and by which way: `page`, `api` or `link`."""
    return Actor(person=acting_person.get(), via=via)
