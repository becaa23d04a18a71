"""MPEG audio frames (MP3, MP2): where they begin, where their chain breaks, and how many there are.

A decoder of such streams looks for something like a frame in whatever it is given, goes on behind a gap as if there
were none, and believes the number of frames that the first one states.

Source: ISO/IEC 11172-3, 2.4.1 and 2.4.2; ISO/IEC 13818-3; ID3v2.4.0, section 3.1; the tags Xing, Info and APEv2 as
LAME and mpg123 have them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from degrade_bench.clip.decode.extent import Extent, Run

SEARCHED_BYTES = 1 << 20
"""How far into the file the first frame is looked for, behind the tags."""
WINDOW_BYTES = 1 << 14

_BITRATES = {  # kbit/s, by version 1 or not, and layer
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = (44100, 48000, 32000)
_RATE_SHIFT = {3: 0, 2: 1, 0: 2}  # version 1, 2 and 2.5


@dataclass(frozen=True)
class Frame:
    """What a frame's header says.

    Attributes:
        length: in bytes, with the header.
        samples: per channel.
        kind: version, layer and sample rate, which a stream does not change.
        side: the bytes between header and data of layer III.
    """

    length: int
    samples: int
    kind: tuple[int, int, int]
    side: int


def frame_of(header: bytes) -> Frame | None:
    """The frame that four bytes begin; None if none does, or if it does not say how long it is ("free format")."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    bitrate, rate, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if version == 1 or layer == 4 or bitrate in (0, 15) or rate == 3:
        return None
    hz = _RATES[rate] >> _RATE_SHIFT[version]
    bits = 1000 * _BITRATES[version == 3, layer][bitrate - 1]
    mono = header[3] >> 6 == 3
    if layer == 1:
        return Frame((12 * bits // hz + padding) * 4, 384, (version, layer, hz), 0)
    samples = 576 if layer == 3 and version != 3 else 1152
    side = (17 if mono else 32) if version == 3 else (9 if mono else 17)
    return Frame(samples // 8 * bits // hz + padding, samples, (version, layer, hz), side)


@dataclass
class _Chain:
    """Frames that follow each other: their runs of bytes, how many they are, and how the chain ends."""

    runs: list[Run]
    count: int = 0
    damage: str | None = None


def mpeg_extent(file: BinaryIO, size: int) -> Extent | None:
    """The frames up to the first break of their chain; None if there is no frame, or the format is free.

    Args:
        file: open for reading, best with a buffer.
        size: of the file, in bytes.
    """
    first = _first_frame(file, _behind_tags(file, 0), size)
    if first is None:
        return None
    start, frame = first
    chain = _followed(file, start, size, frame)
    stated, promised, patch = _stated_frames(file, start, frame), None, None
    if stated is not None and stated < (chain.count - 1) * 0.99:  # a lie, or several files in one
        chain.runs[0] = (start + frame.length, chain.runs[0][1])
        chain.count, stated = chain.count - 1, None
    elif stated is not None and stated > chain.count - 1:
        promised, chain.damage = stated * frame.samples, chain.damage or "cut off"
        there = sum(stop - start for start, stop in chain.runs)
        patch = (start + 4 + frame.side + 12, there.to_bytes(4, "big"))  # else mpg123 warns on the terminal
    runs = tuple(run for run in chain.runs if run[1] > run[0])
    return Extent(
        links=(runs,),
        head=counting_frame(_read(file, start, 4), chain.count) if stated is None else b"",
        patch=patch,
        most_frames=chain.count * frame.samples,
        promised_frames=promised,
        damage=chain.damage,
    )


def counting_frame(header: bytes, count: int) -> bytes:
    """A first frame, silent and not played, that states how many follow; a decoder otherwise guesses their number.

    Args:
        header: the four bytes that a frame of the stream begins with.
        count: how many frames follow.
    """
    header = bytes([header[0], header[1] | 1, 9 << 4 | header[2] & 0x0C, header[3]])  # no checksum, a middling rate
    frame = frame_of(header)
    if frame is None or frame.kind[1] != 3:
        return b""
    tag = header + bytes(frame.side) + b"Xing" + (1).to_bytes(4, "big") + min(count, 2**31 - 1).to_bytes(4, "big")
    return tag + bytes(frame.length - len(tag))


def _followed(file: BinaryIO, start: int, size: int, frame: Frame) -> _Chain:
    chain, position = _Chain([]), start
    while position < size:
        found = _frame_at(file, position)
        if found is not None and found.kind == frame.kind:
            if position + found.length > size:
                chain.damage = "cut off"
                break
            chain.count += 1
            position += found.length
            continue
        behind = _behind_tags(file, position)
        if behind == position:
            if _first_frame(file, position, size, frame.kind) is not None:
                chain.damage = "damaged (something between its frames is no frame)"
            break
        chain.runs.append((start, position))
        start = position = behind
    chain.runs.append((start, min(position, size)))
    return chain


def _frame_at(file: BinaryIO, position: int) -> Frame | None:
    return frame_of(_read(file, position, 4))


def _read(file: BinaryIO, position: int, count: int) -> bytes:
    file.seek(position)
    return file.read(count)


def _first_frame(
    file: BinaryIO, position: int, size: int, kind: tuple[int, int, int] | None = None
) -> tuple[int, Frame] | None:
    """Where the first frame begins that two others of its kind, or the end of the file, follow."""
    for place in range(position, min(size, position + SEARCHED_BYTES), WINDOW_BYTES):
        window = _read(file, place, WINDOW_BYTES + 3)
        offset = window.find(b"\xff")
        while 0 <= offset < WINDOW_BYTES:
            frame = frame_of(window[offset : offset + 4])
            if frame is not None and kind in (None, frame.kind) and _leads_on(file, place + offset, size, frame):
                return place + offset, frame
            offset = window.find(b"\xff", offset + 1)
    return None


def _leads_on(file: BinaryIO, position: int, size: int, frame: Frame) -> bool:
    for _ in range(2):
        position += frame.length
        if position >= size:
            return position == size
        following = _frame_at(file, position)
        if following is None:
            return _behind_tags(file, position) > position
        if following.kind != frame.kind:
            return False
        frame = following
    return True


def _behind_tags(file: BinaryIO, position: int) -> int:
    """The first byte that belongs to no ID3 or APE tag."""
    while True:
        head = _read(file, position, 16)
        if head[:3] == b"ID3" and len(head) >= 10 and max(head[6:10]) < 0x80:
            length = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
            position += 10 + length + (10 if head[5] & 0x10 else 0)
        elif head[:3] == b"TAG":
            position += 128
        elif head[:8] == b"APETAGEX":
            position += 32 + int.from_bytes(head[12:16], "little")
        else:
            return position


def _stated_frames(file: BinaryIO, position: int, frame: Frame) -> int | None:
    """How many frames follow, as the stream's first frame has it; None if that is an ordinary frame."""
    tag = _read(file, position + 4 + frame.side, 12)
    if frame.kind[1] != 3 or tag[:4] not in (b"Xing", b"Info") or len(tag) < 12 or tag[7] & 3 != 3:
        return None
    return int.from_bytes(tag[8:12], "big")
