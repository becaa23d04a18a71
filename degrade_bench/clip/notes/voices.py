"""Single notes of a sound font: a sample at a pitch, in its loop, through its filter and its volume envelope.

What a key of an instrument sounds like until it is let go does not depend on how long it is held nor on how loud it
is struck. So it is made once for a process, in blocks that always begin at the same places, and played as often as
it is needed: a note costs the adding up of its samples.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import lru_cache
from typing import Any

import numpy as np

from degrade_bench.clip.notes.soundfont import SoundFont, Zone

SAMPLE_RATE = 44100
BLOCK = 1 << 14
MOST_BYTES_HELD = 96 << 20
LEAST_RELEASE_SECONDS = 0.03
MOST_RELEASE_SECONDS = 3.0
SILENT_DB = 90.0
"""So far under its start a note is not heard any more."""
ENVELOPE_DB = 100.0
"""Decay and release times are those of so many dB."""


class Voice:
    """A key of a zone, held: ``float32`` samples at 44.1 kHz, as many as were asked for so far.

    Args:
        font: the sound font.
        zone: of it.
        key: MIDI pitch.
    """

    def __init__(self, font: SoundFont, zone: Zone, key: int) -> None:
        self.zone, self.source = zone, font.sample(zone.sample)
        rate = int(font.tables[b"shdr"][zone.sample]["rate"]) or SAMPLE_RATE
        self.step = 2 ** ((60 - zone.root + (key - 60) * zone.scale) / 12) * rate / SAMPLE_RATE
        self.loops = zone.loops and zone.loop_end <= len(self.source)
        self.held = np.zeros(0, dtype=np.float32)
        self.filter = _low_pass(zone.cutoff_hz)
        self.memory: Any = None if self.filter is None else np.zeros((1, 2))

    @property
    def last(self) -> float:
        """After so many samples there is nothing more to hear."""
        ends = float("inf") if self.loops else len(self.source) / self.step
        zone = self.zone
        if zone.sustain_db >= SILENT_DB:
            faded = zone.attack + zone.hold + zone.decay * SILENT_DB / ENVELOPE_DB
            ends = min(ends, faded * SAMPLE_RATE)
        return ends

    def samples(self, count: int) -> np.ndarray:
        """The first ``count`` samples, or as many as are heard."""
        count = int(min(count, self.last))
        while len(self.held) < count:
            self.held = np.concatenate([self.held, self._block(len(self.held))])
        return self.held[:count]

    def _block(self, first: int) -> np.ndarray:
        numbers = np.arange(first, first + BLOCK)
        positions = numbers * self.step
        whole = np.floor(positions)
        sound = self._interpolated(whole.astype(np.int64), (positions - whole).astype(np.float32))
        if self.filter is not None:
            from scipy.signal import sosfilt

            sound, self.memory = sosfilt(self.filter, sound, zi=self.memory)
        values: np.ndarray = (sound * self._envelope(numbers / SAMPLE_RATE)).astype(np.float32)
        return values

    def _interpolated(self, whole: np.ndarray, part: np.ndarray) -> np.ndarray:
        """The sample between its values, by cubic Hermite interpolation."""
        before, here, after, second = (self._at(whole + tap) for tap in (-1, 0, 1, 2))
        slope, bend = (after - before) / 2, before - 2.5 * here + 2 * after - second / 2
        twist = (second - before) / 2 + 1.5 * (here - after)
        values: np.ndarray = here + part * (slope + part * (bend + part * twist))
        return values

    def _at(self, places: np.ndarray) -> np.ndarray:
        zone = self.zone
        if self.loops:
            looped = zone.loop_start + (places - zone.loop_start) % (zone.loop_end - zone.loop_start)
            values: np.ndarray = self.source[np.where(places >= zone.loop_end, looped, np.maximum(places, 0))]
            return values
        inside = (places >= 0) & (places < len(self.source))
        return np.where(inside, self.source[np.clip(places, 0, len(self.source) - 1)], np.float32(0))

    def _envelope(self, seconds: np.ndarray) -> np.ndarray:
        zone = self.zone
        rise = np.minimum(seconds / zone.attack, 1.0)
        fallen = (seconds - zone.attack - zone.hold) * (ENVELOPE_DB / zone.decay)
        return rise * 10 ** (-np.clip(fallen, 0.0, zone.sustain_db) / 20)


class Voices:
    """The keys of a sound font that were played last.

    Args:
        font: the sound font.
    """

    def __init__(self, font: SoundFont) -> None:
        self.font = font
        self._kept: OrderedDict[tuple[Zone, int], Voice] = OrderedDict()
        self._bytes = 0

    def held(self, zone: Zone, key: int, count: int) -> np.ndarray:
        """A key that is held for ``count`` samples; shorter where it is not heard so long.

        Args:
            zone: of the sound font.
            key: MIDI pitch.
            count: samples.
        """
        voice = self._kept.pop((zone, key), None) or Voice(self.font, zone, key)
        self._bytes -= voice.held.nbytes
        samples = voice.samples(count)
        self._kept[zone, key] = voice
        self._bytes += voice.held.nbytes
        while self._bytes > MOST_BYTES_HELD and len(self._kept) > 1:
            self._bytes -= self._kept.popitem(last=False)[1].held.nbytes
        return samples


@lru_cache(maxsize=512)
def release(seconds: float) -> np.ndarray:
    """How a note dies away after it is let go: factors of amplitude, ``float32``."""
    seconds = min(max(seconds, LEAST_RELEASE_SECONDS), MOST_RELEASE_SECONDS)
    count = round(seconds * SILENT_DB / ENVELOPE_DB * SAMPLE_RATE)
    fallen = np.arange(count) * (ENVELOPE_DB / seconds / SAMPLE_RATE)
    return (10 ** (-fallen / 20)).astype(np.float32)


def _low_pass(cutoff_hz: float) -> Any:
    """A filter of second order, as ``scipy`` has it; None where it would change nothing."""
    if cutoff_hz >= 0.45 * SAMPLE_RATE:
        return None
    from scipy.signal import butter

    return butter(2, cutoff_hz, fs=SAMPLE_RATE, output="sos")
