"""Memory that two processes share, used again and again: one writes arrays into it, the other reads them in place.

To make a megabyte of such memory, to map it and to give it back takes longer than to copy what it holds. A
segment is therefore written anew once the reader has let go of all that lay in it. Its first byte says whether it
is in use; the reader clears it, from whatever thread lets go last.
"""

from __future__ import annotations

import mmap
import os
import weakref
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

HEADER_BYTES = 4096
"""Before the arrays: the state, alone on its page."""

MOST_KEPT_BYTES = 64 * 2**20
"""Larger segments are used once: a long recording's are not held for another one."""

MOST_FREE = 2
"""So many that are not in use a writer keeps."""

_WRITTEN_AT_ONCE = 512
"""Arrays that one system call writes (``IOV_MAX`` is 1024)."""

_FREE, _IN_USE = b"\0", b"\1"


@dataclass(frozen=True)
class Segment:
    """What a reader has to be told, beside the descriptor that is sent to it.

    Attributes:
        number: of the segment, None where it is used once.
        size: of all arrays in it, in bytes.
        dropped: numbers of segments that will not come again.
    """

    number: int | None
    size: int
    dropped: tuple[int, ...] = ()


class Writer:
    """The segments that one process writes for one reader."""

    def __init__(self) -> None:
        self._descriptors: dict[int, int] = {}
        self._room: dict[int, int] = {}
        self._made = 0
        weakref.finalize(self, _close_all, self._descriptors).atexit = False

    def write(self, parts: Sequence[memoryview]) -> tuple[Segment, int]:
        """Write arrays one behind the other; the segment's descriptor is to be sent, and given to :meth:`sent`."""
        size = sum(part.nbytes for part in parts)
        if size > MOST_KEPT_BYTES:
            descriptor = os.memfd_create("degrade-bench")
            _write(descriptor, parts)
            return Segment(None, size), descriptor
        free = [number for number, descriptor in self._descriptors.items() if os.pread(descriptor, 1, 0) == _FREE]
        fitting = [number for number in free if self._room[number] >= size]
        number = min(fitting, key=self._room.__getitem__) if fitting else self._make(size)
        spare = [other for other in free if other != number]
        dropped = tuple(sorted(spare, key=self._room.__getitem__)[: max(0, len(spare) - MOST_FREE)])
        for other in dropped:
            del self._room[other]
            os.close(self._descriptors.pop(other))
        descriptor = self._descriptors[number]
        _write(descriptor, parts)
        return Segment(number, size, dropped), descriptor

    def sent(self, segment: Segment, descriptor: int) -> None:
        """The reader has the descriptor, or is gone."""
        if segment.number is None:
            os.close(descriptor)

    def _make(self, size: int) -> int:
        """A segment with room to spare: the next block is often a little longer."""
        self._made += 1
        descriptor = os.memfd_create("degrade-bench")
        self._descriptors[self._made] = descriptor
        self._room[self._made] = size + size // 8
        os.ftruncate(descriptor, HEADER_BYTES + self._room[self._made])
        return self._made


class Reader:
    """The segments of one writer, as the process that reads them sees them."""

    def __init__(self) -> None:
        self._mapped: dict[int, mmap.mmap] = {}

    def read(self, segment: Segment, descriptor: int) -> memoryview:
        """The arrays of a segment, in place; the writer may use it again when nothing refers to them any more.

        Args:
            segment: as the writer described it.
            descriptor: that came with it; closed here.
        """
        try:
            for number in segment.dropped:
                self._mapped.pop(number, None)
            mapped = None if segment.number is None else self._mapped.get(segment.number)
            if mapped is None:
                try:
                    mapped = mmap.mmap(descriptor, 0, flags=mmap.MAP_SHARED | getattr(mmap, "MAP_POPULATE", 0))
                except OSError:  # every map takes a descriptor
                    return _copied(segment, descriptor)
                if segment.number is not None:
                    self._mapped[segment.number] = mapped
        finally:
            os.close(descriptor)
        arrays = np.frombuffer(mapped, np.uint8, segment.size, HEADER_BYTES)
        weakref.finalize(arrays, _let_go, mapped, os.getpid()).atexit = False
        return arrays.data


def _let_go(mapped: mmap.mmap, reader: int) -> None:
    """Nothing refers to a segment's arrays any more; a forked copy of the reader that ends says nothing of it."""
    if os.getpid() == reader:
        mapped[:1] = _FREE


def _copied(segment: Segment, descriptor: int) -> memoryview:
    """A segment's arrays in memory of this process, with the segment free again."""
    contents = memoryview(bytearray(segment.size))
    at = 0
    while at < segment.size:
        at += os.preadv(descriptor, [contents[at:]], HEADER_BYTES + at)
    os.pwrite(descriptor, _FREE, 0)
    return contents


def _write(descriptor: int, parts: Sequence[memoryview]) -> None:
    """Fill a segment: a system call may write less than it is given."""
    os.pwrite(descriptor, _IN_USE, 0)
    at, left = HEADER_BYTES, [part for part in parts if part.nbytes]
    while left:
        written = os.pwritev(descriptor, left[:_WRITTEN_AT_ONCE], at)
        at += written
        while left and written >= left[0].nbytes:
            written -= left.pop(0).nbytes
        if written:
            left[0] = left[0][written:]


def _close_all(descriptors: dict[int, int]) -> None:
    for descriptor in descriptors.values():
        os.close(descriptor)
