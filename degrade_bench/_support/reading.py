"""Files that somebody else wrote, opened with care: what is no regular file is refused, and so is what is too long.

A FIFO makes a reader wait for ever, a device like ``/dev/zero`` never ends, and a link may lead to either. So the
kind is looked at before anything is opened, and again on the open file. Everything here raises :class:`OSError`;
what this module finds wrong is the error's text and its ``strerror``, without the path, to be put after it.

A path may be an address in object storage (:mod:`degrade_bench._support.addresses`): what is opened there is
fetched into a temporary file that is gone when it is closed.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO

from degrade_bench._support.addresses import is_stored
from degrade_bench._support.numbers import number

MOST_TEXT_BYTES = 16 << 20
"""How long a text beside the audio may be: beats, JAMS, manifests, suites, options."""

_KINDS = {
    stat.S_ISDIR: "a directory",
    stat.S_ISLNK: "a link",
    stat.S_ISFIFO: "a named pipe",
    stat.S_ISSOCK: "a socket",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
}


def kind_of(mode: int) -> str:
    """What something that is no regular file is, by its mode: ``a link``, ``a named pipe``, and so on."""
    return next((words for is_kind, words in _KINDS.items() if is_kind(mode)), "no regular file")


class ReadingError(OSError):
    """A file that is not read; ``strerror`` says why, in words that go after its path.

    Args:
        reason: such as ``is a named pipe, expected a regular file``.
        path: the file.
    """

    def __init__(self, reason: str, path: Path) -> None:
        super().__init__(errno.EINVAL, reason, str(path))
        self._arguments = (reason, path)

    def __str__(self) -> str:
        return self._arguments[0]

    def __reduce__(self) -> tuple[type[ReadingError], tuple[str, Path]]:
        return ReadingError, self._arguments


def check_regular(path: Path, most_bytes: int | None = None) -> int:
    """The size in bytes of a regular file, which is not opened for it.

    Args:
        path: the file; links are followed.
        most_bytes: how long it may be; None for any length.

    Raises:
        ReadingError: a directory, pipe, socket or device, a path that no file can have, or too long.
        OSError: as :func:`os.stat`: missing, a loop of links, no permission for a folder on the way.
    """
    if is_stored(path):
        return _checked_object(path, most_bytes)
    try:
        found = os.stat(path)
    except ValueError as error:  # a null character, or a surrogate that stands for no byte
        raise ReadingError("is not a path that a file can have", path) from error
    return _checked(found, path, most_bytes)


def open_regular(path: Path, most_bytes: int | None = None) -> BinaryIO:
    """Open a regular file for reading bytes; never waits, and reads nothing.

    Args:
        path: the file; links are followed.
        most_bytes: how long it may be; None for any length.

    Raises:
        OSError: as :func:`check_regular`, or no permission.
    """
    if is_stored(path):
        from degrade_bench._support import objects

        if most_bytes is not None:
            check_regular(path, most_bytes)
        return objects.opened(path)
    check_regular(path, most_bytes)
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    file = os.fdopen(os.open(path, flags), "rb")
    try:
        _checked(os.fstat(file.fileno()), path, most_bytes)  # it may have been replaced meanwhile
    except OSError:
        file.close()
        raise
    return file


def open_header(path: Path) -> BinaryIO:
    """As :func:`open_regular`, of what is in object storage only the parts that are asked for.

    Raises:
        OSError: as :func:`open_regular`.
    """
    if not is_stored(path):
        return open_regular(path)
    from degrade_bench._support import objects

    return objects.opened_in_parts(path)


def is_file(path: Path) -> bool:
    """Whether a file is there; links are followed. A name that is too long for a file is none."""
    return os.path.isfile(path) if not is_stored(path) else getattr(_looked(path), "size", None) is not None


def is_folder(path: Path) -> bool:
    """Whether a folder is there; links are followed."""
    if not is_stored(path):
        return os.path.isdir(path)
    found = _looked(path)
    return found is not None and found.size is None


def files_in(folder: Path) -> list[Path]:
    """What lies in a folder, by name.

    Raises:
        OSError: it cannot be listed.
    """
    if not is_stored(folder):
        return sorted(folder.iterdir())
    from degrade_bench._support import objects

    return [found.path for found in objects.listed(folder)]


def read_bytes_file(path: Path, most_bytes: int) -> bytes:
    """All bytes of a regular file.

    Args:
        path: the file; links are followed.
        most_bytes: how long it may be. Held also where the file says another size than it has, as in ``/proc``.

    Raises:
        OSError: as :func:`open_regular`.
    """
    with open_regular(path, most_bytes) as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise ReadingError(_too_long(f"more than {size_text(most_bytes)}", most_bytes), path)
    return content


def read_text_file(path: Path, most_bytes: int = MOST_TEXT_BYTES, encoding: str = "utf-8-sig") -> str:
    """The text of a regular file, its line ends as they are.

    Args:
        path: the file; links are followed.
        most_bytes: how long it may be.
        encoding: ``utf-8-sig`` is UTF-8 with or without a byte order mark.

    Raises:
        ReadingError: also where the bytes are no text in that encoding.
        OSError: as :func:`read_bytes_file`.
    """
    content = read_bytes_file(path, most_bytes)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        name = encoding.upper().removesuffix("-SIG")
        reason = f"is not {name} text (byte {content[error.start]:#04x} at position {error.start})"
        raise ReadingError(reason, path) from error


def size_text(count: int) -> str:
    """A number of bytes in words.

    >>> size_text(16 << 20), size_text(1536)
    ('16 MiB', '1.5 KiB')
    """
    size, units = float(count), ["bytes", "KiB", "MiB", "GiB", "TiB"]
    while size >= 1024 and len(units) > 1:
        size, units = size / 1024, units[1:]
    return f"{number(size, 4)} {units[0]}"


def _checked(found: os.stat_result, path: Path, most_bytes: int | None) -> int:
    if not stat.S_ISREG(found.st_mode):
        raise ReadingError(f"is {kind_of(found.st_mode)}, expected a regular file", path)
    if most_bytes is not None and found.st_size > most_bytes:
        raise ReadingError(_too_long(size_text(found.st_size), most_bytes), path)
    return found.st_size


def _looked(path: Path) -> Any:
    from degrade_bench._support import object_server, objects

    return object_server.patient(objects.look, path)


def _checked_object(path: Path, most_bytes: int | None) -> int:
    found = _looked(path)
    if found is None:
        raise FileNotFoundError(errno.ENOENT, "no such object", str(path))
    if found.size is None:
        raise ReadingError("is a folder, expected an object", path)
    if most_bytes is not None and found.size > most_bytes:
        raise ReadingError(_too_long(size_text(found.size), most_bytes), path)
    return int(found.size)


def _too_long(size: str, most_bytes: int) -> str:
    return f"holds {size}; at most {size_text(most_bytes)} are read"
