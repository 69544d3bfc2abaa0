"""Serves the application, and refuses to do so in the open: off loopback a password or a token has to be set."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

from watcher.app.wiring import is_loopback
from watcher.errors import ConfigError, Fault
from watcher.settings import Settings


class _Server(uvicorn.Server):
    """Leaves the signals to the daemon, which ends everything in its order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def make_server(app: FastAPI, host: str, port: int) -> uvicorn.Server:
    """Make a server that `serve()` runs until `should_exit` is set."""
    config = uvicorn.Config(
        app, host=host, port=port, log_config=None, access_log=False, lifespan="off", server_header=False,
        timeout_graceful_shutdown=3,
    )  # fmt: skip
    return _Server(config)


def require_login(settings: Settings) -> None:
    """Raise ConfigError where the page would be open to others without a password or a token."""
    web = settings.web
    if is_loopback(web.host) or web.password is not None or web.token is not None:
        return
    said = f"web.host {web.host} is not loopback: set web.password or web.token, or host: 127.0.0.1"
    raise ConfigError((Fault(str(settings.folder / "watcher.yaml"), 1, 1, said),))
