"""Ogg pages: where their chain breaks, and where one stream ends and the next begins.

A decoder that meets a lost page goes on with the next one as if nothing had been between them. Pages are numbered
and carry a checksum, so the break can be seen, and what is decoded ends there.

Source: RFC 3533, "The Ogg Encapsulation Format Version 0".
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from degrade_bench.clip.decode.extent import Extent, Run

MAGIC = b"OggS"
HEADER = struct.Struct("<4sBBqIIIB")
FIRST, LAST = 2, 4
"""Flags of a page that begins, or ends, a stream."""

_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True)
class Page:
    """A page whose checksum is right; ``stop`` is the first byte after it."""

    stop: int
    flags: int
    granule: int
    stream: int
    number: int


def ogg_extent(file: BinaryIO, size: int) -> Extent:
    """The links of a chain of streams, up to the first page that is cut off, damaged or missing.

    Args:
        file: open for reading.
        size: of the file, in bytes.
    """
    links: list[Run] = []
    damage: str | None = None
    start = position = 0
    numbers: dict[int, int] = {}  # of the streams that are open, by their serial number
    sound = False
    while position < size:
        page = _page_at(file, position)
        if page is None:
            if numbers:  # else what follows the last page is no part of the stream
                damage = "damaged (a broken page)" if _another_page(file, position) else "cut off"
            break
        if page.flags & FIRST:
            if sound:
                links.append((start, position))
                start, numbers, sound = position, {}, False
        elif page.stream not in numbers:
            damage = "damaged (a page belongs to no stream)"
            break
        elif page.number != numbers[page.stream] + 1 and sound:  # recordings of a broadcast begin in the middle
            damage = "damaged (a page is missing)"
            break
        sound = sound or page.granule > 0
        numbers[page.stream] = page.number
        position = page.stop
        if page.flags & LAST:
            del numbers[page.stream]
    else:
        damage = "cut off" if numbers else None
    links.append((start, position))
    whole = len(links) == 1 and position == size
    return Extent(links=None if whole else tuple((link,) for link in links), damage=damage)


def _page_at(file: BinaryIO, position: int) -> Page | None:
    """The page that begins at a position; None if none does, or it is cut off, or its checksum is wrong."""
    file.seek(position)
    header = file.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    magic, version, flags, granule, stream, number, checksum, segments = HEADER.unpack(header)
    if magic != MAGIC or version != 0:
        return None
    lacing = file.read(segments)
    body = file.read(sum(lacing))
    if len(lacing) < segments or len(body) < sum(lacing):
        return None
    if page_checksum(header[:22] + bytes(4) + header[26:] + lacing + body) != checksum:
        return None
    return Page(position + HEADER.size + segments + len(body), flags, granule, stream, number)


def page_checksum(page: bytes) -> int:
    """The checksum of a page whose field for it holds zeros.

    Ogg's differs from zlib's in the order of bits, in the initial value, and in that the end is not inverted.

    >>> hex(page_checksum(b"123456789"))
    '0x89a1897f'
    """
    reversed_bits = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{reversed_bits:032b}"[::-1], 2)


def _another_page(file: BinaryIO, position: int) -> bool:
    """Whether a page begins anywhere after a position."""
    file.seek(position + 1)
    last = b""
    while block := file.read(1 << 20):
        found = (last + block).find(MAGIC)
        if found >= 0:
            return True
        last = block[-3:]
    return False
