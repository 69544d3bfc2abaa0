"""A small desk on which every command and every route has something to print and send."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any

from tests.web_server import Reply, Server, rss
from watcher import clock
from watcher.app.bootstrap import open_app
from watcher.cli.main import run
from watcher.model.meaning import EncoderModel, ProposalEvidence, ReferenceKind
from watcher.store.meaning.heads import StoredHead, save_head
from watcher.store.meaning.models import register_model
from watcher.store.meaning.proposals import DayBudget, NewProposal, add_proposals, list_proposals_of_entry

TITLES = (
    "Five Eyes partners weigh limits on intelligence|Officials of the Five Eyes review what they pass on.",
    "Five Eyes partners weigh limits on intelligence, officials say|Officials of the Five Eyes review it again.",
    "Cyber Command told to stand down|An order, officials said, to plan nothing.",
    "Storm petrels return|Four hundred pairs.",
)
TOPICS = """\
sets:
  spies: '"five eyes" OR fvey'
topics:
  - {id: eyes, name: Five Eyes, description: The alliance, tags: [a], query: "@spies AND intelligence"}
  - {id: cyber, name: Cyber, query: '"cyber command" NOT chess'}
  - {id: words, name: Words, keywords: [petrels, puffins]}
"""
ARTICLE = (
    "<html><head><title>Allies review what they share</title></head><body><article><p>"
    + "Senior officials of the Five Eyes alliance are reviewing which intelligence they pass to Washington. " * 8
    + "</p></article></body></html>"
)
LABELS = (
    {"title": "Five Eyes chiefs on intelligence", "summary": "They met.", "labels": ["eyes"]},
    {"title": "Spy alliance meets", "summary": "Nobody named it.", "labels": ["eyes"]},
    {"title": "Bread prices rise", "summary": "Flour is dear.", "labels": []},
)


class Hook:
    """A webhook's other side: `bodies` are the JSON documents that came."""

    def __init__(self) -> None:
        self.bodies: list[Any] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Desk:
    """A configuration folder with two feeds, three topics and two channels, and commands run on it in this process."""

    def __init__(self, folder: Path, press: Server, hook: Hook) -> None:
        self.folder = folder
        self.press = press
        self.hook = hook
        folder.mkdir(exist_ok=True)
        self.publish(TITLES[3])
        main = (
            "fetch: {allow: [127.0.0.0/8], spacing: 0s}\n"
            "polling: {minimum: 1s, default: 1s}\n"
            f"channels:\n  hook: {{kind: webhook, url: '{hook.url}'}}\n  files: {{kind: file, formats: [html, json]}}\n"
            "digests:\n"
            "  - {name: daily, schedule: '0 7 * * *', channels: [hook, files], include_baseline: true}\n"
        )
        broken = f"{press.url}/broken"
        feeds = (
            f"feeds:\n  - {{url: '{press.url}/feed', title: Post, tags: [x]}}\n  - {{url: '{broken}', title: Gone}}\n"
        )
        for name, text in {"watcher": main, "topics": TOPICS, "feeds": feeds}.items():
            (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        (folder / "article.html").write_text(ARTICLE, encoding="utf-8")
        (folder / "labels.jsonl").write_text("".join(json.dumps(line) + "\n" for line in LABELS), encoding="utf-8")

    def publish(self, *titles: str) -> None:
        body = rss(*((str(TITLES.index(title)), title) for title in titles))
        self.press.pages["/feed"] = Reply(body, headers={"Content-Type": "application/rss+xml"})
        page = "<link rel='alternate' type='application/rss+xml' title='All' href='/feed'>"
        self.press.pages["/"] = Reply(page.encode(), headers={"Content-Type": "text/html"})

    def run(self, *words: str) -> tuple[int, str, str]:
        """Run one command; return its exit code and what it wrote to stdout and stderr."""
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = run(["--config", str(self.folder), *words])
        return code, out.getvalue(), err.getvalue()

    def propose(self, topic_id: str, entry: Mapping[str, Any]) -> int:
        """Store a proposal of an entry, and a head that made it; return its id."""
        app = open_app(self.folder, dict(os.environ))
        now = clock.now()
        evidence = ProposalEvidence(kind=ReferenceKind.SENTENCE, text="Birds return.", field="title", start=0, end=5)
        try:
            with app.database.write() as db:
                model_id = register_model(db, EncoderModel(name="tiny-1", dimensions=4), now).id
                head = StoredHead(
                    topic_id=topic_id, version="1f0c22d3a9b4", model_id=model_id, topic_version="0", fitted_at=now,
                    weights=b"", bias=0.0, threshold=0.5,
                )  # fmt: skip
                save_head(db, head)
                new = NewProposal(
                    topic_id=topic_id, entry_id=entry["id"], score=0.8, head_version=head.version, topic_version="0",
                    evidence=(evidence,),
                )  # fmt: skip
                add_proposals(db, model_id, [new], {topic_id: DayBudget(limit=5, since=now - timedelta(days=1))}, now)
                return list_proposals_of_entry(db, entry["id"])[0].id
        finally:
            app.close()

    def json(self, *words: str) -> Any:
        code, out, err = self.run(*words, "--json")
        assert code in {0, 1}, (words, code, out, err)
        return json.loads(out)


@contextmanager
def furnished(folder: Path) -> Iterator[Desk]:
    hook = Hook()
    try:
        with Server() as press:
            yield Desk(folder, press, hook)
    finally:
        hook.close()
