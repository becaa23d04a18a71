"""Objects in S3-compatible storage, by pyarrow's file system: looking, listing, reading, writing, removing.

What goes wrong is an :class:`OSError`, whose text is a reason to be put after the address.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from degrade_bench._support.addresses import bucket_of, key_of
from degrade_bench._support.interrupts import never_a_row
from degrade_bench._support.object_server import ObjectError, client, patient, reasons

BLOCK_BYTES = 8 << 20
HEADER_BYTES = 128 << 10
"""How much is read at once where only a file's header is wanted."""


@dataclass(frozen=True)
class Found:
    """What lies at an address.

    Attributes:
        path: the address.
        size: in bytes; None for a folder, that is, for what other addresses begin with.
        changed: when it was written, in seconds by the server's clock.
    """

    path: Path
    size: int | None
    changed: float


def look(path: Path) -> Found | None:
    """What lies at an address; None for nothing.

    Raises:
        ObjectError: the storage does not say.
    """
    with reasons(path):
        info = client(path).get_file_info([key_of(path)])[0]
    return _found(info, path)


def listed(folder: Path, deep: bool = False) -> list[Found]:
    """What lies in a folder, in the order of names; nothing where there is no such folder.

    Args:
        folder: an address.
        deep: also what lies below, the folders among it left out.

    Raises:
        ObjectError: no such bucket, no permission, no connection.
    """
    import pyarrow.fs as filesystems

    prefix = key_of(folder)
    with reasons(folder):
        selector = filesystems.FileSelector(prefix, recursive=deep, allow_not_found=True)
        infos = client(folder).get_file_info(selector)
    there = []
    for info in infos:
        inside = info.path[len(prefix) + 1 :]
        one = _found(info, folder / inside)
        # a name such as a//b is no path
        if one is not None and key_of(one.path) == info.path and not (deep and one.size is None):
            there.append(one)
    return sorted(there, key=lambda one: one.path.parts)


def check_bucket(path: Path) -> None:
    """Raise where an address is in no bucket: a listing of nothing does not tell.

    Raises:
        ObjectError: there is none, or the storage does not say.
    """
    if look(Path(*path.parts[:2])) is None:
        raise ObjectError(f"there is no bucket {bucket_of(path)!r}")


def read(path: Path, most_bytes: int) -> bytes:
    """The bytes of an object; not retried.

    Args:
        path: its address.
        most_bytes: how many it may have.

    Raises:
        FileNotFoundError: nothing lies there.
        ObjectError: it cannot be read, or is longer.
    """
    with reasons(path), client(path).open_input_file(key_of(path)) as source:
        size = source.size()
        if size <= most_bytes:
            return bytes(source.read(size))
    raise ObjectError(f"holds {size} bytes; at most {most_bytes} are read")


def write(path: Path, content: bytes | Path) -> None:
    """Write an object whole or not at all, over what lay there.

    Args:
        path: its address.
        content: its bytes, or a file of them, which must not change meanwhile.

    Raises:
        ObjectError: it cannot be written.
        OSError: the file cannot be read.
    """
    if threading.current_thread() is not threading.main_thread():
        return _write(path, content)
    with ThreadPoolExecutor(1) as pool:  # where no handler of a signal runs, and nothing breaks off half-way
        with never_a_row():  # interrupted while it starts its thread, a pool would not wait for it
            written = pool.submit(_write, path, content)
        written.result()


def _write(path: Path, content: bytes | Path) -> None:
    with open(content, "rb") if isinstance(content, Path) else io.BytesIO(content) as source:
        block = source.read(BLOCK_BYTES)
        with reasons(path):
            sink = client(path).open_output_stream(key_of(path))
        try:
            while block:
                with reasons(path):
                    sink.write(block)
                block = source.read(BLOCK_BYTES)
        except BaseException:
            _keep_for_ever(sink)
            raise
        with reasons(path):
            sink.close()


def _keep_for_ever(sink: Any) -> None:
    """Never let go of a stream of pyarrow's that was not written to the end.

    Closing it puts what it has in place of the object, and so does dropping it; nothing breaks it off.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(sink))


def fetch(path: Path, target: BinaryIO) -> None:
    """Copy an object into a file; not retried.

    Args:
        path: its address.
        target: open for writing.

    Raises:
        FileNotFoundError: nothing lies there.
        ObjectError: it cannot be read.
    """
    with reasons(path), client(path).open_input_file(key_of(path)) as source:
        left = source.size()
        while left:
            block = source.read(min(left, BLOCK_BYTES))
            if not block:
                raise ObjectError("ended too early", may_pass=True)
            target.write(block)
            left -= len(block)


def delete(path: Path) -> None:
    """Remove an object, if it is there.

    Raises:
        ObjectError: it cannot be removed.
    """
    with reasons(path), contextlib.suppress(FileNotFoundError):
        client(path).delete_file(key_of(path))


def opened(path: Path) -> BinaryIO:
    """An object's bytes in a temporary file that is gone when it is closed; a server that is away is waited for.

    Raises:
        FileNotFoundError: nothing lies there.
        ObjectError: it cannot be read.
    """
    file: BinaryIO = patient(_opened, path)
    return file


def _opened(path: Path) -> BinaryIO:
    file = tempfile.TemporaryFile()  # noqa: SIM115  # the caller closes it
    try:
        fetch(path, file)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def opened_in_parts(path: Path) -> BinaryIO:
    """An object as a file of which only what is asked for is fetched, in small blocks; not retried.

    Where a block cannot be fetched the file ends there, and its ``raw`` says as ``error`` why.

    Raises:
        FileNotFoundError: nothing lies there.
        ObjectError: it cannot be read.
    """
    return io.BufferedReader(_Parts(path, _random_access(path)), HEADER_BYTES)


def _random_access(path: Path) -> Any:
    with reasons(path):
        return client(path).open_input_file(key_of(path))


class _Parts(io.RawIOBase):
    """A file of pyarrow's for Python's buffers.

    Args:
        path: its address.
        source: open for reading, at any place.

    Attributes:
        error: why reading failed, for who reads through a library that knows only of an end.
    """

    def __init__(self, path: Path, source: Any) -> None:
        self._path, self._source = path, source
        self.error: OSError | None = None

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        return int(self._source.seek(offset, whence))

    def tell(self) -> int:
        """The place."""
        return int(self._source.tell())

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer as far as there is anything."""
        try:
            with reasons(self._path):
                block = self._source.read(len(buffer))
        except OSError as error:
            self.error = error
            return 0
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        """Let go of the object."""
        self._source.close()
        super().close()


def _found(info: Any, path: Path) -> Found | None:
    import pyarrow.fs as filesystems

    if info.type == filesystems.FileType.NotFound:
        return None
    size = info.size if info.type == filesystems.FileType.File else None
    return Found(path, size, (info.mtime_ns or 0) / 1e9)
