"""Messages between processes of ours, over a socket; large arrays go beside it, through shared memory.

Through a socket the receiver copies an array twice. On Linux arrays are therefore written to a file in memory
(``memfd_create``) whose descriptor is sent along: the receiver maps it and copies nothing. It has no name, needs no
room in ``/dev/shm``, serves later messages again (:mod:`~degrade_bench._support.segments`), and is gone when the
last process that holds it is, however that ends.

Classes and functions of the main script or of a notebook are sent as they are, by ``cloudpickle``: no other process
can import them by their names without running the script again.
"""

from __future__ import annotations

import os
import pickle
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from multiprocessing.connection import Connection
from typing import Any
from weakref import WeakKeyDictionary

from degrade_bench._support.segments import Reader, Segment, Writer

LARGE_BYTES = 1 << 16
"""Arrays of so many bytes go through shared memory; smaller ones with the message."""

SEND_BUFFER_BYTES = 4096
"""So little fits into a socket that nobody reads: who sends is one message ahead, with one message's arrays."""

_writers: WeakKeyDictionary[Connection, Writer] = WeakKeyDictionary()
_readers: WeakKeyDictionary[Connection, Reader] = WeakKeyDictionary()

MAIN_SCRIPT = b"__main__"
"""The module's name of what a script or a notebook defines, as it stands in a pickle."""


@dataclass(frozen=True)
class _Apart:
    """A message whose arrays come in a file in memory, behind it.

    Attributes:
        message: pickled.
        sizes: of the arrays, in bytes, as they lie in the file.
        segment: the file.
    """

    message: bytes
    sizes: tuple[int, ...]
    segment: Segment


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
    writer = _writers.setdefault(connection, Writer())
    segment, descriptor = writer.write(parts)
    try:
        connection.send_bytes(pickle.dumps(_Apart(pickled, tuple(part.nbytes for part in parts), segment)))
        send_handle(connection, descriptor, None)
    finally:
        writer.sent(segment, descriptor)


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
    arrays = _readers.setdefault(connection, Reader()).read(message.segment, descriptor)
    ends = [0]
    for size in message.sizes:
        ends.append(ends[-1] + size)
    buffers = [arrays[first:last] for first, last in pairwise(ends)]
    return pickle.loads(message.message, buffers=buffers), len(received) + message.segment.size


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
