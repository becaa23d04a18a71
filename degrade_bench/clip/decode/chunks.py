"""WAV, RF64, W64, AIFF, CAF and AU: how much sound the header promises, and how much of it is there.

A codec that works in blocks has its last block filled up by the decoder where a part of it is missing: it is not
read. The length in a header may be open (as of a recorder that was switched off) or longer than what is there: all
there is to the end of the file is read.

Source: Microsoft, "Multimedia Programming Interface and Data Specifications 1.0" and "New Multimedia Data Types and
Data Techniques"; EBU Tech 3306 (RF64); Sony, "Wave64"; Apple, "AIFF-C" draft of 1991 and "Core Audio Format 1.0".
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from degrade_bench.clip.decode.extent import Extent

MOST_CHUNKS = 10_000
OPEN_LENGTHS = (0, 0xFFFFFFFF)
"""What stands in a WAV file for a length that is not known."""

PCM, MS_ADPCM, FLOAT, A_LAW, MU_LAW, IMA_ADPCM, GSM, NMS = 1, 2, 3, 6, 7, 0x11, 0x31, 0x38
G721, EXTENSIBLE = 0x40, 0xFFFE
MPEG_TAGS = (b"\x50\x00", b"\x55\x00")
AU_BLOCKS = {23: (1, 2), 25: (3, 8), 26: (5, 8)}
"""Bytes and samples of the smallest whole of G.721 and G.723, by AU's number for them."""


@dataclass(frozen=True)
class Chunk:
    """A named part of a file: ``length`` bytes from ``position`` on, if the file is so long.

    ``place`` is where the length stands.
    """

    name: bytes
    position: int
    length: int
    place: int


@dataclass(frozen=True)
class Blocks:
    """The smallest whole that a codec works in: its bytes, and its samples per channel."""

    size: int
    frames: int


def chunk_extent(file: BinaryIO, size: int) -> Extent | None:
    """How much of the sound is there; None where nothing can be said.

    Args:
        file: open for reading.
        size: of the file, in bytes.
    """
    file.seek(0)
    head = file.read(24)
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return _wav(file, size, _chunks(file, 12, size, "<4sI"))
    if head[:4] == b"riff" and head[4:8] == b"\x2e\x91\xcf\x11":
        return _wav(file, size, _w64_chunks(file, size))
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return _aiff(file, size)
    if head[:4] == b"caff":
        return _caf(file, size)
    if head[:4] == b".snd" and len(head) == 24:
        return _au(head, size)
    return None


def _chunks(file: BinaryIO, position: int, size: int, form: str) -> Iterator[Chunk]:
    header = struct.Struct(form)
    for _ in range(MOST_CHUNKS):
        file.seek(position)
        head = file.read(header.size)
        if len(head) < header.size:
            return
        name, length = header.unpack(head)
        yield Chunk(name, position + header.size, length, position + 4)
        position += header.size + length + (length & 1 if form[-1] == "I" else 0)
        if length < 0 or position > size:
            return


def _w64_chunks(file: BinaryIO, size: int) -> Iterator[Chunk]:
    position = 40
    for _ in range(MOST_CHUNKS):
        file.seek(position)
        head = file.read(24)
        if len(head) < 24:
            return
        length = int.from_bytes(head[16:24], "little") - 24
        yield Chunk(head[:4], position + 24, length, position + 16)
        position += 24 + length + -length % 8
        if length < 0 or position > size:
            return


def _wav(file: BinaryIO, size: int, chunks: Iterator[Chunk]) -> Extent | None:
    blocks: Blocks | None = None
    long_length = None
    for chunk in chunks:
        if chunk.name == b"ds64":
            long_length = int.from_bytes(_content(file, chunk, 16)[8:], "little")
        elif chunk.name == b"fmt ":
            fmt = _content(file, chunk, 26)
            if fmt[:2] in MPEG_TAGS:
                return None
            blocks = _wav_blocks(fmt)
        elif chunk.name == b"data":
            if chunk.length == 0xFFFFFFFF and long_length is not None:
                return _measured(long_length, size - chunk.position, blocks)
            if chunk.length in OPEN_LENGTHS:
                there = size - chunk.position
                return _patched(_measured(there, there, blocks), size, chunk.place, b"\xff" * 4)
            return _measured(chunk.length, size - chunk.position, blocks)
    return None


def _wav_blocks(fmt: bytes) -> Blocks | None:
    if len(fmt) < 16:
        return None
    tag, channels, _, _, align, bits = struct.unpack("<HHIIHH", fmt[:16])
    if tag == EXTENSIBLE and len(fmt) >= 26:
        tag = int.from_bytes(fmt[24:26], "little")
    in_block = int.from_bytes(fmt[18:20], "little")
    if tag in (PCM, FLOAT, A_LAW, MU_LAW):
        return Blocks(channels * -(-bits // 8), 1)
    if tag in (IMA_ADPCM, MS_ADPCM, GSM):
        return Blocks(align, in_block)
    if tag == NMS:
        return Blocks(align, 160)
    return Blocks(1, 2) if tag == G721 and channels == 1 else None


def _aiff(file: BinaryIO, size: int) -> Extent | None:
    blocks: Blocks | None = None
    sound: Chunk | None = None
    for chunk in _chunks(file, 12, size, ">4sI"):
        if chunk.name == b"COMM":
            comm = _content(file, chunk, 22)
            channels, bits = int.from_bytes(comm[:2], "big"), int.from_bytes(comm[6:8], "big")
            codec = comm[18:22].lower()
            blocks = {b"ima4": Blocks(34 * channels, 64), b"gsm ": Blocks(33, 160)}.get(codec)
            if codec in (b"", b"none", b"sowt", b"twos") or len(comm) <= 18:
                blocks = Blocks(channels * -(-bits // 8), 1)
        elif chunk.name == b"SSND":
            sound = chunk
    if sound is None:
        return None
    return _measured(sound.length - 8, size - sound.position - 8, blocks)


def _caf(file: BinaryIO, size: int) -> Extent | None:
    codec = b""
    for chunk in _chunks(file, 8, size, ">4sq"):
        if chunk.name == b"desc":
            codec = _content(file, chunk, 12)[8:]
        elif chunk.name == b"data":
            there = size - chunk.position
            if 0 <= chunk.length <= there:
                return None
            if codec == b"alac":  # its packets are found by a table that does not fit what is left
                return Extent(damage="cut off")
            extent = _measured(max(chunk.length, there), there, None)  # −1: open
            return _patched(extent, size, chunk.place, there.to_bytes(8, "big"))  # libsndfile reads no other
    return None


def _au(head: bytes, size: int) -> Extent | None:
    offset, length, codec = struct.unpack(">III", head[4:16])
    channels = int.from_bytes(head[20:24], "big")
    blocks = Blocks(AU_BLOCKS[codec][0], AU_BLOCKS[codec][1]) if codec in AU_BLOCKS and channels == 1 else None
    there = size - offset
    return _measured(there if length == 0xFFFFFFFF else length, there, blocks)


def _measured(promised: int, there: int, blocks: Blocks | None) -> Extent:
    """From the bytes of sound that the header promises and those that there are to the end of the file."""
    if blocks is None or blocks.size <= 0 or blocks.frames <= 0:
        return Extent(damage="cut off" if promised > there else None)
    most = max(0, min(promised, there)) // blocks.size * blocks.frames
    wanted = promised // blocks.size * blocks.frames
    return Extent(
        most_frames=most,
        promised_frames=wanted if wanted > most else None,
        damage="cut off" if wanted > most else None,
    )


def _patched(extent: Extent, size: int, place: int, patch: bytes) -> Extent:
    return replace(extent, links=(((0, size),),), patch=(place, patch))


def _content(file: BinaryIO, chunk: Chunk, most: int) -> bytes:
    file.seek(chunk.position)
    return file.read(min(most, max(0, chunk.length)))
