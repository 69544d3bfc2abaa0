"""The answers in the manual are ones that the guided set-up reads."""

from __future__ import annotations

import yaml

from tests.docs.pages import DOCS, list_blocks
from watcher.app.setup.run import expand_answers, parse_answers


def test_the_answers_of_the_manual_are_read() -> None:
    [text] = [block.text for block in list_blocks(DOCS / "setup.md") if block.language == "text"]
    environ = {"SMTP_PASSWORD": "correct horse", "SLACK_WEBHOOK_URL": "https://hooks.slack.example/T0/B0/x"}

    values = yaml.safe_load(text)
    opml = values.pop("opml_file")
    answers = parse_answers(expand_answers(values, environ))

    assert opml == "feeds.opml"
    assert answers["channels"][0]["options"]["password"] == "correct horse"
    assert [sorted(watch) for watch in answers["watch"]] == [["name", "sentence", "words"], ["article"]]
