"""Every YAML block of the manual is a configuration, or a part of one that is complete with what the manual assumes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml

from tests.docs.pages import ROOT, Block, list_blocks, list_pages
from watcher.settings import Settings, load

BLOCKS = [block for page in list_pages() for block in list_blocks(page) if block.language == "yaml"]
NAMES = ("five-eyes", "intelligence-sharing", "cyber-ops-russia")
ASSUMED: dict[str, Any] = {
    "channels": {name: {"kind": "file", "folder": name} for name in ("mail", "slack", "files", "hook")},
    "topics": [{"id": name, "query": "spy"} for name in NAMES],
}
"""What a block may refer to without naming it: channels and topics that other examples define."""


def read(block: Block, folder: Path) -> Settings:
    """Load a block as the file that its keys belong to, beside empty ones."""
    text = block.text
    if text.startswith(" "):  # an option of a digest, as it stands below one
        text = "digests:\n  - name: one\n    schedule: hourly\n    channels: files\n" + text
    written = yaml.safe_load(text)
    main: dict[str, Any] = {"channels": ASSUMED["channels"]}
    files: dict[str, Any] = {
        "watcher.yaml": main,
        "feeds.yaml": {"feeds": []},
        "topics.yaml": {"topics": ASSUMED["topics"]},
    }
    if {"topics", "sets"} & written.keys():
        files["topics.yaml"] = written
    elif "feeds" in written:
        files["feeds.yaml"] = written
    else:
        main |= {**written, "channels": {**ASSUMED["channels"], **written.get("channels", {})}}
    for name, document in files.items():
        (folder / name).write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    (folder / "paid.password").write_text("s3same", encoding="utf-8")
    trustme.CA().cert_pem.write_to_path(str(folder / "intranet-ca.pem"))
    return load(folder, {name: value_of(name) for name in re.findall(r"\$\{(\w+)\}", block.text)})


def value_of(name: str) -> str:
    if name.endswith("URL"):
        return "https://hooks.example.org/T0/B0/x"
    return "Gq7w9Zk2Lr5tYb8nXc4vMd1f" if name.endswith("TOKEN") else "correct horse"


@pytest.mark.parametrize("block", BLOCKS, ids=[block.place for block in BLOCKS])
def test_a_block_is_a_valid_configuration(block: Block, tmp_path: Path) -> None:
    settings = read(block, tmp_path)

    assert settings.folder == tmp_path


def test_there_are_blocks_of_every_file() -> None:
    keys = {key for block in BLOCKS for key in yaml.safe_load("x:\n" + re.sub(r"^", "  ", block.text, flags=re.M))["x"]}

    assert {"topics", "feeds", "channels", "digests", "fetch", "web"} <= keys
    assert len({block.page for block in BLOCKS}) >= 8, ROOT
