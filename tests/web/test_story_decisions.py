"""Stories that a person splits, merges and gets back, over the API and on the page."""

from __future__ import annotations

import re
from typing import Any

import httpx


def list_stories(client: httpx.Client) -> list[dict[str, Any]]:
    stories: list[dict[str, Any]] = client.get("/api/v1/stories").json()["stories"]
    return stories


def test_merge_is_undone_over_the_api(client: httpx.Client) -> None:
    before = {story["id"]: story["reports"] for story in list_stories(client)}
    first, other = sorted(before)[:2]

    merged = client.post(f"/api/v1/stories/{first}/merge", json={"story": other})

    assert merged.status_code == 200
    assert merged.json()["kind"] == "merge"
    assert client.get(f"/api/v1/stories/{first}").json()["reports"] == before[first] + before[other]
    assert client.post(f"/api/v1/stories/{first}/undo", json={}).json()["undone_at"]
    assert {story["id"]: story["reports"] for story in list_stories(client)} == before


def test_split_of_a_whole_story_and_strange_ids_are_refused(client: httpx.Client) -> None:
    story = list_stories(client)[0]
    entries = [report["entry"] for report in story["tellings"]]

    answers = [
        client.post(f"/api/v1/stories/{story['id']}/split", json={"entries": entries}),
        client.post(f"/api/v1/stories/{story['id']}/split", json={"entries": [99_999]}),
        client.post(f"/api/v1/stories/{story['id']}/merge", json={"story": story["id"]}),
        client.post(f"/api/v1/stories/{story['id']}/undo", json={}),
    ]

    assert [answer.status_code for answer in answers] == [400, 404, 400, 404]


def test_report_that_is_split_off_on_the_page_comes_back(client: httpx.Client) -> None:
    first, other = sorted(story["id"] for story in list_stories(client))[:2]
    token = re.search(r'name="csrf" (?:content|value)="([^"]+)"', client.get(f"/stories/{first}").text)
    assert token is not None
    form = {"csrf": token[1]}
    client.post(f"/stories/{first}/merge", data=form | {"story": str(other)})
    reports = client.get(f"/api/v1/stories/{first}").json()["tellings"]

    client.post(f"/stories/{first}/split", data=form | {"entry": str(reports[-1]["entry"])})

    assert len(client.get(f"/api/v1/stories/{first}").json()["tellings"]) == len(reports) - 1
    page = client.get(f"/stories/{first}").text
    assert "split off into" in page
    decision = re.search(r'name="decision" value="(\d+)"', page)
    assert decision is not None
    client.post(f"/stories/{first}/undo", data=form | {"decision": decision[1]})
    assert client.get(f"/api/v1/stories/{first}").json()["tellings"] == reports
