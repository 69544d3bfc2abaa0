"""The one way in which the configuration files are edited, for the command, the page and the API.

Under a lock the files are read, changed, loaded as a whole, written, and their former texts kept for undo. What could
not be used is not written; what was changed meanwhile by hand is not overwritten.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from watcher import private
from watcher.errors import ConfigError, ConflictError, Fault, RefusedEditError
from watcher.settings.configuration import Settings
from watcher.settings.edit_history import (
    Origin,
    Version,
    add_version,
    list_versions,
    load_version,
    make_file_tag,
    remove_version,
)
from watcher.settings.edit_journal import forget_edit, has_unfinished_edit, keep_edit, load_edit
from watcher.settings.edit_secrets import SecretFiles
from watcher.settings.folders import state_folder
from watcher.settings.loader import FEEDS, MAIN, TOPICS, load
from watcher.settings.yaml_edits import Change, UnreadableError, apply_change, parse_values
from watcher.text.redact import redact_text

_SECRET_KEYS = re.compile(
    r"(?i)\b(password|token|secret|secret_key|api_key|cookie|webhook_url|urls?|username|headers|proxy)(\s*:[ \t]*)"
    r"[^,}\n]+"
)

FILES = (MAIN, FEEDS, TOPICS)
LOCK = "configuration.lock"
FILE_OF_SECTION = {"feeds": FEEDS, "topics": TOPICS, "sets": TOPICS}
"""The file of each section that does not stand in watcher.yaml."""


@dataclass(slots=True)
class Draft:
    """The configuration while it is edited: its texts with the changes so far, and what it was before them.

    `settings` is the configuration before the edit; queries are not parsed in it, and absent secrets have stand-ins.
    """

    folder: Path
    settings: Settings
    texts: dict[str, str]
    secrets: SecretFiles
    summary: str = ""
    changed: set[str] = field(default_factory=set)

    def list_items(self, section: str) -> list[object]:
        """Return the bare items of a list section, in their order."""
        items = self._read(section).get(section)
        return items if isinstance(items, list) else []

    def get_section(self, section: str) -> dict[str, object]:
        """Return the bare values of a mapping section."""
        values = self._read(section).get(section)
        return values if isinstance(values, dict) else {}

    def apply(self, change: Change) -> None:
        """Apply a change; raises ConfigError where it cannot be made without changing something else."""
        file = FILE_OF_SECTION.get(change.section, MAIN)
        try:
            edited = apply_change(self.texts[file], change, file)
        except UnreadableError as error:
            raise ConfigError(error.faults) from error
        if edited is None:
            path = str(self.folder / file)
            fault = Fault(path, 1, 1, "cannot be edited without changing other lines: edit it by hand")
            raise RefusedEditError((fault,))
        self.texts[file] = edited
        self.changed.add(file)

    def replace_text(self, file: str, text: str) -> None:
        """Replace the whole text of a file."""
        self.texts[file] = text
        self.changed.add(file)

    def _read(self, section: str) -> dict[str, object]:
        file = FILE_OF_SECTION.get(section, MAIN)
        try:
            return parse_values(self.texts[file], str(self.folder / file))
        except UnreadableError as error:
            raise ConfigError(error.faults) from error


def edit_configuration(
    folder: Path, environ: Mapping[str, str], plan: Callable[[Draft], None], origin: Origin | None = None
) -> Version | None:
    """Edit the files as `plan` does, and return the version that keeps what was before; None where nothing changed.

    `plan` sets the summary of the edit. Raises RefusedEditError, and writes nothing, where the result could not be
    used; ConfigError where the files cannot be edited, because they have faults of their own or cannot be written;
    ConflictError where one was changed by hand meanwhile; and what `plan` raises.
    """
    state = state_folder(folder, environ)
    with _locked(folder, state):
        originals = {name: _read_text(folder / name) for name in FILES}
        before = load(folder, environ, queries=False, secrets_needed=False)
        texts = {name: (text or "").replace("\r\n", "\n") for name, text in originals.items()}
        draft = Draft(folder, before, texts, SecretFiles(folder, state))
        try:
            plan(draft)
            # The ends of lines stay as the file has them: a file of Windows is not rewritten as a whole.
            written = {
                name: text.replace("\n", "\r\n") if "\r\n" in (originals[name] or "") else text
                for name, text in draft.texts.items()
                if name in draft.changed and text != (originals[name] or "").replace("\r\n", "\n")
            }
            _require_usable(folder, environ, written, before)
            if not written:
                draft.secrets.discard()
                return None
            version = _write(folder, state, originals, written, draft.summary, origin)
        except BaseException:
            draft.secrets.discard()
            raise
        _prune_secrets(state, draft)
        return version


def undo_version(
    folder: Path, environ: Mapping[str, str], number: int | None = None, origin: Origin | None = None
) -> Version:
    """Undo an edit, the latest by default: its files are again what they were before it.

    Raises NotFoundError; ConflictError where a file was changed since, and RefusedEditError where what was before
    could not be used now.
    """
    state = state_folder(folder, environ)
    with _locked(folder, state):
        kept = list_versions(state)
        version = load_version(state, number if number is not None else kept[0].number if kept else 0)
        originals = {name: _read_text(folder / name) for name in version.files}
        written = {name: text if text is not None else "" for name, text in version.before.items()}
        for name, text in originals.items():
            if make_file_tag(text) != version.after_tags.get(name):
                raise ConflictError("file", name, _conceal(text or ""), _conceal(written[name]))
        _require_usable(folder, environ, written, None)
        return _write(folder, state, originals, written, f"Undone: {version.summary}", origin)


def read_versions(folder: Path, environ: Mapping[str, str], limit: int = 100) -> tuple[Version, ...]:
    """Return the edits that are kept, the newest first. Raises ConfigError."""
    state = state_folder(folder, environ)
    try:
        return list_versions(state, limit)
    except OSError as error:
        raise _to_config_error(state, "cannot be read", error) from error


def _require_usable(
    folder: Path, environ: Mapping[str, str], written: Mapping[str, str], before: Settings | None
) -> None:
    """Raise RefusedEditError where the files could not be used with what is to be written."""
    try:
        after = load(folder, environ, secrets_needed=False, texts=written)
    except ConfigError as error:
        raise RefusedEditError(error.faults) from error
    if before is not None and after.exposed and not before.exposed:
        raise RefusedEditError(after.exposed)


def _write(
    folder: Path,
    state: Path,
    originals: Mapping[str, str | None],
    written: Mapping[str, str],
    summary: str,
    origin: Origin | None,
) -> Version:
    """Keep the former texts, then write the new ones; all of them or none. Raises ConfigError and ConflictError."""
    _require_unchanged(folder, originals, written)
    origin = origin or Origin(by="command", at=datetime.now(UTC))
    try:
        version = add_version(state, origin, summary, {name: originals[name] for name in written}, written)
    except OSError as error:
        raise _to_config_error(state, "the former version cannot be kept", error) from error
    done: list[str] = []
    try:
        if len(written) > 1:
            _keep_edit(state, originals, written)
        for name, text in written.items():
            replace_file(folder / name, text)
            done.append(name)
    except ConfigError:
        for name in done:
            with contextlib.suppress(ConfigError):
                replace_file(folder / name, originals[name] or "")
        remove_version(state, version.number)
        _forget_edit(state)
        raise
    _forget_edit(state)
    return version


def finish_interrupted_edit(folder: Path, environ: Mapping[str, str]) -> bool:
    """Write what a killed process left unwritten of an edit of several files; return whether there was anything.

    Waits for an edit that is being written now. Raises ConfigError where a file cannot be written.
    """
    state = state_folder(folder, environ)
    if not has_unfinished_edit(state) or not folder.is_dir():
        return False
    with _lock_files(folder, state):
        return _finish_edit(folder, state)


def _finish_edit(folder: Path, state: Path) -> bool:
    try:
        unfinished = load_edit(state)
        if unfinished is None:
            return False
        unwritten = unfinished.list_unwritten({name: _read_text(folder / name) for name in unfinished.texts})
        for name, text in unwritten.items():
            replace_file(folder / name, text)
        forget_edit(state)
    except OSError as error:
        raise _to_config_error(state, "an interrupted edit cannot be finished", error) from error
    return bool(unwritten)


def _drop_unwritten_version(folder: Path, state: Path) -> None:
    """Forget the latest version where its process was killed before it wrote a file: nothing came of it."""
    with contextlib.suppress(OSError):
        for version in list_versions(state, 1):
            current = {name: make_file_tag(_read_text(folder / name)) for name in version.files}
            if current == {name: make_file_tag(text) for name, text in version.before.items()}:
                remove_version(state, version.number)


def _keep_edit(state: Path, originals: Mapping[str, str | None], written: Mapping[str, str]) -> None:
    try:
        keep_edit(state, originals, written)
    except OSError as error:
        raise _to_config_error(state, "the edit cannot be kept", error) from error


def _forget_edit(state: Path) -> None:
    # What cannot be deleted now is found to be done, or not begun, by the process that opens the configuration next.
    with contextlib.suppress(OSError):
        forget_edit(state)


def _require_unchanged(folder: Path, originals: Mapping[str, str | None], written: Mapping[str, str]) -> None:
    """Raise ConflictError where a file was changed since it was read: a person's editor knows nothing of the lock."""
    for name, text in written.items():
        if (current := _read_text(folder / name)) != originals[name]:
            raise ConflictError("file", name, _conceal(current or ""), _conceal(text))


def _prune_secrets(state: Path, draft: Draft) -> None:
    """Delete secret files that nothing names any longer; one that cannot be deleted now is deleted later."""
    with contextlib.suppress(OSError):
        kept = [text or "" for version in list_versions(state) for text in version.before.values()]
        draft.secrets.prune([*draft.texts.values(), *kept])


@contextlib.contextmanager
def _locked(folder: Path, state: Path) -> Iterator[None]:
    """Wait until nobody else edits this configuration, and finish what a killed process began. Raises ConfigError."""
    with _lock_files(folder, state):
        _finish_edit(folder, state)
        _drop_unwritten_version(folder, state)
        yield


@contextlib.contextmanager
def _lock_files(folder: Path, state: Path) -> Iterator[None]:
    """Wait until nobody else edits this configuration, in this process or another. Raises ConfigError."""
    if not folder.is_dir():
        load(folder, {})  # raises what is wrong with it
    try:
        private.make_folder(state)
        private.create_file(state / LOCK)
        file = (state / LOCK).open("a")
    except OSError as error:
        raise _to_config_error(state, "cannot be written", error) from error
    with file:
        # Each opening has a lock of its own: threads of one process wait for each other, too.
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _conceal(text: str) -> str:
    """Return the text of a file without what may be a secret."""
    return redact_text(_SECRET_KEYS.sub(r"\1\2***", text))


def _read_text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError((Fault(str(path), 1, 1, f"cannot be read: {error}"),)) from error


def _to_config_error(path: Path, what: str, error: OSError) -> ConfigError:
    return ConfigError((Fault(str(path), 1, 1, f"{what}: {error.strerror or error}"),))


def replace_file(path: Path, text: str) -> None:
    """Write the file whole or not at all, with the rights that it had."""
    unfinished: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        unfinished = Path(name)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        unfinished.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        unfinished.replace(path)
    except OSError as error:
        if unfinished is not None:
            unfinished.unlink(missing_ok=True)
        reason = error.strerror or str(error)
        if error.errno in {errno.EBUSY, errno.EXDEV}:
            # A file that is a mount of its own can be written to, but not replaced; written in place it would be half
            # of a configuration if the process ended meanwhile.
            reason = "it is mounted by itself: mount its folder instead, not the file"
        raise ConfigError((Fault(str(path), 1, 1, f"cannot be written: {reason}"),)) from error
