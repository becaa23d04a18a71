"""What tells one file from another: its bytes. Its name, size and time may stay while they change."""

from __future__ import annotations

import os
import stat
from functools import lru_cache
from pathlib import Path

from degrade_bench._support import object_server, objects
from degrade_bench._support.addresses import is_stored
from degrade_bench._support.files import sha256_of
from degrade_bench._support.object_server import may_pass

MISSING = "missing"
UNREADABLE = "unreadable"
MOST_REMEMBERED = 1 << 17
"""Digests that a process keeps."""


def digest_of(path: Path) -> str:
    """The first 32 hexadecimal digits of the SHA-256 of a file's bytes.

    A file is read once in a process, and again only where its size, its times or its inode have changed. What is no
    regular file (a pipe, a device) is not opened.

    Returns:
        the digest; :data:`MISSING` or :data:`UNREADABLE` where there is none.

    Raises:
        ObjectError: the storage is away, so that nobody knows.
    """
    if is_stored(path):
        return _stored_digest(path)
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return MISSING
    except (OSError, ValueError):  # ValueError: a null character in the path
        return UNREADABLE
    if not stat.S_ISREG(found.st_mode):
        return UNREADABLE
    stamp = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    try:
        return _digest(str(path), stamp)
    except OSError:
        return UNREADABLE


def _stored_digest(path: Path) -> str:
    """As :func:`digest_of`, of an object: read again where its size or time have changed."""
    try:
        found = object_server.patient(objects.look, path)
        return MISSING if found is None else _digest(str(path), (found.size, found.changed))
    except FileNotFoundError:  # removed since it was looked at
        return MISSING
    except OSError as error:
        if may_pass(error):
            raise
        return UNREADABLE


@lru_cache(maxsize=MOST_REMEMBERED)
def _digest(path: str, stamp: tuple[float, ...]) -> str:
    """The digest of a file; the stamp is there to be remembered by."""
    return sha256_of(Path(path))[:32]
