"""What of a file's bytes is sound that can be decoded, and those bytes as a file of their own."""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import BinaryIO

Run = tuple[int, int]
"""The first byte of a stretch of a file, and the first one after it."""


@dataclass(frozen=True)
class Extent:
    """What of a file is decoded.

    Attributes:
        links: what is decoded one after the other, of as many runs of bytes each; None for the whole file at once.
        head: bytes that a decoder is given before the first run where it otherwise sees fewer than ``most_frames``.
        patch: a position and the bytes that a decoder is given there in place of the file's; for a length that the
            header leaves open in a way that the decoder does not understand.
        most_frames: how many samples per channel there are at most, where the decoder would read on.
        promised_frames: how many the header promises, where that is more than there are.
        damage: what is wrong, in words such as ``cut off``; None where nothing is seen to be.
    """

    links: tuple[tuple[Run, ...], ...] | None = None
    head: bytes = b""
    patch: tuple[int, bytes] | None = None
    most_frames: int | None = None
    promised_frames: int | None = None
    damage: str | None = None


class Stretches(io.RawIOBase):
    """Some runs of a file's bytes, read as one file.

    Args:
        file: the file, open; it is not closed.
        runs: the bytes that are read, in their order.
        head: as in :class:`Extent`.
        patch: as in :class:`Extent`; its position is that in the file.
    """

    def __init__(
        self, file: BinaryIO, runs: Sequence[Run], head: bytes = b"", patch: tuple[int, bytes] | None = None
    ) -> None:
        self._file, self._head, self._patch = file, head, patch
        self._runs = [(0, len(head)), *runs]
        self._ends = list(accumulate(stop - start for start, stop in self._runs))
        self._position = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position, and say it."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._ends[-1]}[whence]
        self._position = max(0, origin + offset)
        return self._position

    def tell(self) -> int:
        """The position."""
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # cffi's buffers as well
        """Read on into a buffer until it is full or there is no more; how many bytes it was."""
        view, filled = memoryview(buffer), 0
        while filled < len(view):
            index = bisect_right(self._ends, self._position)
            if index == len(self._ends):
                break
            stop = self._runs[index][1]
            place = stop - (self._ends[index] - self._position)
            count = min(len(view) - filled, stop - place)
            content = self._head[place : place + count] if index == 0 else self._read(place, count)
            if not content:
                break
            view[filled : filled + len(content)] = content
            filled += len(content)
            self._position += len(content)
        return filled

    def _read(self, place: int, count: int) -> bytes:
        self._file.seek(place)
        content = self._file.read(count)
        if self._patch is None:
            return content
        position, patch = self._patch
        first, last = max(position, place), min(position + len(patch), place + len(content))
        if first >= last:
            return content
        middle = patch[first - position : last - position]
        return content[: first - place] + middle + content[last - place :]
