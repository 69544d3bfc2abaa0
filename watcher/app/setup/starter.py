"""The files that a configuration begins with: commented, watching nothing yet, or the feeds and topics of packs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from watcher.app.setup.writing import add_new_feeds, add_pack_topics
from watcher.errors import UsageError
from watcher.settings import load
from watcher.settings.edit_files import Draft
from watcher.settings.edit_secrets import SecretFiles
from watcher.settings.folders import state_folder
from watcher.settings.loader import FEEDS, MAIN, TOPICS
from watcher.settings.packs import Pack

EMPTY: Mapping[str, str] = {
    MAIN: """\
# Main configuration of the watcher. Every key has a default; docs/configuration.md lists them all.
# `watcher check` reports errors with file, line and column. Any value can be "${NAME}" from the environment.
# The pages and the commands edit these files, and keep the comments.

# An address of yours, so that publishers can reach you; some refuse clients that do not say who they are.
# fetch:
#   contact: you@example.org

# The page and the API. Off this machine they need a password or a token (docs/web.md).
web:
  host: 127.0.0.1
  port: 8080

# Where digests go: email, slack, webhook, file or apprise (docs/channels.md).
channels: {}
  # mail:
  #   kind: email
  #   host: smtp.example.org
  #   security: starttls              # starttls, tls or none
  #   username: watcher@example.org
  #   password: ${SMTP_PASSWORD}      # or: password_file: /run/secrets/smtp
  #   sender: News watcher <watcher@example.org>
  #   to: [desk@example.org]
  # slack:
  #   kind: slack
  #   webhook_url: ${SLACK_WEBHOOK_URL}

# What is sent, when and where (docs/digests.md). Without `topics`, a digest reports all of them.
digests: []
  # - name: morning
  #   title: The morning's news
  #   schedule: weekdays at 7:00      # or hourly, mondays at 9am, cron (0 7 * * *), immediate
  #   timezone: Europe/London
  #   channels: [mail]
""",
    FEEDS: """\
# The feeds to poll, one per line (docs/feeds.md). `watcher feeds add ADDRESS` finds and adds the feed of a site.
# Keys: url, title, tags, language, interval (30m, 6h) and others.

feeds: []
  # - {url: "https://example.org/feed.xml", title: Example, tags: [press], language: en}
""",
    TOPICS: """\
# The topics: what to look for (docs/topics.md). A topic has sentences, a query (docs/topic-language.md), or both.

topics: []
  # - id: ferries
  #   name: Ferries
  #   about:
  #     - A ferry is late, cancelled or delayed.
  #   query: (ferry~ OR "night boat") AND (late OR cancel~ OR delay~)
""",
}
"""A configuration that watches nothing yet."""


def write_starter_configuration(folder: Path, environ: Mapping[str, str], packs: Sequence[Pack] = ()) -> list[Path]:
    """Write a commented configuration with the feeds and topics of packs, and return the paths of its files.

    Nothing that exists is overwritten: raises UsageError where a file is there already, or cannot be written.
    """
    # All names are checked before the first is written; `open("x")` refuses what appears in between.
    paths = [folder / name for name in EMPTY]
    if existing := [path for path in paths if path.exists()]:
        raise UsageError(f"{existing[0]} exists: `watcher init DIR` writes into another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        texts = _compose_texts(folder, environ, packs)
        for path in paths:
            with path.open("x", encoding="utf-8") as file:
                file.write(texts[path.name])
    except OSError as error:
        raise UsageError(f"{folder}: {(error.strerror or 'cannot be written').lower()}") from error
    return paths


def _compose_texts(folder: Path, environ: Mapping[str, str], packs: Sequence[Pack]) -> dict[str, str]:
    texts = dict(EMPTY)
    if not packs:
        return texts
    state = state_folder(folder, environ)
    draft = Draft(folder, load(folder, {}, texts=EMPTY), texts, SecretFiles(folder, state))
    for pack in packs:
        add_pack_topics(draft, pack)
    add_new_feeds(draft, packs)
    return draft.texts
