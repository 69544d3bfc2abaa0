"""Commands that send nothing need no secrets; those that do name each one that is absent, at its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.machine import Desk
from watcher.errors import ConfigError
from watcher.settings import Settings, load

CHANNELS: dict[str, Any] = {
    "mail": {
        "kind": "email", "host": "${SMTP_HOST}", "port": "${SMTP_PORT}", "username": "desk",
        "password": "${SMTP_PASSWORD}", "sender": "${SENDER}", "to": ["ann@example.org", "${SECOND_READER}"],
    },
    "slack": {"kind": "slack", "webhook_url": "${SLACK_URL}"},
    "bot": {"kind": "slack", "token_file": "/nonexistent/token", "channel": "#desk"},
    "hook": {"kind": "webhook", "url": "https://hooks.example/${HOOK_KEY}", "secret": "${HOOK_SECRET}"},
    "rest": {"kind": "apprise", "urls": ["${APPRISE_ONE}", "tgram://${APPRISE_TWO}/chat"]},
}  # fmt: skip
NAMES = {"SMTP_HOST", "SMTP_PORT", "SMTP_PASSWORD", "SENDER", "SECOND_READER", "SLACK_URL", "HOOK_KEY", "HOOK_SECRET",
         "APPRISE_ONE", "APPRISE_TWO"}  # fmt: skip
DIGESTS = [{"name": "morning", "schedule": "weekdays at 7:00", "channels": list(CHANNELS)}]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path / "desk")
    made.write(channels=CHANNELS, digests=DIGESTS)
    return made


@pytest.fixture(scope="module")
def polled(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk that was polled once, for commands that only read."""
    made = Desk(tmp_path_factory.mktemp("polled") / "desk")
    made.write(channels=CHANNELS, digests=DIGESTS)
    assert made.run("poll").returncode == 0
    return made


def read(desk: Desk, **environ: str) -> Settings:
    return load(desk.folder, {"WATCHER_STATE": str(desk.folder / "var"), **environ}, secrets_needed=False)


def test_every_channel_is_read_without_its_secrets(desk: Desk) -> None:
    settings = read(desk)

    assert {channel.name for channel in settings.channels} == set(CHANNELS)
    missing = settings.missing_secrets["channels"]
    assert {name for name in NAMES if any(f" {name} is not set" in fault.message for fault in missing)} == NAMES
    assert any("/nonexistent/token: no such file" in fault.message for fault in missing)
    assert all(fault.line > 1 and fault.file.endswith("watcher.yaml") for fault in missing)
    settings.require_secrets("web", "feeds")
    with pytest.raises(ConfigError) as refused:
        settings.require_secrets("channels")
    assert len(refused.value.faults) == len(NAMES) + 1


def test_other_faults_stay_faults(desk: Desk) -> None:
    broken = {**CHANNELS, "slack": {"kind": "slack", "webhook_url": "${SLACK_URL}", "colour": "red"}}
    desk.write(channels=broken, digests=DIGESTS)

    with pytest.raises(ConfigError) as refused:
        read(desk)

    assert [fault.message.partition(";")[0] for fault in refused.value.faults] == ["unknown key `colour`"]


def test_a_secret_that_is_there_and_wrong_is_a_fault(desk: Desk) -> None:
    with pytest.raises(ConfigError) as refused:
        read(desk, SLACK_URL="mail-desk-7")

    assert len(refused.value.faults) == 1
    assert "webhook_url" in str(refused.value) or "SLACK_URL" in str(refused.value)


def test_what_no_placeholder_can_stand_for_is_named(desk: Desk) -> None:
    desk.write(channels=CHANNELS, digests=DIGESTS, polling={"default": "${PACE}"})

    with pytest.raises(ConfigError) as refused:
        read(desk)

    assert [fault.message for fault in refused.value.faults] == ["environment variable PACE is not set"]


def test_the_password_of_the_database_is_always_needed(desk: Desk) -> None:
    desk.write(database={"url": "postgresql://watcher:${PGPASSWORD}@db.example/news"})

    with pytest.raises(ConfigError) as refused:
        read(desk)

    assert "PGPASSWORD is not set" in str(refused.value)


def test_a_password_of_the_page_that_is_absent_opens_nothing(desk: Desk) -> None:
    desk.write(web={"port": desk.port, "password": "${PAGE_PASSWORD}", "secret_key": "${KEY}"})

    served = desk.run("serve")
    status = desk.run("status")

    assert served.returncode == 2
    assert "PAGE_PASSWORD is not set" in served.stderr
    assert status.returncode == 0, status.stderr


@pytest.mark.parametrize(
    "command",
    ["hits", "search harbour", "stories", "topics list", "status", "deliveries", "digest list", "channels list",
     "digest preview morning", "db stats", "db check", "feeds list", "feeds export", "serve --help"],
)  # fmt: skip
def test_commands_that_send_nothing_run_without_secrets(command: str, polled: Desk) -> None:
    done = polled.run(*command.split())

    assert done.returncode == 0, (done.stdout, done.stderr)
    assert "unset-secret" not in done.stdout.replace("https://unset-secret.invalid", "") or command == "channels list"


@pytest.mark.parametrize("command", ["check", "run", "digest send morning", "channels test mail"])
def test_commands_that_send_name_every_absent_secret(command: str, desk: Desk) -> None:
    done = desk.run(*command.split())

    assert done.returncode == 2
    output = done.stdout + done.stderr
    assert "SMTP_PASSWORD is not set" in output
    assert "/nonexistent/token" in output
    assert "watcher.yaml:" in output


def test_a_poll_needs_the_secrets_of_feeds_alone_and_others_leave_the_feeds_as_they_are(desk: Desk) -> None:
    feeds = "feeds:\n  - {url: 'http://127.0.0.1:9/f?key=${FEED_KEY}', enabled: false}\n"
    (desk.folder / "feeds.yaml").write_text(feeds)
    desk.environ["FEED_KEY"] = "abc123abc"
    assert desk.run("poll").returncode == 0
    before = desk.json("feeds", "list")
    del desk.environ["FEED_KEY"]

    refused = desk.run("poll")
    assert desk.json("status")["feeds"]["total"] == 1
    after = desk.json("feeds", "list")

    assert refused.returncode == 2
    assert "feeds.yaml:2:" in refused.stderr
    assert "FEED_KEY is not set" in refused.stderr
    assert "SMTP_PASSWORD" not in refused.stderr
    assert json.dumps(after) == json.dumps(before)


def test_feeds_are_edited_without_secrets(desk: Desk) -> None:
    (desk.folder / "feeds.yaml").write_text("feeds:\n  - url: https://a.example/f?key=${FEED_KEY}  # ours\n")

    added = desk.run("feeds", "add", "https://b.example/feed", "--no-check")
    removed = desk.run("feeds", "remove", "https://b.example/feed")

    assert (added.returncode, removed.returncode) == (0, 0), (added.stderr, removed.stderr)
    assert "${FEED_KEY}  # ours" in (desk.folder / "feeds.yaml").read_text()
