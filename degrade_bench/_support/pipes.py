"""Messages between processes of ours, over a socket; large arrays go beside it, through shared memory.

Through a socket the receiver copies an array twice. On Linux arrays are therefore written to a file in memory
(``memfd_create``) whose descriptor is sent along: the receiver maps it and copies nothing. It has no name, needs no
room in ``/dev/shm``, and is gone when the last process that holds it is, however that ends.

Classes and functions of the main script or of a notebook are sent as they are, by ``cloudpickle``: no other process
can import them by their names without running the script again.
"""

from __future__ import annotations

import mmap
import os
import pickle
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from multiprocessing.connection import Connection
from typing import Any

LARGE_BYTES = 1 << 16
"""Arrays of so many bytes go through shared memory; smaller ones with the message."""

SEND_BUFFER_BYTES = 4096
"""So little fits into a socket that nobody reads: who sends is one message ahead, with one message's arrays."""

MAIN_SCRIPT = b"__main__"
"""The module's name of what a script or a notebook defines, as it stands in a pickle."""

_WRITTEN_AT_ONCE = 512
"""Arrays that one system call writes (``IOV_MAX`` is 1024)."""


@dataclass(frozen=True)
class _Apart:
    """A message whose arrays come in a file in memory, behind it.

    Attributes:
        message: pickled.
        sizes: of the arrays, in bytes, as they lie in the file.
    """

    message: bytes
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class _Packed:
    """A message as it is sent.

    Attributes:
        pickled: without its large arrays.
        arrays: which come behind it.
        needs_main_script: whether it names what the receiver can only have from the main script.
    """

    pickled: bytes
    arrays: Sequence[pickle.PickleBuffer]
    needs_main_script: bool = False


def needs_main_script(message: object) -> bool:
    """Whether only a process that has imported the main script can be sent a message.

    Raises:
        Exception: nobody can be sent it; what pickle raises.
    """
    return _packed(message).needs_main_script


def _packed(message: object) -> _Packed:
    """A message by the names of its classes, or with those classes that the main script defines.

    Raises:
        Exception: it cannot be pickled in either way.
    """
    named, error = None, None
    try:
        named = _pickled(message, pickle.dumps)
    except Exception as raised:  # pickle raises what it likes
        error = raised
    if named is not None and MAIN_SCRIPT not in named.pickled:
        return named
    import cloudpickle

    try:
        return _pickled(message, cloudpickle.dumps)
    except Exception:
        if named is None:
            assert error is not None
            raise error from None
        return replace(named, needs_main_script=True)


def _pickled(message: object, dumps: Callable[..., bytes]) -> _Packed:
    arrays: list[pickle.PickleBuffer] = []

    def goes_with_it(array: pickle.PickleBuffer) -> bool:
        if array.raw().nbytes < LARGE_BYTES or not _has_files_in_memory():
            return True
        arrays.append(array)
        return False

    return _Packed(dumps(message, protocol=5, buffer_callback=goes_with_it), arrays)


def send(connection: Connection, message: object) -> None:
    """Send anything that can be pickled."""
    packed = _packed(message)
    pickled, arrays = packed.pickled, packed.arrays
    if not arrays:
        connection.send_bytes(pickled)
        return
    from multiprocessing.reduction import send_handle

    parts = [array.raw() for array in arrays]
    descriptor = os.memfd_create("degrade-bench")
    try:
        for first in range(0, len(parts), _WRITTEN_AT_ONCE):
            _write(descriptor, parts[first : first + _WRITTEN_AT_ONCE])
        connection.send_bytes(pickle.dumps(_Apart(pickled, tuple(part.nbytes for part in parts))))
        send_handle(connection, descriptor, None)
    finally:
        os.close(descriptor)


def receive(connection: Connection) -> Any:
    """What the other side sent; waits for it.

    Raises:
        EOFError, OSError: the other side is gone.
    """
    return receive_sized(connection)[0]


def receive_sized(connection: Connection) -> tuple[Any, int]:
    """What the other side sent, and its bytes; waits for it.

    Raises:
        EOFError, OSError: the other side is gone.
    """
    received = connection.recv_bytes()
    message = pickle.loads(received)
    if not isinstance(message, _Apart):
        return message, len(received)
    from multiprocessing.reduction import recv_handle

    try:
        descriptor = recv_handle(connection)
    except RuntimeError as error:  # no descriptor came: the sender has ended in between
        raise EOFError(str(error)) from error
    total = sum(message.sizes)
    try:
        mapped = memoryview(_mapped(descriptor, total))
    finally:
        os.close(descriptor)
    ends = [0]
    for size in message.sizes:
        ends.append(ends[-1] + size)
    arrays = [mapped[first:last] for first, last in pairwise(ends)]
    return pickle.loads(message.message, buffers=arrays), len(received) + total


def _mapped(descriptor: int, size: int) -> mmap.mmap | bytearray:
    """The contents of a file in memory; copied where it cannot be mapped: every map takes a descriptor."""
    try:
        return mmap.mmap(descriptor, size, flags=mmap.MAP_SHARED | getattr(mmap, "MAP_POPULATE", 0))
    except OSError:
        contents = bytearray(size)
        view, at = memoryview(contents), 0
        while at < size:
            at += os.preadv(descriptor, [view[at:]], at)
        return contents


@cache
def _has_files_in_memory() -> bool:
    """Whether the system has them, and lets this process make one."""
    try:
        os.close(os.memfd_create("degrade-bench"))
    except (AttributeError, OSError):
        return False
    return True


def keep_short(connection: Connection) -> None:
    """Let little wait between this end and the other one: see :data:`SEND_BUFFER_BYTES`."""
    if _has_files_in_memory():
        with socket.fromfd(connection.fileno(), socket.AF_UNIX, socket.SOCK_STREAM) as end:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)


def _write(descriptor: int, parts: Sequence[memoryview]) -> None:
    """Write all of it: a system call may write less than it is given."""
    left = [part for part in parts if part.nbytes]
    while left:
        written = os.writev(descriptor, left)
        while left and written >= left[0].nbytes:
            written -= left.pop(0).nbytes
        if written:
            left[0] = left[0][written:]
