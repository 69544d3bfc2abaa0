"""Digests that name their own recipients: what is wrong with them is said with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from watcher.errors import ConfigError
from watcher.settings import load

CHANNELS = """\
channels:
  files: {kind: file, folder: out}
  mail: {kind: email, host: mail.example, sender: w@desk.example, to: [all@desk.example]}
digests:
  - name: mine
    schedule: daily at 7
"""


def write(folder: Path, lines: str) -> Path:
    (folder / "watcher.yaml").write_text(CHANNELS + lines, "utf-8")
    (folder / "topics.yaml").write_text("topics:\n  - {id: eyes, query: eyes}\n", "utf-8")
    (folder / "feeds.yaml").write_text("feeds: []\n", "utf-8")
    return folder


def test_addresses_are_read_each_once(tmp_path: Path) -> None:
    folder = write(
        tmp_path, "    channels: [files, mail]\n    to: [a@b.example, ' a@b.example ', ü@b.example]\n    owner: Ines\n"
    )

    [digest] = load(folder, {}).subscriptions

    assert (digest.to, digest.owner) == (("a@b.example", "ü@b.example"), "Ines")


@pytest.mark.parametrize(
    ("lines", "place", "reason"),
    [
        ("    channels: [files]\n    to: [a@b.example]\n", ":8:", "needs an e-mail channel"),
        ("    channels: [mail]\n    to: [nobody]\n", ":8:", "is no mail address"),
        ("    channels: [mail]\n    to: ['a@b.example\\r\\nBcc: c@d.example']\n", ":8:", "is no mail address"),
        (f"    channels: [mail]\n    to: ['{'a' * 400}@b.example']\n", ":8:", "is no mail address"),
    ],
)
def test_what_is_no_recipient_is_refused_with_its_place(tmp_path: Path, lines: str, place: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, lines), {})

    assert place in str(caught.value)
    assert reason in str(caught.value)
