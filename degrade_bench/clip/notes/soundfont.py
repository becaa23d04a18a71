"""Sound fonts: recorded instruments in one file, SF2 (16-bit samples) or SF3 (Ogg Vorbis samples).

Read is what the renderer needs: presets, the key and velocity ranges of their samples, loops, tuning, levels, the
volume envelope and the fixed low-pass filter. Modulators, modulation envelopes and oscillators are not.

Source: SoundFont Technical Specification 2.04 (E-mu, 2006); for SF3, MuseScore's convention.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from degrade_bench._support.files import sha256_of
from degrade_bench._support.reading import read_bytes_file
from degrade_bench.errors import AudioError

MOST_BYTES = 1 << 31
DRUM_BANK = 128
FAMILY = 8
"""General MIDI has so many programs in a family of instruments."""

RECORDS: Mapping[bytes, Any] = {
    b"phdr": [("name", "S20"), ("program", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("rest", "<u4", 3)],
    b"pbag": [("gen", "<u2"), ("mod", "<u2")],
    b"pgen": [("oper", "<u2"), ("amount", "<i2")],
    b"inst": [("name", "S20"), ("bag", "<u2")],
    b"ibag": [("gen", "<u2"), ("mod", "<u2")],
    b"igen": [("oper", "<u2"), ("amount", "<i2")],
    b"shdr": [
        *(("name", "S20"), ("start", "<u4"), ("end", "<u4"), ("loop_start", "<u4"), ("loop_end", "<u4")),
        *(("rate", "<u4"), ("root", "u1"), ("correction", "i1"), ("link", "<u2"), ("type", "<u2")),
    ],
}
"""The tables of a sound font, and the fields of their rows."""

COMPRESSED = 0x10
"""In a sample's type: it is Ogg Vorbis, and its start and end are bytes."""

INSTRUMENT, KEYS, VELOCITIES, SAMPLE = 41, 43, 44, 53
LOOP_OFFSETS = ((2, 45), (3, 50))
FILTER_CENTS, ATTACK, HOLD, DECAY, SUSTAIN, RELEASE = 8, 34, 35, 36, 37, 38
PAN, ATTENUATION, COARSE, FINE, MODE, SCALE, ROOT = 17, 48, 51, 52, 54, 56, 58
DEFAULTS = {FILTER_CENTS: 13500, ATTACK: -12000, HOLD: -12000, DECAY: -12000, RELEASE: -12000, SCALE: 100, ROOT: -1}
ATTENUATION_SHARE = 0.4
"""Of a sample's stated attenuation, what E-mu's hardware applies; sound fonts are made for that."""


@dataclass(frozen=True, eq=False)  # told apart by identity: a font makes each once, and notes ask for it often
class Zone:
    """A sample and how a range of keys plays it.

    Attributes:
        sample: the row in the table of samples.
        keys, velocities: the lowest and the highest that it is for.
        root: the key at which it sounds as recorded, in semitones, fractions allowed.
        scale: semitones of pitch for each key.
        loops: whether it goes on in its loop.
        loop_start, loop_end: in samples of it.
        gain: a factor of amplitude.
        pan: -0.5 is left, 0.5 right.
        cutoff_hz: of its low-pass filter; infinite for none.
        attack, hold, decay, release: seconds; decay and release are those of 100 dB.
        sustain_db: how far it decays at most.
    """

    sample: int
    keys: tuple[int, int]
    velocities: tuple[int, int]
    root: float
    scale: float
    loops: bool
    loop_start: int
    loop_end: int
    gain: float
    pan: float
    cutoff_hz: float
    attack: float
    hold: float
    decay: float
    sustain_db: float
    release: float


class SoundFont:
    """A sound font in memory; samples are decoded when they are asked for.

    Args:
        path: an SF2 or SF3 file.

    Raises:
        AudioError: it cannot be read, or is no sound font.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            content = read_bytes_file(path, MOST_BYTES)
        except OSError as error:
            raise AudioError(f"sound font {path}: {error.strerror or error}") from error
        try:
            self.chunks = chunks_of(content)
            self.tables = {
                name: np.frombuffer(self.chunks[name], np.dtype(fields)) for name, fields in RECORDS.items()
            }
            self.presets = self._presets()
        except (KeyError, ValueError, IndexError, OverflowError) as error:
            raise AudioError(f"sound font {path}: not SF2 or SF3 ({error})") from error
        if not self.presets:
            raise AudioError(f"sound font {path}: holds no instrument")

    @cached_property
    def digest(self) -> str:
        """What tells one sound font's file from another's."""
        return sha256_of(self.path)[:32]

    def _presets(self) -> Mapping[tuple[int, int], int]:
        """The row of each (bank, program)."""
        rows = self.tables[b"phdr"][:-1]
        return {(int(row["bank"]), int(row["program"])): k for k, row in reversed(list(enumerate(rows)))}

    def programs(self, drums: bool) -> list[int]:
        """The programs that there are, of instruments or of drum kits."""
        return sorted(program for bank, program in self.presets if bank == (DRUM_BANK if drums else 0))

    def nearest(self, program: int, drums: bool) -> int:
        """The program itself, or the one of the same family that is nearest, or the nearest of all.

        Raises:
            AudioError: there is none of the kind.
        """
        known = self.programs(drums)
        if not known:
            raise AudioError(f"sound font {self.path}: holds no {'drum kit' if drums else 'instrument'}")
        return min(known, key=lambda one: (one // FAMILY != program // FAMILY and not drums, abs(one - program)))

    def zones(self, program: int, drums: bool) -> tuple[Zone, ...]:
        """The zones of a preset that there is."""
        return _zones(self, program, drums)

    @lru_cache(maxsize=4096)  # noqa: B019 - a process keeps the one or two sound fonts that it plays
    def playing(self, program: int, drums: bool, key: int, velocity: int) -> tuple[Zone, ...]:
        """The zones that sound for a note.

        Args:
            program: one that there is.
            drums: whether it is a drum kit.
            key: MIDI pitch.
            velocity: MIDI velocity.
        """
        return tuple(
            zone
            for zone in self.zones(program, drums)
            if zone.keys[0] <= key <= zone.keys[1] and zone.velocities[0] <= velocity <= zone.velocities[1]
        )

    @lru_cache(maxsize=512)  # noqa: B019 - a process keeps the one or two sound fonts that it plays
    def sample(self, row: int) -> np.ndarray:
        """A sample, float32, at its own rate.

        Raises:
            AudioError: it cannot be decoded.
        """
        header, data = self.tables[b"shdr"][row], self.chunks[b"smpl"]
        start, end = int(header["start"]), int(header["end"])
        if int(header["type"]) & COMPRESSED:
            import soundfile

            try:
                decoded: np.ndarray = soundfile.read(io.BytesIO(data[start:end]), dtype="float32")[0]
            except (OSError, RuntimeError) as error:
                raise AudioError(f"sound font {self.path}: sample {row}: {error}") from error
        else:
            decoded = np.frombuffer(data, "<i2")[start:end].astype(np.float32) / 32768
        if decoded.ndim != 1 or not len(decoded):
            raise AudioError(f"sound font {self.path}: sample {row} is empty")
        return decoded


def chunks_of(content: bytes) -> dict[bytes, bytes]:
    """The chunks of a RIFF file by name, those inside lists too.

    Raises:
        ValueError: it is none.
    """
    if content[:4] != b"RIFF" or content[8:12] != b"sfbk":
        raise ValueError("no RIFF file of the form sfbk")
    return dict(_chunks(content, 12, len(content)))


def _chunks(content: bytes, start: int, end: int) -> Iterator[tuple[bytes, bytes]]:
    while start + 8 <= end:
        name, size = content[start : start + 4], int.from_bytes(content[start + 4 : start + 8], "little")
        body = start + 8
        if name == b"LIST":
            yield from _chunks(content, body + 4, min(end, body + size))
        else:
            yield name, content[body : body + size]
        start = body + size
        if size % 2 and content[start : start + 1] == b"\0":  # SF3 files leave the padding out
            start += 1


@lru_cache(maxsize=256)
def _zones(font: SoundFont, program: int, drums: bool) -> tuple[Zone, ...]:
    tables, made = font.tables, []
    row = font.presets[DRUM_BANK if drums else 0, program]
    for preset in _bags(tables, b"phdr", b"pbag", b"pgen", row, INSTRUMENT):
        for own in _bags(tables, b"inst", b"ibag", b"igen", preset[INSTRUMENT], SAMPLE):
            keys = _within(own.get(KEYS), preset.get(KEYS))
            velocities = _within(own.get(VELOCITIES), preset.get(VELOCITIES))
            if keys[0] <= keys[1] and velocities[0] <= velocities[1]:
                made.append(_zone(tables, own, preset, keys, velocities))
    return tuple(made)


def _bags(
    tables: Mapping[bytes, np.ndarray], head: bytes, bag: bytes, gen: bytes, row: int, last: int
) -> Iterator[dict[int, int]]:
    """The generators of each zone of a preset or instrument, those of its global zone beneath them."""
    first, end = int(tables[head][row]["bag"]), int(tables[head][row + 1]["bag"])
    common: dict[int, int] = {}
    for number in range(first, end):
        span = tables[gen][int(tables[bag][number]["gen"]) : int(tables[bag][number + 1]["gen"])]
        generators = {int(one["oper"]): int(one["amount"]) for one in span}
        if last in generators:
            yield {**common, **generators}
        elif number == first:
            common = generators


def _within(one: int | None, other: int | None) -> tuple[int, int]:
    """What two ranges share; each is its lowest in the lower byte and its highest in the upper."""
    ranges = [(value & 0xFF, value >> 8 & 0xFF) for value in (one, other) if value is not None]
    return max([0, *(low for low, _ in ranges)]), min([127, *(high for _, high in ranges)])


def _zone(
    tables: Mapping[bytes, np.ndarray],
    own: Mapping[int, int],
    preset: Mapping[int, int],
    keys: tuple[int, int],
    velocities: tuple[int, int],
) -> Zone:
    def value(generator: int) -> int:
        return own.get(generator, DEFAULTS.get(generator, 0)) + preset.get(generator, 0)

    def seconds(generator: int) -> float:
        return float(2 ** (max(-12000, min(8000, value(generator))) / 1200))

    header = tables[b"shdr"][own[SAMPLE]]
    root = own.get(ROOT, -1)
    if root < 0:
        root = int(header["root"]) if header["root"] < 128 else 60
    # a sample that is compressed says its loop in samples from its own start
    base = 0 if int(header["type"]) & COMPRESSED else int(header["start"])
    start, end = (
        int(header[name]) - base + own.get(fine, 0) + 32768 * own.get(coarse, 0)
        for name, (fine, coarse) in zip(("loop_start", "loop_end"), LOOP_OFFSETS, strict=True)
    )
    cents = value(FILTER_CENTS)
    return Zone(
        sample=own[SAMPLE],
        keys=keys,
        velocities=velocities,
        root=root - value(COARSE) - (value(FINE) + int(header["correction"])) / 100,
        scale=value(SCALE) / 100,
        loops=value(MODE) & 1 == 1 and 0 <= start < end - 3,
        loop_start=start,
        loop_end=end,
        gain=float(10 ** (-ATTENUATION_SHARE * max(0, value(ATTENUATION)) / 200)),
        pan=max(-500, min(500, value(PAN))) / 1000,
        cutoff_hz=float("inf") if cents >= DEFAULTS[FILTER_CENTS] else 8.176 * 2 ** (cents / 1200),
        attack=seconds(ATTACK),
        hold=seconds(HOLD),
        decay=seconds(DECAY),
        sustain_db=max(0, min(1440, value(SUSTAIN))) / 10,
        release=seconds(RELEASE),
    )
