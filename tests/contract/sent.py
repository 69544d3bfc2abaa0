"""The keys of everything that leaves as JSON: printed by commands, answered by routes, posted to webhooks, in files.

`python -m tests.contract.sent` prints what `frozen.json` holds: the state when the code's redesign began.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.contract.observed import list_document_keys, list_keys, list_tools, read_code
from tests.contract.world import TITLES, Desk, furnished
from tests.web.site import World
from watcher import clock
from watcher.app.bootstrap import open_app
from watcher.mcp.server import make_server

# Ids are keys in some documents: they are the user's, no names of the contract.
NAMES = frozenset(("eyes", "cyber", "words", "daily", "hook"))
COMMANDS = (
    "status", "hits", "search five", "stories", "feeds list", "feeds show {feed}", "feeds discover {site}",
    "feeds add {site}/other --no-check", "feeds remove {site}/other", "feeds resume {feed}", "feeds export out.opml",
    "feeds import in.opml", "topics list", "topics show eyes", "topics test eyes", "topics test eyes --text Five",
    "topics explain eyes {entry}", "topics explain eyes {other}", "topics diff eyes --query harbour", "topics replay",
    "topics probe cyber", "topics cost eyes", "topics eval --labels labels.jsonl", "topics eval --stored",
    "topics draft article.html", "label {hit} relevant", "proposals", "digest list", "digest preview daily",
    "digest send daily --now", "deliveries", "deliveries retry --state dead --channel hook",
    "proposals label {proposal} relevant", "channels list",
    "channels test hook", "channels test files", "db upgrade", "db check", "db stats", "db prune",
    "db backup copy.db", "check", "check --live",
)  # fmt: skip
ROUTES = {
    "hits": "hits", "hits/{hit}": "hits/{hit_id}", "entries": "entries", "entries/{entry}": "entries/{entry_id}",
    "stories": "stories", "stories/{story}": "stories/{story_id}", "topics": "topics",
    "topics/eyes": "topics/{topic_id}", "feeds": "feeds", "feeds/show?url={feed}": "feeds/show", "digests": "digests",
    "deliveries": "deliveries", "status": "status", "proposals": "proposals",
    "proposals/{proposal}": "proposals/{proposal_id}", "marks?target=entry:{entry}": "marks", "notes": "notes",
    "notes/1": "notes/{note_id}", "notes/1/versions": "notes/{note_id}/versions", "views": "views",
    "facets/hits": "facets/hits", "facets/stories": "facets/stories",
}  # fmt: skip


def furnish(desk: Desk) -> dict[str, Any]:
    """Poll twice, so that there are hits; return what the commands are run on."""
    desk.json("poll")
    desk.publish(*TITLES)
    desk.json("poll", "--all")
    hit = desk.json("hits", "--topic", "eyes")["hits"][0]
    other = next(row["entry"] for row in desk.json("hits", "--topic", "cyber")["hits"])
    (desk.folder / "in.opml").write_text(
        f"<opml version='2.0'><body><outline text='b' xmlUrl='{desk.press.url}/new'/></body></opml>", encoding="utf-8"
    )
    names = {"feed": f"{desk.press.url}/feed", "site": desk.press.url, "hit": hit["id"], "entry": hit["entry"]["id"]}
    seen = desk.json("search", "petrels")["entries"][0]["entry"]
    return names | {"other": other["id"], "story": hit["story"]["id"], "proposal": desk.propose("eyes", seen)}


@contextmanager
def served(folder: Path) -> Iterator[httpx.Client]:
    app = open_app(folder, dict(os.environ))
    try:
        with World(app, clock.now, folder).client() as client:  # type: ignore[arg-type]
            yield client
    finally:
        app.close()


def collect(folder: Path) -> dict[str, Any]:
    """Return the contract as the code has it: what it declares, and the keys of all that it sends."""
    printed: dict[str, list[str]] = {}
    sent: dict[str, list[str]] = {}
    with furnished(folder / "config") as desk:
        names = furnish(desk)
        printed["poll"] = sorted(list_keys(desk.json("poll", "--all"), NAMES))
        before = Path.cwd()
        os.chdir(desk.folder)
        try:
            for command in COMMANDS:
                words = [word.format(**names) for word in command.split()]
                printed[command] = sorted(list_keys(desk.json(*words), NAMES))
        finally:
            os.chdir(before)
        sent["webhook"] = sorted(set().union(*(list_keys(body, NAMES) for body in desk.hook.bodies)))
        files = [json.loads(path.read_text()) for path in folder.rglob("*.json")]
        sent["file"] = sorted(set().union(*(list_keys(body, NAMES) for body in files)))
        application = open_app(desk.folder, dict(os.environ))
        tools = list_tools(make_server(application, clock.now, write=True))
        application.close()
        with served(desk.folder) as client:
            document = client.get("/api/openapi.json").json()
            note = {"target": f"entry:{names['entry']}", "text": "Ask them.", "to": ["desk"]}
            sent["POST note"] = sorted(list_keys(client.post("/api/v1/notes", json=note).json(), NAMES))
            edit = {"version": 1, "text": "Ask us.", "to": ["desk"]}
            sent["PATCH note"] = sorted(list_keys(client.patch("/api/v1/notes/1", json=edit).json(), NAMES))
            client.put("/api/v1/notes/1/done", json={"done": True})
            view = {"name": "Eyes", "page": "hits", "params": {"topic": ["eyes"]}}
            sent["POST view"] = sorted(list_keys(client.post("/api/v1/views", json=view).json(), NAMES))
            marks = {"targets": [f"entry:{names['entry']}"], "seen": True, "starred": True}
            sent["PUT marks"] = sorted(list_keys(client.put("/api/v1/marks", json=marks).json(), NAMES))
            for route, name in ROUTES.items():
                answer = client.get(f"/api/v1/{route.format(**names)}")
                assert answer.status_code == 200, (route, answer.text)
                sent[f"GET /api/v1/{name}"] = sorted(list_keys(answer.json(), NAMES))
            sent["GET topic feed"] = sorted(list_keys(client.get("/topics/eyes.json").json(), NAMES))
            for body in ({"query": "five"}, {"query": "five", "text": "Five Eyes"}):
                answer = client.post("/api/v1/topics/test", json=body)
                sent[f"POST topics/test {sorted(body)}"] = sorted(list_keys(answer.json(), NAMES))
            answer = client.put(f"/api/v1/hits/{names['hit']}/label", json={"label": "irrelevant"})
            sent["PUT label"] = sorted(list_keys(answer.json(), NAMES))
            answer = client.put(f"/api/v1/proposals/{names['proposal']}/label", json={"label": "irrelevant"})
            sent["PUT proposal label"] = sorted(list_keys(answer.json(), NAMES))
            problem = client.get("/api/v1/hits/99999999")
            sent["problem"] = sorted(list_keys(problem.json(), NAMES))
            metrics = client.get("/metrics").text
    names_of_metrics = sorted({line.split()[2] for line in metrics.splitlines() if line.startswith("# TYPE")})
    return read_code() | {
        "printed": printed,
        "sent": sent,
        "documented": list_document_keys(document),
        "document": document,
        "metrics": names_of_metrics,
        "tools": tools,
    }


if __name__ == "__main__":
    os.environ.pop("WATCHER_CONFIG", None)
    with tempfile.TemporaryDirectory() as made:
        collected = collect(Path(made))
    del collected["document"]
    json.dump(collected, sys.stdout, indent=1, sort_keys=True)
