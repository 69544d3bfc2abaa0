"""What the outside relies on stays: everything that `frozen.json` names is still there. More may be added."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.conftest import own_environment
from tests.contract.sent import furnish
from tests.contract.world import Desk, furnished

FROZEN = json.loads(Path(__file__).with_name("frozen.json").read_text(encoding="utf-8"))
CASES = [
    pytest.param(part, name, id=f"{part}-{name}")
    for part, value in FROZEN.items()
    for name in (value if isinstance(value, dict) else [""])
]
EVERY_KEY = {
    "watcher.yaml": """\
database: {{url: "sqlite:///x.db"}}
fetch: {{user_agent: "us/1 (+https://us.example)", contact: desk@us.example, timeout: 30s, max_size: 4MB,
  concurrency: 8, per_host: 2, spacing: 1s, budget: {{entries: 100, versions: 50}}, allow: [127.0.0.0/8],
  proxy: "http://127.0.0.1:9", no_proxy: [us.example], websub: true}}
polling: {{minimum: 5m, default: 15m, maximum: 6h, backoff: 1d}}
web: {{host: 127.0.0.1, port: 8080, base_url: "https://desk.us.example/news", password: "{secret}", token: "{secret}",
  secret_key: "{secret}", hosts: [desk.us.example], trusted_proxies: [127.0.0.1], max_connections: 100,
  max_connections_per_source: 50}}
retention: {{entries: 90d, hits: 700d, polls: 14d, payloads: 60d}}
channels:
  mail: {{kind: email, formerly: [post], host: 127.0.0.1, port: 25, security: none, username: a, password: b,
    sender: "Desk <desk@us.example>", to: [ann@us.example], reply_to: bo@us.example, timeout: 10s, on_uncertain: drop}}
  slack: {{kind: slack, webhook_url: "https://127.0.0.1/x", on_uncertain: resend}}
  bot: {{kind: slack, token: xoxb-1, channel: C1, api_url: "https://127.0.0.1/api/"}}
  files: {{kind: file, folder: out, formats: [html, text, markdown, json]}}
  hook: {{kind: webhook, url: "https://127.0.0.1/h", secret: s, timeout: 5s, on_uncertain: drop}}
  others: {{kind: apprise, urls: ["json://127.0.0.1/"]}}
digests:
  - {{name: daily, formerly: [morning], title: Daily, schedule: "0 7 * * *", timezone: Europe/London, topics: [eyes],
     channels: [mail, slack, bot, files, hook, others], empty: skip, max_stories: 9, max_age: 2d, min_score: 0.5,
     include_baseline: true, include_backfill: true, alarms: false}}
  - {{name: alerts, schedule: immediate, channels: [files], cooldown: 1h, batch: 5m,
     quiet: {{start: "22:00", end: "07:00"}}}}
""",
    "feeds.yaml": """\
feeds:
  - {{url: "https://us.example/f", title: Us, tags: [a], language: en, interval: 1h, enabled: false, fulltext: true,
     budget: {{entries: 10, versions: 5}}, weight: 2, headers: {{X-Key: k}}, cookie: a=b, username: u, password: p,
     user_agent: us, verify: false, http_version: "1.1", proxy: "socks5://127.0.0.1:9"}}
""",
    "topics.yaml": """\
sets: {{spies: fvey}}
topics:
  - {{id: eyes, name: Eyes, description: d, tags: [a], query: "@spies"}}
  - {{id: words, name: Words, keywords: [harbour]}}
""",
}
EXIT_CODES = [
    (0, "status"), (0, "hits"), (0, "search five"), (0, "--version"), (0, "--help"), (0, "topics list"),
    (0, "check"), (0, "topics test eyes --text Five"), (1, "poll --all"), (2, "search ("), (2, "topics show nothing"),
    (2, "nothing"), (2, "hits --nothing"), (2, "hits --since never"), (2, "feeds show https://none.example/"),
    (2, "hits --cursor x"), (2, "digest preview nothing"), (2, "channels test nothing"), (2, "label 999999 relevant"),
    (2, "topics explain eyes 999999"), (1, "db restore missing.db"), (2, "deliveries retry 999999"), (2, "init ."),
    (2, "--config /nowhere status"), (2, "--database-url mysql://x/y status"),
    (1, "topics eval --labels labels.jsonl --min-recall 0.99"), (2, "topics eval --labels missing.jsonl"),
    (0, "mcp --help"), (2, "mcp --http nowhere"), (2, "mcp --http 0.0.0.0:0"),
    (1, "topics diff eyes --query harbour --exit-code"), (1, "topics test eyes --text nothing --exit-code"),
]  # fmt: skip


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with own_environment() as patch, furnished(tmp_path_factory.mktemp("codes") / "config") as made:
        furnish(made)
        patch.chdir(made.folder)
        yield made


@pytest.mark.parametrize(("part", "name"), CASES)
def test_what_the_outside_relies_on_is_still_there(contract: dict[str, Any], part: str, name: str) -> None:
    before = FROZEN[part][name] if name else FROZEN[part]
    now = contract[part].get(name, []) if name else contract[part]

    assert [key for key in before if key not in now] == []


@pytest.mark.parametrize(("code", "command"), EXIT_CODES, ids=[command for _code, command in EXIT_CODES])
def test_a_command_ends_with_the_same_code(desk: Desk, code: int, command: str) -> None:
    ended, out, err = desk.run(*command.split())

    assert ended == code, (out, err)


def test_a_configuration_that_uses_every_key_is_read(tmp_path: Path, desk: Desk) -> None:
    for name, text in EVERY_KEY.items():
        (tmp_path / name).write_text(text.format(secret="mNq2vR8-sT4wXz6_bC1dFgHjKpLy0uEa"), encoding="utf-8")

    code, out, err = desk.run("--config", str(tmp_path), "check")

    assert code == 0, (out, err)
