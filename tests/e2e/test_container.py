"""What Dockerfile and compose files name exists, and what they run works, as far as that shows without a container."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit
from zipfile import ZipFile

import pytest
import yaml

from tests.e2e.machine import Desk
from watcher.cli.main import COMMANDS
from watcher.settings import load

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
VARIABLES = {"WATCHER_PASSWORD": "a password of my choice"}
"""What the compose files want to be given."""
SERVICE_KEYS = {
    "build", "image", "restart", "stop_grace_period", "depends_on", "ports", "environment", "volumes", "healthcheck",
    "read_only", "tmpfs", "cap_drop", "security_opt", "profiles",
}  # fmt: skip


class ComposeLoader(yaml.SafeLoader):
    """Reads compose files, which may take back what an earlier file says (`!reset`)."""


def _construct_nothing(_loader: yaml.SafeLoader, _node: yaml.Node) -> dict[str, Any]:
    return {}


ComposeLoader.add_constructor("!reset", _construct_nothing)


@dataclass(frozen=True)
class Instruction:
    name: str
    text: str

    @property
    def words(self) -> list[str]:
        """Return its arguments, those in the JSON form and options left out."""
        if self.text.startswith("["):
            return list(yaml.safe_load(self.text))
        return [word for word in shlex.split(self.text) if not word.startswith("--")]


def read_dockerfile() -> list[list[Instruction]]:
    """Return the instructions of each stage."""
    joined = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    stages: list[list[Instruction]] = []
    for line in joined.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, _, text = line.strip().partition(" ")
        if name == "FROM":
            stages.append([])
        stages[-1].append(Instruction(name, text.strip()))
    return stages


def read_compose(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.load((ROOT / name).read_text("utf-8"), ComposeLoader)
    return document


def fill(text: str, given: dict[str, str]) -> str:
    """Fill in variables as compose does: `${NAME:-default}` and `${NAME:?what is missing}`."""

    def value(match: re.Match[str]) -> str:
        name, kind, word = match.groups()
        if kind == ":?" and not given.get(name):
            raise KeyError(f"{name}: {word}")
        return given.get(name) or word

    return re.sub(r"\$\{(\w+)(:[-?])([^}]*)\}", value, text)


def watcher_environment(*files: str) -> dict[str, str]:
    """Return the environment of the watcher's container: of its image, then of each compose file."""
    given = [instruction.text for instruction in read_dockerfile()[-1] if instruction.name == "ENV"]
    environ = dict(pair.split("=", 1) for text in given for pair in shlex.split(text))
    for name in files:
        environ |= read_compose(name)["services"]["watcher"]["environment"]
    return {name: fill(str(value), VARIABLES) for name, value in environ.items()}


def find_ignored() -> set[str]:
    return set((ROOT / ".dockerignore").read_text("utf-8").split())


def test_build_has_all_that_it_copies_and_the_wheel_is_whole(tmp_path: Path) -> None:
    context, ignored = tmp_path / "src", find_ignored()
    context.mkdir()
    build, image = read_dockerfile()
    for copied in (instruction for instruction in build if instruction.name == "COPY"):
        *sources, target = copied.words
        for source in sources:
            assert source not in ignored, source
            there = context / target if len(sources) == 1 else context / source
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, there, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, there)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "made"],
        cwd=context,
        check=True,
        capture_output=True,
    )

    [wheel] = (tmp_path / "made").glob("*.whl")
    with ZipFile(wheel) as archive:
        names = archive.namelist()
    for wanted in ("watcher/__main__.py", "watcher.yaml", "0001_first.py", "app.css"):
        assert any(name.endswith(wanted) for name in names), wanted
    assert {"config", "watcher", "db"} <= {
        word for instruction in build if instruction.name == "COPY" for word in instruction.words
    }
    assert [instruction.words[0] for instruction in image if instruction.name == "COPY"] == ["/opt/watcher", "config"]


def test_image_installs_extras_that_exist_and_runs_a_command_that_exists_as_nobody_special() -> None:
    build, image = read_dockerfile()
    by_name = {instruction.name: instruction for instruction in image}
    installed = next(
        instruction.text for instruction in build if instruction.name == "RUN" and "pip install" in instruction.text
    )
    extras = re.search(r"'\.\[([a-z,]+)\]'", installed)

    assert extras is not None
    assert set(extras[1].split(",")) <= set(PYPROJECT["project"]["optional-dependencies"])
    assert {"postgres", "cluster"} <= set(extras[1].split(","))
    assert by_name["ENTRYPOINT"].words == ["watcher"]
    assert "watcher" in PYPROJECT["project"]["scripts"]
    assert by_name["CMD"].words[0] in COMMANDS
    made_user = next(
        instruction.text for instruction in image if instruction.name == "RUN" and "useradd" in instruction.text
    )
    assert re.search(rf"useradd\b.*\b{by_name['USER'].text}\b", made_user)
    assert by_name["USER"].text not in {"root", "0"}
    # Declared after they were made and given to that user: a new volume takes over their owner.
    names = [instruction.name for instruction in image]
    assert names.index("USER") < names.index("VOLUME")
    for folder in by_name["VOLUME"].words:
        assert folder in made_user
    version = re.match(r"python:(\d+\.\d+)-slim", by_name["FROM"].text)
    assert version is not None
    assert f"Programming Language :: Python :: {version[1]}" in PYPROJECT["project"]["classifiers"]


def test_image_keeps_its_state_in_its_volumes() -> None:
    environ = watcher_environment()
    volumes = read_dockerfile()[-1]
    kept = next(instruction.words for instruction in volumes if instruction.name == "VOLUME")

    assert environ["WATCHER_CONFIG"] in kept
    database = PurePosixPath("/" + urlsplit(environ["WATCHER_DATABASE_URL"]).path.lstrip("/"))
    assert str(database.parent) in kept
    assert (
        PurePosixPath(next(instruction.text for instruction in volumes if instruction.name == "WORKDIR"))
        == database.parent
    )


@pytest.mark.parametrize(
    "files", [("compose.yaml",), ("compose.yaml", "ops/compose.sqlite.yaml")], ids=["pg", "sqlite"]
)
def test_compose_names_what_exists(files: tuple[str, ...]) -> None:
    compose = read_compose(files[0])
    services, volumes = compose["services"], compose["volumes"]

    for name in files:
        for service, facts in read_compose(name)["services"].items():
            assert service in services
            assert set(facts) <= SERVICE_KEYS
    for service in services.values():
        for mounted in service["volumes"]:
            source, _target = mounted.split(":")
            assert source in volumes if not source.startswith(".") else (ROOT / source).is_dir()
        assert set(service.get("depends_on", {})) <= set(services)
        assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
        assert ("build" in service) != ("image" in service)
    watcher = services["watcher"]
    assert (ROOT / watcher["build"] / "Dockerfile").is_file()
    targets = {mounted.split(":")[1] for mounted in watcher["volumes"]}
    assert targets == set(
        next(instruction.words for instruction in read_dockerfile()[-1] if instruction.name == "VOLUME")
    )
    assert int(watcher["stop_grace_period"].removesuffix("s")) > 25
    assert watcher["ports"] == ["127.0.0.1:8080:8080"]


def test_compose_leads_the_watcher_to_its_database() -> None:
    services = read_compose("compose.yaml")["services"]
    postgres = {key: fill(value, {}) for key, value in services["postgres"]["environment"].items()}

    url = urlsplit(watcher_environment("compose.yaml")["WATCHER_DATABASE_URL"])

    assert url.hostname in services
    assert (url.username, url.password) == (postgres["POSTGRES_USER"], postgres["POSTGRES_PASSWORD"])
    assert url.path == "/" + postgres["POSTGRES_DB"]
    checked = services["postgres"]["healthcheck"]["test"][1]
    assert checked == f"pg_isready -U {postgres['POSTGRES_USER']} -d {postgres['POSTGRES_DB']}"


def test_compose_does_not_start_without_a_password() -> None:
    password = read_compose("compose.yaml")["services"]["watcher"]["environment"]["WATCHER_WEB__PASSWORD"]

    with pytest.raises(KeyError, match="WATCHER_PASSWORD"):
        fill(password, {})


@pytest.mark.parametrize(
    "files", [("compose.yaml",), ("compose.yaml", "ops/compose.sqlite.yaml")], ids=["pg", "sqlite"]
)
def test_shipped_configuration_is_right_in_the_containers_environment(files: tuple[str, ...]) -> None:
    settings = load(ROOT / "config", watcher_environment(*files))

    assert settings.exposed == ()
    assert settings.web.host == "0.0.0.0"


def test_watcher_of_the_container_is_healthy_and_stops_in_time(tmp_path: Path) -> None:
    # The environment of compose.yaml with SQLite; folders and port are those of the test.
    desk = Desk(tmp_path / "desk")
    desk.write([])
    environ = watcher_environment("compose.yaml", "ops/compose.sqlite.yaml")
    places = {
        "WATCHER_CONFIG": str(desk.folder), "WATCHER_DATABASE_URL": f"sqlite:///{tmp_path / 'watcher.db'}",
        "WATCHER_WEB__PORT": str(desk.port), "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
    }  # fmt: skip
    desk.environ = environ | places
    checks = [read_compose("compose.yaml")["services"]["watcher"]["healthcheck"]["test"]]
    checks += [
        ["CMD", *yaml.safe_load(instruction.text.partition("CMD ")[2])]
        for instruction in read_dockerfile()[-1]
        if instruction.name == "HEALTHCHECK"
    ]

    def check_health(check: list[str]) -> int:
        command = [word.replace(":8080/", f":{desk.port}/") for word in check[1:]]
        return subprocess.run(command, env=desk.environ, capture_output=True, timeout=30, check=False).returncode

    with desk.daemon() as daemon:
        answers = [check_health(check) for check in checks]
        assert daemon.end() == 0

    assert answers == [0, 0]
    assert [check_health(check) != 0 for check in checks] == [True, True]
