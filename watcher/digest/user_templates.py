"""Templates: ours, and above them a user's own. Only this module and `html` know Jinja."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2

from watcher.model.digest import Digest
from watcher.text.escaping import EscapingEnvironment

TEMPLATE_ERRORS = (
    jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, OSError,
)  # fmt: skip
"""What a template that somebody wrote may raise."""
MAX_NOTE_LENGTH = 300


def has_template(folder: Path | None, *names: str) -> bool:
    """Return whether a user's folder holds one of some templates."""
    return folder is not None and any((folder / name).is_file() for name in names)


def find_template(name: str, folder: Path | None = None) -> jinja2.Template:
    """Return a template: the user's where `folder` holds it, else ours."""
    return _load_environment(str(folder) if folder else "").get_template(name)


def render_user_template(name: str, folder: Path | None, **context: Any) -> str | None:
    """Render a user's own text template; None where there is none. Raises one of TEMPLATE_ERRORS."""
    if folder is None or not has_template(folder, name):
        return None
    text = find_template(name, folder).render(**context)
    return text if text.endswith("\n") else f"{text}\n"


def add_template_error(digest: Digest, folder: Path | None, error: Exception) -> Digest:
    """Return a digest with a note about a template that could not be used."""
    note = f"A template in {folder} cannot be used: {type(error).__name__}: {error}"
    return replace(digest, troubles=(*digest.troubles, note[:MAX_NOTE_LENGTH]))


@lru_cache(maxsize=4)
def _load_environment(folder: str) -> jinja2.Environment:
    package_loader = jinja2.PackageLoader("watcher.digest")
    environment = EscapingEnvironment(
        loader=jinja2.ChoiceLoader([jinja2.FileSystemLoader(folder), package_loader]) if folder else package_loader,
        autoescape=jinja2.select_autoescape(("html",)),
        # Ours do not change while the program runs; a user edits theirs.
        auto_reload=bool(folder),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    if not folder:
        # `range` and its like, which ours do not use, are copied for each row: a quarter of the time of rendering it.
        environment.globals.clear()
    return environment
