"""The methods of the client about lists that people work through: marks, notes, saved views, facets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, cast

from watcher.contract import triage

ParameterValue: TypeAlias = str | int | bool | Sequence[str] | None


class ListMethods:
    """What a person does with a list; targets are written `entry:12`, `story:3` or `proposal:4`."""

    def get_marks(self, targets: Sequence[str]) -> triage.MarkList:
        """Get until when targets were seen, whether they are starred, and how many notes they have."""
        return cast("triage.MarkList", self._get("/marks", {"target": targets}))

    def set_marks(
        self, targets: Sequence[str], *, seen: bool | None = None, starred: bool | None = None, until: str | None = None
    ) -> triage.ChangedMarks:
        """Mark targets as seen or unread, and star them; `until` (RFC 3339) is when the list was read."""
        body = {"targets": list(targets), "seen": seen, "starred": starred, "until": until}
        return cast("triage.ChangedMarks", self._send("PUT", "/marks", body))

    def list_notes(self, **filters: ParameterValue) -> triage.NoteList:
        """List notes; the filters are the parameters of `GET /notes` (`target`, `handed`, `limit`, `cursor`)."""
        return cast("triage.NoteList", self._get("/notes", filters))

    def add_note(
        self, target: str, text: str, to: Sequence[str] = (), *, idempotency_key: str | None = None
    ) -> triage.Note:
        """Write a note about a target, and hand it to people."""
        body = {"target": target, "text": text, "to": list(to)}
        return cast("triage.Note", self._create("/notes", body, idempotency_key))

    def edit_note(self, note_id: int, version: int, text: str, to: Sequence[str] = ()) -> triage.Note:
        """Replace the text of one's own note that is still at `version`; raises ConflictError."""
        body = {"version": version, "text": text, "to": list(to)}
        return cast("triage.Note", self._send("PATCH", f"/notes/{note_id}", body))

    def delete_note(self, note_id: int) -> triage.Note:
        """Delete one's own note."""
        return cast("triage.Note", self._send("DELETE", f"/notes/{note_id}"))

    def restore_note(self, note_id: int) -> triage.Note:
        """Restore one's own deleted note."""
        return cast("triage.Note", self._send("POST", f"/notes/{note_id}/restore"))

    def finish_note(self, note_id: int, *, done: bool = True) -> triage.Note:
        """Record whether one dealt with a note that was handed over."""
        return cast("triage.Note", self._send("PUT", f"/notes/{note_id}/done", {"done": done}))

    def list_note_versions(self, note_id: int) -> triage.NoteHistory:
        """List the earlier texts of a note."""
        return cast("triage.NoteHistory", self._get(f"/notes/{note_id}/versions"))

    def list_views(self) -> triage.ViewList:
        """List one's saved views with their unread counts."""
        return cast("triage.ViewList", self._get("/views"))

    def add_view(self, name: str, page: str, params: Mapping[str, Sequence[str]]) -> triage.View:
        """Save a list under a name."""
        body = {"name": name, "page": page, "params": {key: list(values) for key, values in params.items()}}
        return cast("triage.View", self._send("POST", "/views", body))

    def update_view(
        self, view_id: int, *, name: str | None = None, params: Mapping[str, Sequence[str]] | None = None
    ) -> triage.View:
        """Rename a view, or replace its parameters."""
        sent = None if params is None else {key: list(values) for key, values in params.items()}
        return cast("triage.View", self._send("PATCH", f"/views/{view_id}", {"name": name, "params": sent}))

    def order_views(self, view_ids: Sequence[int]) -> triage.ViewList:
        """Put one's views into an order."""
        return cast("triage.ViewList", self._send("PUT", "/views", {"views": list(view_ids)}))

    def delete_view(self, view_id: int) -> triage.View:
        """Delete a view."""
        return cast("triage.View", self._send("DELETE", f"/views/{view_id}"))

    def restore_view(self, view_id: int) -> triage.View:
        """Restore a deleted view."""
        return cast("triage.View", self._send("POST", f"/views/{view_id}/restore"))

    def count_hit_facets(self, **filters: ParameterValue) -> triage.FacetList:
        """Count the newest hits of some filters by topic, source, language and day."""
        return cast("triage.FacetList", self._get("/facets/hits", filters))

    def count_story_facets(self, **filters: ParameterValue) -> triage.FacetList:
        """Count the latest stories of some filters by topic, source, language and day."""
        return cast("triage.FacetList", self._get("/facets/stories", filters))

    def _get(self, path: str, parameters: Mapping[str, ParameterValue] | None = None) -> Any:
        raise NotImplementedError

    def _create(self, path: str, body: object, idempotency_key: str | None) -> Any:
        raise NotImplementedError

    def _send(self, method: str, path: str, body: object = None) -> Any:
        raise NotImplementedError
