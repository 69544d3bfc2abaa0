"""The registry of channel kinds: complete, quick to import, and of kinds that know nothing of each other."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import watcher.channels
from watcher.channels import CHANNELS

FOLDER = Path(watcher.channels.__file__).parent
KINDS = sorted(path.name for path in FOLDER.iterdir() if (path / "__init__.py").exists())


def list_imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


def test_every_folder_is_a_kind() -> None:
    assert sorted(CHANNELS) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_imports_no_other(kind: str) -> None:
    others = tuple(f"watcher.channels.{other}" for other in KINDS if other != kind)
    imported = {name for path in (FOLDER / kind).rglob("*.py") for name in list_imports(path)}

    assert [name for name in imported if name.startswith(others)] == []


def test_the_registry_loads_neither_network_libraries_nor_templates() -> None:
    code = "import sys, watcher.channels; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert {"httpx", "aiosmtplib", "apprise", "jinja2", "css_inline", "asyncio"} & set(loaded) == set()
