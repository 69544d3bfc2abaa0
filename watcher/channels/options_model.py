"""What the options of all channel kinds have in common: what the configuration needs of a channel."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Self, TypeAlias

from pydantic import SecretStr, field_validator

from watcher.text.written_values import Section, Strings, validate_names

UncertainPolicy: TypeAlias = Literal["resend", "drop"]
"""What becomes of a message of which nobody knows whether it arrived."""


class OptionsModel(Section):
    """Options of a channel, as in its section of `watcher.yaml`; `formerly` are earlier names of the channel."""

    formerly: Strings = ()

    _valid_names = field_validator("formerly")(validate_names)

    @property
    @abstractmethod
    def recipients(self) -> tuple[str, ...]:
        """The recipients as the outbox counts them: one delivery for each. Never a secret."""

    @property
    def resends_uncertain(self) -> bool:
        """Whether a message that perhaps arrived is sent again under the same identity."""
        return True

    @property
    def can_find_sent(self) -> bool:
        """Whether the sender can look up whether a message arrived (`Sender.find_sent`)."""
        return False

    @property
    def identity_domain(self) -> str:
        """The domain in the identity of each message."""
        return "news-watcher.invalid"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that no record or answer may repeat."""
        return tuple(_list_secrets(value for _name, value in self))

    def resolve_paths(self, state_folder: Path) -> Self:
        """Return the options with relative paths resolved against the state folder."""
        return self


def _list_secrets(values: Iterator[object]) -> Iterator[str]:
    for value in values:
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
        elif isinstance(value, tuple):
            yield from _list_secrets(iter(value))


class RetriedOptions(OptionsModel):
    """Options of a channel whose owner decides whether an uncertain message is sent again."""

    on_uncertain: UncertainPolicy = "resend"

    @property
    def resends_uncertain(self) -> bool:
        return self.on_uncertain == "resend"
