"""From a score to samples: a standard MIDI file per stem, fluidsynth, one gain, 16 bits.

Every stem is rendered alone and rounded; the mix is the integer sum of its stems, so that stems add up to the
mix exactly. The tempo is fixed in the MIDI file and notes are placed in seconds.

Of the 16 bits the lowest two are left zero: rounding noise at −89 dBFS lies about 70 dB under the music, and
FLAC then stores two bits a sample less. It keeps the corpus under 20 MB.
"""

from __future__ import annotations

import struct
import subprocess
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyloudnorm
import soundfile

from corpus_scores.score import Part, Score

SAMPLE_RATE = 44100
STEMS = ("drums", "bass", "harmony", "melody")
TICKS_PER_SECOND = 9600  # 120 quarters a minute, 4800 ticks a quarter
LEAD_IN_SECONDS = 0.1  # room for a player who comes in early
PEAK_DBFS = -1.0
FADE_SECONDS = 0.25
JITTER_LIMIT_MS = 8.0
VELOCITY_JITTER = 4.0
RENDER_GAIN = 0.3
SPARED_BITS = 2
CENTRED = ("drums", "bass")  # of clips with stems: one channel's worth to store


@dataclass(frozen=True)
class Rendered:
    """A rendered score: int16 samples of shape ``(time, 2)``, and when its first beat falls."""

    mix: np.ndarray
    stems: dict[str, np.ndarray]
    first_beat_seconds: float


def render(score: Score, soundfont: Path, latency_seconds: float) -> Rendered:
    """Render a score.

    Args:
        score: the piece.
        soundfont: a General MIDI sound font.
        latency_seconds: how late fluidsynth sounds a note, as :func:`measure_latency` found it.

    Raises:
        ValueError: a stem came out silent.
    """
    seconds = LEAD_IN_SECONDS + score.seconds(score.num_beats) + score.tail_seconds
    raw = {}
    for stem in STEMS:
        parts = tuple(p for p in score.parts if p.stem == stem)
        if parts:
            raw[stem] = synthesise(midi_file(score, parts, seconds), soundfont, seconds)
            if score.with_stems and stem in CENTRED:
                raw[stem][:] = raw[stem].mean(axis=1, keepdims=True)
            if np.abs(raw[stem]).max() < 1e-3:
                raise ValueError(f"{score.id}: stem {stem} is silent")
    mix = np.sum(list(raw.values()), axis=0)
    wanted = 10 ** ((score.lufs - pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness(mix)) / 20)
    gain = min(wanted, 10 ** (PEAK_DBFS / 20) / np.abs(mix).max())
    fade = np.ones((len(mix), 1))
    count = round(FADE_SECONDS * SAMPLE_RATE)
    fade[-count:, 0] = 0.5 + 0.5 * np.cos(np.pi * np.arange(1, count + 1) / count)
    step = 1 << SPARED_BITS
    stems = {name: (np.round(32768 / step * gain * fade * x) * step).astype(np.int16) for name, x in raw.items()}
    total = np.sum([x.astype(np.int32) for x in stems.values()], axis=0)
    if np.abs(total).max() >= 32767:
        raise ValueError(f"{score.id}: the mix clips")
    return Rendered(total.astype(np.int16), stems, LEAD_IN_SECONDS + latency_seconds)


def midi_file(score: Score, parts: tuple[Part, ...], seconds: float) -> bytes:
    """A standard MIDI file of these parts, played by somebody human, and silence behind it.

    Args:
        score: the piece: tempo, and a name from which the players' chance follows.
        parts: those of its parts that play.
        seconds: the length, silence at the end included.
    """
    events: list[tuple[int, int, bytes]] = []
    channels = iter(c for c in range(16) if c != 9)
    for part in parts:
        channel = 9 if part.drums else next(channels)
        events.append((0, 0, bytes((0xC0 | channel, part.program))))
        for controller, value in ((7, part.volume), (10, part.pan), (91, part.reverb), (93, 0)):
            events.append((0, 0, bytes((0xB0 | channel, controller, value))))
        # every player has a separate random stream: changing one part leaves the others as they were
        rng = np.random.default_rng([zlib.crc32(score.id.encode()), zlib.crc32(part.name.encode())])
        for note in sorted(part.notes, key=lambda n: (n.start, n.pitch)):
            offset = float(np.clip(rng.normal(0, part.jitter_ms), -JITTER_LIMIT_MS, JITTER_LIMIT_MS))
            offset = (offset - part.attack_ms) / 1000
            velocity = int(np.clip(note.velocity + rng.normal(0, VELOCITY_JITTER), 1, 127))
            on = LEAD_IN_SECONDS + score.seconds(note.start) + offset
            off = LEAD_IN_SECONDS + score.seconds(note.start + note.length) + offset
            events.append((round(on * TICKS_PER_SECOND), 2, bytes((0x90 | channel, note.pitch, velocity))))
            # at one tick a note ends before the next of the same pitch begins
            events.append((round(off * TICKS_PER_SECOND), 1, bytes((0x80 | channel, note.pitch, 0))))
    events.append((round(seconds * TICKS_PER_SECOND), 3, b"\xff\x2f\x00"))
    events.sort(key=lambda e: (e[0], e[1]))
    track, last = bytearray(b"\x00\xff\x51\x03" + (500000).to_bytes(3, "big")), 0
    for tick, _, message in events:
        track += _variable_length(tick - last) + message
        last = tick
    head = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, TICKS_PER_SECOND // 2)
    return head + struct.pack(">4sI", b"MTrk", len(track)) + bytes(track)


def synthesise(midi: bytes, soundfont: Path, seconds: float) -> np.ndarray:
    """What fluidsynth makes of a MIDI file: float64, shape ``(time, 2)``, cut or padded to ``seconds``.

    Args:
        midi: a standard MIDI file's bytes.
        soundfont: an SF2 file.
        seconds: the length that is given back.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "score.mid"), Path(folder, "score.wav")
        source.write_bytes(midi)
        command = ["fluidsynth", "-ni", "-q", "-r", str(SAMPLE_RATE), "-g", str(RENDER_GAIN), "-C", "0"]
        command += ["-o", "synth.polyphony=512", "-o", "synth.reverb.room-size=0.45"]
        command += ["-o", "synth.reverb.level=0.7", "-o", "synth.reverb.damp=0.4"]
        command += ["-O", "float", "-T", "wav", "-F", str(target), str(soundfont), str(source)]
        subprocess.run(command, check=True, capture_output=True)
        audio, rate = soundfile.read(target, always_2d=True)
    if rate != SAMPLE_RATE:
        raise ValueError(f"fluidsynth wrote {rate} Hz, expected {SAMPLE_RATE}")
    count = round(seconds * SAMPLE_RATE)
    return np.pad(audio[:count], ((0, max(0, count - len(audio))), (0, 0)))


def measure_latency(soundfont: Path, clicks: Score) -> float:
    """Median delay in seconds from a note's written time to its first audible sample (−30 dB of its peak)."""
    seconds = LEAD_IN_SECONDS + clicks.seconds(clicks.num_beats)
    audio = np.abs(synthesise(midi_file(clicks, clicks.parts, seconds), soundfont, seconds)).max(axis=1)
    delays = []
    for note in clicks.parts[0].notes:
        written = LEAD_IN_SECONDS + clicks.seconds(note.start)
        begin = round((written - 0.005) * SAMPLE_RATE)
        window = audio[begin : begin + round(0.1 * SAMPLE_RATE)]
        first = int(np.argmax(window > window.max() * 10 ** (-30 / 20)))
        delays.append((begin + first) / SAMPLE_RATE - written)
    return float(np.median(delays))


def _variable_length(value: int) -> bytes:
    """A MIDI variable-length quantity."""
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(value & 0x7F | 0x80)
    return bytes(reversed(out))
