"""Reads the answers of a set-up from the text of a file."""

from __future__ import annotations

from typing import Any

import yaml

from watcher.errors import UsageError


def read_answers_text(text: str, name: str) -> Any:
    """Return the values of YAML or JSON; raises UsageError with the line where it cannot be read."""
    try:
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UsageError(f"{name}:{line}: cannot be read as YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise UsageError(f"{name}: cannot be read as YAML") from error
