"""What is installed is whole: the wheel alone runs the demonstration, the migrations and a starter configuration."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def run(unpacked: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WATCHER_")}
    # The encoder is a package of its own, and to read for meaning takes four times as long as all else (tests/demo).
    env = kept | {"WATCHER_MEANING__ENGINE": "none"}
    env |= {"PYTHONPATH": str(unpacked), "HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config-home")}
    return subprocess.run(
        [sys.executable, "-m", "watcher", *words], env=env, cwd=folder, capture_output=True, text=True, timeout=120
    )


def test_the_wheel_alone_runs_the_demonstration(unpacked: Path, tmp_path: Path) -> None:
    done = run(unpacked, tmp_path, "demo", "--once", "--port", "0", "--folder", str(tmp_path / "demo"), "--json")

    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert {"five-eyes", "intelligence-sharing", "cyber-ops-russia"} <= {hit["topic"] for hit in answer["hits"]}
    assert all(Path(file).is_file() for file in answer["files"])


def test_the_wheel_alone_makes_a_configuration_and_a_database(unpacked: Path, tmp_path: Path) -> None:
    made = run(unpacked, tmp_path, "init", "--pack", "intelligence")
    good = run(unpacked, tmp_path, "check")
    database = f"sqlite:///{tmp_path / 'here.db'}"
    stands = run(unpacked, tmp_path, "--database-url", database, "status", "--json")

    assert (made.returncode, good.returncode) == (0, 0), made.stderr + good.stderr
    assert json.loads(stands.stdout)["feeds"]["total"] > 30
    assert (tmp_path / "here.db").is_file()


def test_the_wheel_alone_has_the_whole_manual(unpacked: Path, tmp_path: Path) -> None:
    asked = """
from watcher.web.render.manual import find_picture, list_manual_parts, load_manual_page
names = [name for part in list_manual_parts() for name, _title in part.pages]
assert all(load_manual_page(name, "") is not None for name in ["", *names])
assert find_picture("pictures/digest-phone.png") is not None
print(len(names))
"""
    done = subprocess.run(
        [sys.executable, "-c", asked], env=os.environ | {"PYTHONPATH": str(unpacked)}, cwd=tmp_path,
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 25


def test_the_source_distribution_holds_all_that_its_makefile_needs(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    [packed] = tmp_path.glob("*.tar.gz")
    with tarfile.open(packed) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    [folder] = (tmp_path / "unpacked").iterdir()

    planned = subprocess.run(["make", "-n", "run", "test", "check"], cwd=folder, capture_output=True, text=True)

    assert planned.returncode == 0, planned.stderr
    for name in ("constraints.txt", "CONTRIBUTING.md", "SECURITY.md", "Dockerfile", "compose.yaml", "alembic.ini",
                 "ops/systemd/watcher.service", ".ci/run", "db/env.py", "tests/conftest.py"):  # fmt: skip
        assert (folder / name).is_file(), name
