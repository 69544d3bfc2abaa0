"""The sandbox of the demonstration: a configuration in a folder of its own, and the watcher run on it poll by poll."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import yaml

from watcher import clock
from watcher.app.bootstrap import App, open_app
from watcher.app.pipeline import build_pipeline, build_poller
from watcher.channels.base import SenderContext
from watcher.channels.senders import Senders
from watcher.demo.server import DemoServer
from watcher.fetch import Fetcher
from watcher.model.digest import Digest
from watcher.pipeline.delivery import deliver_waiting
from watcher.pipeline.digests import compose_now
from watcher.pipeline.feed_claims import FeedSelection
from watcher.pipeline.poll_summary import PollSummary
from watcher.settings.folders import shipped_folder

DIGEST = "demo"


def write_configuration(folder: Path, press: DemoServer, port: int) -> None:
    """Write a configuration that watches the invented outlets for the shipped topics."""
    main = {
        "database": {"url": "sqlite:///watcher.db"},
        "fetch": {"allow": ["127.0.0.0/8"], "spacing": "0s", "per_host": 8},
        "web": {"port": port},
        "channels": {"files": {"kind": "file", "folder": "digests", "formats": ["html", "text"]}},
        "digests": [
            {
                "name": DIGEST,
                "title": "The demonstration's digest",
                "schedule": "0 7 * * *",
                "channels": ["files"],
                "empty": "send",
            }
        ],
    }
    feeds = [{"url": s.url, "title": s.title, "tags": list(s.tags), "language": s.language} for s in press.sources()]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "watcher.yaml").write_text(yaml.safe_dump(main, sort_keys=False), encoding="utf-8")
    (folder / "feeds.yaml").write_text(yaml.safe_dump({"feeds": feeds}, allow_unicode=True), encoding="utf-8")
    shutil.copy(shipped_folder() / "topics.yaml", folder / "topics.yaml")


@contextmanager
def open_sandbox(folder: Path, press: DemoServer, port: int, environ: Mapping[str, str]) -> Iterator[App]:
    """Open the watcher on a fresh configuration in `folder`; its database and digests lie in `folder`/var."""
    write_configuration(folder, press, port)
    app = open_app(folder, {**environ, "WATCHER_STATE": str(folder / "var"), "WATCHER_DATABASE_URL": ""})
    try:
        app.sync(clock.now())
        yield app
    finally:
        app.close()


async def poll_outlets(app: App) -> PollSummary:
    """Poll every invented outlet once."""
    async with Fetcher(app.fetch_policy()) as fetcher:
        async with build_poller(app, build_pipeline(app, fetcher, clock.now, owner="demo")) as poller:
            return await poller.run_once(FeedSelection(include_all=True))


async def send_digest(app: App) -> Digest:
    """Compose the digest of all that came, and deliver it."""
    press = app.press()
    digest = compose_now(app.database, press, DIGEST, clock.now())
    assert digest is not None, "a digest that is asked for is composed"
    async with Fetcher(app.fetch_policy()) as fetcher:
        senders = Senders(SenderContext(http=fetcher.client(), clock=clock.now))
        await deliver_waiting(app.database, press.channels, senders, clock.now)
    return digest
