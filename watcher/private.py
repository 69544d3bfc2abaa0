"""Keeps files and folders from other users of the machine, whatever the umask is, and follows no symbolic link."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

FOLDER_MODE = 0o700
FILE_MODE = 0o600
_OTHERS = 0o077


def make_folder(folder: Path) -> None:
    """Create a folder and its missing parents for this user alone; what exists is left as it is."""
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    for parent in reversed(missing):
        try:
            parent.mkdir(FOLDER_MODE)
        except FileExistsError:
            continue
        # The umask may have taken rights away, too.
        parent.chmod(FOLDER_MODE)


def create_file(path: Path) -> None:
    """Create an empty file for this user alone; one that exists is left as it is."""
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, FILE_MODE)
    except FileExistsError:
        return
    try:
        os.fchmod(descriptor, FILE_MODE)
    finally:
        os.close(descriptor)


def write_file(path: Path, text: str) -> None:
    """Write a file for this user alone, whole or not at all; what stood there is replaced."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), FILE_MODE)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise


def tighten(path: Path) -> bool:
    """Take the rights of other users from a file or folder of ours; return whether they had any.

    Linux alone can do so without a race; elsewhere nothing is changed. A symbolic link is not followed, another user's
    file is left, and so is a folder that all share (`/tmp`).
    """
    if not hasattr(os, "O_PATH"):
        return False
    try:
        # Not opened: to close a file that SQLite has open in this process would end its locks (sqlite.org, "How To
        # Corrupt An SQLite Database File", 2.2).
        descriptor = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        status = os.fstat(descriptor)
        mode = stat.S_IMODE(status.st_mode)
        is_shared = bool(mode & stat.S_ISVTX)
        is_ours = status.st_uid == os.geteuid() and (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode))
        if not is_ours or is_shared or not mode & _OTHERS:
            return False
        Path(f"/proc/self/fd/{descriptor}").chmod(mode & ~_OTHERS)
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
