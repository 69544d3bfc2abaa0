"""lang: and domain:, fields that are compared as a whole."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.match.node import Evaluation, Fields, Node, NodeFormatter, Occurrence


@dataclass(frozen=True, slots=True)
class FieldEquals(Node):
    """A field with this value: `lang:en`, `domain:example.org`."""

    field: str
    value: str

    def format(self, format_node: NodeFormatter) -> str:
        """Return `lang:en`, the value in quotes where it has other marks than - and a dot."""
        plain = self.value.replace("-", "").replace(".", "").isalnum()
        return f"{self.field}:{self.value}" if plain else f'{self.field}:"{self.value}"'

    def label(self) -> str:
        """Return the field's name."""
        return f"{self.field}:"

    def find_occurrences(self, evaluation: Evaluation, fields: Fields, limit: int | None) -> list[Occurrence] | None:
        """Return [] where the field has the value: it has no words."""
        return [] if evaluation.entry.field_equals(self.field, self.value) else None

    def explain_mismatch(self, evaluation: Evaluation, fields: Fields) -> str:
        """Return the value that the field has."""
        entry = evaluation.entry
        value = entry.stored.entry.item.language if self.field == "lang" else entry.host
        return f"it is {value or 'unknown'}"
