"""Every page, API route and tool for assistants asks for the role that one table names: no more and no less."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.people.office import ADA, EDA, PEOPLE, RAY, bearer, find_form_token, log_in, make_token, opened, staffed
from tests.web.site import World
from watcher.mcp.roles import TOOL_ROLES
from watcher.mcp.server import make_server
from watcher.model.person import Person, Role
from watcher.web import api, events, health, metrics, pages, syndication
from watcher.web.auth.roles import API, MINIMAL_ROLES


def _walk(router: Any, prefix: str = "") -> Iterator[str]:
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _walk(inner, prefix)
            continue
        path = route.path if route.path.startswith(prefix) else prefix + route.path
        yield from (f"{method} {path}" for method in route.methods)


ROUTES = sorted(
    {
        *(
            route
            for router in (health.router, metrics.router, syndication.router, events.router)
            for route in _walk(router)
        ),
        *(route for part in pages.list_parts() for route in _walk(part.original_router)),
        *(route for part in api.list_parts() for route in _walk(part.original_router, API)),
    }
)
NUMBERED = re.compile(r"\{[a-z_]+\}")
ENDLESS = {"GET /events"}
"""Streams that stay open once they are allowed."""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, str, dict[Role, str]]]:
    with staffed(tmp_path_factory.mktemp("office") / "config") as made, made.served() as address:
        yield made, address, {person.role: make_token(made, person) for person in PEOPLE}


def test_the_table_names_every_route_and_no_other() -> None:
    unnamed = [route for route in ROUTES if route not in MINIMAL_ROLES]
    gone = [route for route in MINIMAL_ROLES if route not in ROUTES]

    assert (unnamed, gone) == ([], [])
    assert len(ROUTES) > 120


@pytest.mark.parametrize("route", ROUTES)
def test_a_route_refuses_who_has_not_its_role_and_nobody_else(
    office: tuple[World, str, dict[Role, str]], route: str
) -> None:
    _made, address, tokens = office
    method, _, path = route.partition(" ")
    needed = MINIMAL_ROLES[route]
    refused = set()
    with opened(address) as client:
        for role, token in tokens.items():
            if route in ENDLESS and needed is not None and role.includes(needed):
                continue
            # A number and body that lead nowhere: what is asked here is who gets as far as that.
            answer = client.request(method, NUMBERED.sub("999999", path), headers=bearer(token))
            if answer.status_code == 403 and "needs the role" in answer.text:
                refused.add(role)

    assert refused == {role for role in Role if needed is not None and not role.includes(needed)}


@pytest.mark.parametrize("route", [route for route in ROUTES if MINIMAL_ROLES.get(route) is not None])
def test_a_route_refuses_who_has_not_logged_in(office: tuple[World, str, dict[Role, str]], route: str) -> None:
    method, _, path = route.partition(" ")
    with opened(office[1]) as client:
        answer = client.request(method, NUMBERED.sub("999999", path), headers={"accept": "application/json"})

    assert answer.status_code == 401


@pytest.mark.parametrize("person", [RAY, EDA], ids=["reader", "editor"])
def test_the_api_says_which_role_is_needed(office: tuple[World, str, dict[Role, str]], person: Person) -> None:
    with opened(office[1]) as client:
        answer = client.patch("/api/v1/settings", json={}, headers=bearer(office[2][person.role]))

    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == f"This needs the role of an admin. {person.name} has that of {person.role}."


def test_a_page_says_which_role_is_needed(office: tuple[World, str, dict[Role, str]]) -> None:
    with opened(office[1]) as client:
        log_in(client, RAY.name)
        answer = client.get("/settings", headers={"accept": "text/html"})

    assert answer.status_code == 403
    assert "needs the role of an admin" in answer.text


def test_a_readers_form_changes_nothing(office: tuple[World, str, dict[Role, str]]) -> None:
    with opened(office[1]) as client:
        log_in(client, RAY.name)
        token = find_form_token(client.get("/hits"))
        answer = client.post("/hits/1/label", data={"csrf": token, "label": "relevant"})

        assert answer.status_code == 403
        assert client.get("/api/v1/hits/1").json()["label"] is None


def test_an_editor_undoes_own_edits_and_not_those_of_others(office: tuple[World, str, dict[Role, str]]) -> None:
    _made, address, tokens = office
    with opened(address) as client:
        for person in (ADA, EDA):
            headers = bearer(tokens[person.role]) | {"if-match": "*"}
            named = {"name": f"Named by {person.name}"}
            assert client.patch("/api/v1/topics/eyes", json=named, headers=headers).status_code == 200
        editor = bearer(tokens[Role.EDITOR])
        last = client.get("/api/v1/history", headers=editor).json()["versions"][0]["number"]

        assert client.post(f"/api/v1/history/{last}/undo", headers=editor).status_code == 200
        assert client.post(f"/api/v1/history/{last - 1}/undo", headers=editor).status_code == 400


def test_every_tool_has_a_role(office: tuple[World, str, dict[Role, str]]) -> None:
    made = office[0]
    served = asyncio.run(make_server(made.app, made.clock, write=True).list_tools())
    reading = asyncio.run(make_server(made.app, made.clock).list_tools())

    assert {tool.name for tool in served} == set(TOOL_ROLES)
    assert {TOOL_ROLES[tool.name] for tool in reading} == {Role.READER}
    assert {name for name, role in TOOL_ROLES.items() if role is Role.EDITOR} == {"judge_hit", "judge_proposal"}
    # What readers do on the page, and change for themselves or under their name.
    assert {tool.name for tool in served if TOOL_ROLES[tool.name] is Role.READER and tool not in reading} == {
        "write_note", "delete_note", "mark_seen", "star_items",
    }  # fmt: skip


def test_an_unknown_address_is_not_there_for_anybody(office: tuple[World, str, dict[Role, str]]) -> None:
    with opened(office[1]) as client:
        statuses = {client.get("/nothing-here", headers=bearer(token)).status_code for token in office[2].values()}

    assert statuses == {404}
