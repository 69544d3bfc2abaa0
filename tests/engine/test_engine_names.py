"""What `engine` in watcher.yaml may say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from watcher.errors import ConfigError
from watcher.settings import EngineName, load

SERVER = {"WATCHER_DATABASE_URL": "postgresql://watcher@db.example/watcher"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "feeds.yaml").write_text("feeds: []\n")
    (tmp_path / "topics.yaml").write_text("topics: []\n")
    return tmp_path


def engine(folder: Path, written: str, environ: Mapping[str, str]) -> EngineName:
    (folder / "watcher.yaml").write_text(f"web: {{port: 8080}}\n{written}")
    return load(folder, environ).engine


@pytest.mark.parametrize(
    ("written", "environ", "expected"),
    [
        pytest.param("", {}, EngineName.LOCAL, id="nothing said"),
        pytest.param("engine:\n", {}, EngineName.LOCAL, id="nothing behind it"),
        pytest.param("engine: local\n", SERVER, EngineName.LOCAL, id="local on PostgreSQL"),
        pytest.param("engine: procrastinate\n", SERVER, EngineName.PROCRASTINATE, id="PostgreSQL in the environment"),
        pytest.param(
            "engine: procrastinate\ndatabase: {url: postgres://watcher@db.example/watcher}\n", {},
            EngineName.PROCRASTINATE, id="PostgreSQL in the file",
        ),
        pytest.param("engine: local\n", SERVER | {"WATCHER_ENGINE": "procrastinate"}, EngineName.PROCRASTINATE,
                     id="the environment stands above the file"),
    ],
)  # fmt: skip
def test_the_engine_is(folder: Path, written: str, environ: Mapping[str, str], expected: EngineName) -> None:
    assert engine(folder, written, environ) is expected


@pytest.mark.parametrize(
    ("written", "environ", "place", "said"),
    [
        pytest.param("engine: procrastinate\n", {}, "watcher.yaml:2:9", "needs PostgreSQL", id="on SQLite"),
        pytest.param(
            "engine:   procrastinat\n", SERVER, "watcher.yaml:2:11", "did you mean `procrastinate`", id="misspelt"
        ),
        pytest.param("engine: [local]\n", {}, "watcher.yaml:2:9", "expected one of", id="a list"),
        pytest.param("", {"WATCHER_ENGINE": "procrastinate"}, "WATCHER_ENGINE:1:1", "needs PostgreSQL", id="by name"),
    ],
)
def test_an_engine_that_cannot_be_is_told_at_its_place(
    folder: Path, written: str, environ: Mapping[str, str], place: str, said: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        engine(folder, written, environ)

    [fault] = refused.value.faults
    assert place in str(fault)
    assert said in fault.message
