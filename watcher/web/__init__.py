"""The page and the API: server-rendered HTML and JSON over what the store holds."""

from watcher.web.application import create_app
from watcher.web.server import make_server, require_login, serve_alone

__all__ = ["create_app", "make_server", "require_login", "serve_alone"]
