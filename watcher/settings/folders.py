"""Folders: the configuration when none is named, the state that goes with it, and the database in that."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

APP = "watcher"


def shipped_folder() -> Path:
    """Return the folder of the configuration that ships: inside the installed package, or beside it in a clone."""
    package = Path(__file__).resolve().parents[1]
    return next(place for place in (package / "_config", package.parent / "config") if place.is_dir())


def config_folder(named: str | None, environ: Mapping[str, str], current_folder: Path) -> Path:
    """Return the configuration folder: as named, WATCHER_CONFIG, `./config` if it is one, else the user's own."""
    if named or environ.get("WATCHER_CONFIG"):
        return Path(named or environ["WATCHER_CONFIG"]).expanduser()
    if (current_folder / "config" / "watcher.yaml").is_file():
        return Path("config")
    # Imported where no folder is named: services and containers name theirs, and most commands are short.
    from platformdirs import user_config_path

    return user_config_path(APP)


def cache_folder() -> Path:
    """Return the folder for what can be computed again."""
    from platformdirs import user_cache_path

    return user_cache_path(APP)


def state_folder(folder: Path, environ: Mapping[str, str]) -> Path:
    """Return the state folder: WATCHER_STATE; beside a SQLite file that the environment names;
    the platform's data folder for the user's own configuration; `var` beside a folder called `config`; `var` in it."""
    if environ.get("WATCHER_STATE"):
        return Path(environ["WATCHER_STATE"]).expanduser().absolute()
    if (file := _sqlite_file(environ.get("WATCHER_DATABASE_URL", ""))) is not None and file.is_absolute():
        return file.parent
    from platformdirs import user_config_path, user_data_path

    folder = folder.absolute()
    if folder == user_config_path(APP):
        return user_data_path(APP)
    return (folder.parent if folder.name == "config" else folder) / "var"


def database_address(written: str | None, state: Path, environ: Mapping[str, str]) -> str:
    """Return the database's address: WATCHER_DATABASE_URL, else `database.url`, else SQLite in the state folder.

    A relative SQLite path in the file counts from the state folder, one in the environment from where one stands.
    """
    if environ.get("WATCHER_DATABASE_URL"):
        return environ["WATCHER_DATABASE_URL"]
    file = _sqlite_file(written or "sqlite:///watcher.db")
    if file is None or str(file) in ("", ".", ":memory:"):
        return written or ""
    return f"sqlite:///{state / file.expanduser()}"


def _sqlite_file(url: str) -> Path | None:
    return Path(url.removeprefix("sqlite:///").partition("?")[0]) if url.startswith("sqlite:///") else None
