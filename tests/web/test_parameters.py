"""Unknown parameters are refused on every route of the API, and unknown keys in every body."""

from __future__ import annotations

from collections import defaultdict

import httpx
import pytest

from tests.contract.models import validate
from tests.web.site import World
from watcher.contract.problems import Problem
from watcher.web import create_app


def routes(desk: World) -> list[tuple[str, str]]:
    document = create_app(desk.app, clock=desk.clock).openapi()
    return [(method.upper(), path) for path, methods in document["paths"].items() for method in methods]


def test_every_route_refuses_what_it_does_not_know(desk: World, client: httpx.Client) -> None:
    served = routes(desk)
    assert len(served) > 10

    for method, path in served:
        asked = path.format_map(defaultdict(lambda: 1, topic_id="eyes", name="x"))
        answer = client.request(method, asked, params={"surprise": "1"}, json={} if method != "GET" else None)
        assert answer.status_code == 422, (method, path)
        assert "query.surprise" in [fault["at"] for fault in answer.json()["errors"]], (method, path)


def test_every_body_refuses_keys_that_it_does_not_know(desk: World) -> None:
    document = create_app(desk.app, clock=desk.clock).openapi()
    bodies = [
        about["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
        for methods in document["paths"].values()
        for about in methods.values()
        if "requestBody" in about
    ]

    assert bodies
    assert [
        name for name in bodies if document["components"]["schemas"][name].get("additionalProperties") is not False
    ] == []


@pytest.mark.parametrize(
    ("path", "message"),
    [
        pytest.param("/api/v1/hits?topics=eyes", "did you mean `topic`?", id="a plural"),
        pytest.param("/api/v1/entries?Since=7d", "did you mean `since`?", id="a capital"),
        pytest.param("/api/v1/stories?curser=x", "did you mean `cursor`?", id="a slip"),
        pytest.param("/api/v1/feeds?helth=fresh", "did you mean `health`?", id="a letter less"),
        pytest.param("/api/v1/status?x=1", "none is known here", id="where nothing is known"),
    ],
)
def test_a_fault_names_what_may_be_meant(client: httpx.Client, path: str, message: str) -> None:
    problem = validate(Problem, client.get(path).json())

    assert problem["status"] == 422
    assert message in problem["detail"]


def test_other_spellings_of_a_search_are_known(client: httpx.Client) -> None:
    assert client.get("/api/v1/hits", params={"search": "cyber"}).json() == client.get("/api/v1/hits?q=cyber").json()
