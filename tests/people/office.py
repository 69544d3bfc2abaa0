"""A watcher with named people in it, and clients that are logged in as one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import httpx

from tests.migrated import make_folder
from tests.plain_http import NO_AUTHORITIES
from tests.web.site import AFTER_NEWS, World, world, world_with_news
from watcher.app.people.accounts import add_person
from watcher.app.people.passwords import hash_password
from watcher.app.people.sessions import create_token
from watcher.model.person import SHELL, Person, Role

PASSWORD = "grey heron at the weir"
ADA, EDA, RAY = (
    Person(name="Ada Ostrov", role=Role.ADMIN),
    Person(name="Eda Lind", role=Role.EDITOR),
    Person(name="Ray Moss", role=Role.READER),
)
PEOPLE = (ADA, EDA, RAY)


@contextmanager
def staffed(folder: Path, web: str = "") -> Iterator[World]:
    """Open a watcher with an admin, an editor and a reader, who share one password in these tests."""
    with world(folder, web=web, filled=_make_staffed_file()) as made:
        made.clock.now = AFTER_NEWS
        yield made


@cache
def _make_staffed_file() -> Path:
    folder = make_folder()
    with world_with_news(folder) as made, made.app.database.write() as db:
        for person in PEOPLE:
            add_person(db, person.name, person.role, hash_password(PASSWORD), SHELL, made.clock())
    return folder / "var" / "watcher.db"


def make_token(made: World, person: Person, role: Role | None = None) -> str:
    """Return a token of a person, with the person's role or a lower one."""
    with made.app.database.write() as db:
        return create_token(db, person, "a test", role or person.role, SHELL, made.clock()).text


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def find_form_token(page: httpx.Response) -> str:
    match = re.search(r'name="csrf" (?:content|value)="([^"]+)"', page.text)
    assert match is not None
    return match[1]


def log_in(client: httpx.Client, name: str, password: str = PASSWORD) -> httpx.Response:
    """Fill in the form of the login; the client keeps the cookie of the answer."""
    page = client.get("/login")
    filled = {"csrf": find_form_token(page), "name": name, "password": password, "next": "/hits"}
    return client.post("/login", data=filled)


def submit(client: httpx.Client, path: str, page: str = "/account", **fields: str) -> httpx.Response:
    """Send a form of a page, with the form token that the page has."""
    return client.post(path, data={"csrf": find_form_token(client.get(page)), **fields})


@contextmanager
def opened(address: str) -> Iterator[httpx.Client]:
    """Yield a client with cookies of its own."""
    with httpx.Client(base_url=address, timeout=20, trust_env=False, verify=NO_AUTHORITIES) as client:
        yield client


@contextmanager
def logged_in(address: str, person: Person) -> Iterator[httpx.Client]:
    """Yield a client that has logged in as a person."""
    with opened(address) as client:
        assert log_in(client, person.name).status_code == 303
        yield client
