"""Templates: ours, and above them a user's own. Alone knows Jinja."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2

from watcher.model.digest import Digest

TEMPLATE_ERRORS = (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, OSError)
"""What a template that somebody wrote may raise."""


def has_template(folder: Path | None, *names: str) -> bool:
    """Tell whether a user's folder holds one of some templates."""
    return folder is not None and any((folder / name).is_file() for name in names)


def find_template(name: str, folder: Path | None = None) -> jinja2.Template:
    """Find a template: the user's where `folder` holds it, else ours."""
    return _environment(str(folder) if folder else "").get_template(name)


def render_user_template(name: str, folder: Path | None, **given: Any) -> str | None:
    """Write what a user's own text template says; None where there is none. Raises one of FAULTS."""
    if folder is None or not has_template(folder, name):
        return None
    said = find_template(name, folder).render(**given)
    return said if said.endswith("\n") else f"{said}\n"


def add_template_error(digest: Digest, folder: Path | None, error: Exception) -> Digest:
    """Give a digest that tells of a template that cannot be used."""
    note = f"A template in {folder} cannot be used: {type(error).__name__}: {error}"
    return replace(digest, troubles=(*digest.troubles, note[:300]))


@lru_cache(maxsize=4)
def _environment(folder: str) -> jinja2.Environment:
    ours = jinja2.PackageLoader("watcher.digest")
    return jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.FileSystemLoader(folder), ours]) if folder else ours,
        autoescape=jinja2.select_autoescape(("html",)),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
