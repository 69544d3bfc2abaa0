"""Options of a file channel."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import field_validator

from watcher.channels.options_model import OptionsModel
from watcher.text.written_values import Strings

FORMATS = ("html", "text", "markdown", "json")


class FileOptions(OptionsModel):
    """A folder for digests; a relative one counts from the state folder (`var`)."""

    folder: str = "digests"
    formats: Strings = ("html", "text")

    @property
    def recipients(self) -> tuple[str, ...]:
        return (self.folder,)

    def resolve_paths(self, state_folder: Path) -> Self:
        """Return the options with an absolute folder."""
        return self.model_copy(update={"folder": str(state_folder / Path(self.folder).expanduser())})

    @field_validator("formats")
    @classmethod
    def _validate_formats(cls, texts: tuple[str, ...]) -> tuple[str, ...]:
        for text in texts:
            if text not in FORMATS:
                raise ValueError(f"{text!r} is none of {', '.join(FORMATS)}")
        return texts
