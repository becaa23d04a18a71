"""Standard MIDI files: the notes of a piece, and what the file says of tempo, metre, key, sections and chords.

Read are formats 0 and 1. Pedals lengthen notes; volume, expression and panning are a part's as they stand when it
first plays; bends and other controllers are left out. Beats and bars follow from the tempo and the time signatures;
markers are sections and cue points are chords. Every piece begins after a moment of silence.

Source: Standard MIDI Files 1.0 (MIDI Manufacturers Association); read by mido.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from degrade_bench._support.numbers import fixed
from degrade_bench._support.plain_text import plain
from degrade_bench._support.reading import read_bytes_file
from degrade_bench.clip.annotations import Annotations
from degrade_bench.clip.notes.notes import Note, Notes, Part
from degrade_bench.errors import AudioError

READER = "2"
"""Changes whenever other notes would be read of the same file."""
SUFFIXES = (".mid", ".midi")
LEAD_IN_SECONDS = 0.1
TAIL_SECONDS = 1.0
MOST_BYTES = 64 << 20
MOST_NOTES = 200_000
MOST_SECONDS = 2 * 3600.0
ON_THE_BAR_SECONDS = 0.03
"""A player is on a bar's beginning who is no farther from it than this."""
DRUM_CHANNEL = 9
USUAL_VOLUME, FULL = 100, 127
MOST_BEATS = 100_000


@dataclass(frozen=True, eq=False)
class Piece:
    """What a MIDI file holds.

    Attributes:
        notes: all of them.
        annotations: beats, bars, sections, chords, key, tempo and metre.
        seconds: how long a recording of it is: to the end of the last note, and a little more.
    """

    notes: Notes
    annotations: Annotations
    seconds: float


@lru_cache(maxsize=4)
def _piece(path: Path, content: bytes) -> Piece:
    return _Reader(path, _parsed(path, content)).piece()


def read_midi(path: Path) -> Piece:
    """Read a MIDI file.

    Raises:
        AudioError: unreadable, no MIDI, without notes, without a tempo, of drums alone, or without an end.
    """
    try:
        content = read_bytes_file(path, MOST_BYTES)
    except OSError as error:
        raise AudioError(f"{path}: {error.strerror or error}") from error
    return _piece(path, content)


def is_midi(path: Path) -> bool:
    """Whether a file is a MIDI file, by its name."""
    return path.suffix.lower() in SUFFIXES


def _parsed(path: Path, content: bytes) -> Any:
    import mido

    if not content:
        raise AudioError(f"{path}: the file is empty")
    if content[:4] == b"RIFF" and content[8:12] == b"RMID":
        content = content[content.find(b"MThd") :]
    if content[:4] != b"MThd":
        raise AudioError(f"{path}: not a standard MIDI file: it does not begin with MThd")
    try:
        parsed = mido.MidiFile(file=io.BytesIO(_known_chunks(content)), clip=True)
    except Exception as error:  # whatever mido makes of bytes that are none
        said = plain(str(error))[:80] or "it ends too early"
        raise AudioError(f"{path}: cannot be read as a standard MIDI file: {said}") from error
    if parsed.type not in (0, 1):
        raise AudioError(f"{path}: a MIDI file of format {parsed.type}, expected 0 or 1")
    if parsed.ticks_per_beat <= 0:
        raise AudioError(f"{path}: its times are in frames of video, expected ticks of a beat")
    return parsed


def _known_chunks(content: bytes) -> bytes:
    """Header and tracks: chunks of other kinds are to be passed over."""
    kept, place = b"", 0
    while place + 8 <= len(content):
        end = place + 8 + int.from_bytes(content[place + 4 : place + 8], "big")
        if content[place : place + 4] in (b"MThd", b"MTrk"):
            kept += content[place:end]
        place = end
    return kept


@dataclass
class _Channel:
    """What a channel of a track is set to while it is read."""

    program: int = 0
    volume: int = USUAL_VOLUME
    expression: int = FULL
    pan: int = 64
    pedal: bool = False
    sounding: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    held: list[tuple[int, int, int]] = field(default_factory=list)


def _timed(track: Any) -> Iterator[tuple[int, Any]]:
    """The messages of a track with their ticks from its beginning."""
    tick = 0
    for message in track:
        tick += message.time
        yield tick, message


def _playing(track: Sequence[tuple[int, Any]]) -> set[int]:
    """The channels on which a track plays."""
    return {message.channel for _, message in track if message.type == "note_on" and message.velocity > 0}


def _with_settings(tracks: Sequence[Sequence[tuple[int, Any]]]) -> Iterator[Sequence[tuple[int, Any]]]:
    """Each track with what others say of its channels that play nothing there: a file may set them up in one place.

    Args:
        tracks: messages with their ticks.
    """
    playing = [_playing(track) for track in tracks]
    told = [[timed for timed in track if timed[1].type in ("program_change", "control_change")] for track in tracks]
    for place, track in enumerate(tracks):
        settings = [
            timed
            for other, channels in enumerate(playing)
            for timed in told[other]
            if timed[1].channel in playing[place] - channels
        ]
        yield sorted([*settings, *track], key=lambda timed: timed[0]) if settings else track


class _Reader:
    """Goes through the messages of a file."""

    def __init__(self, path: Path, parsed: Any) -> None:
        self.path, self.parsed = path, parsed
        self.parts: dict[tuple[int, int, int], Part] = {}
        self.raw: list[tuple[int, int, int, int, int]] = []  # tick on, tick off, pitch, velocity, part
        self.tempos: dict[int, int] = {}
        self.metres: dict[int, tuple[int, int]] = {}
        self.sections: list[tuple[int, str]] = []
        self.chords: list[tuple[int, str]] = []
        self.key: str | None = None

    def piece(self) -> Piece:
        """All of the file."""
        tracks = [list(_timed(track)) for track in self.parsed.tracks]
        for number, timed in enumerate(_with_settings(tracks)):
            self._track(number, timed)
        if not self.raw:
            raise AudioError(f"{self.path}: holds no notes")
        parts = tuple(self.parts.values())
        if all(part.drums for part in parts):
            raise AudioError(f"{self.path}: holds drums alone, expected pitches too")
        if not self.tempos:
            raise AudioError(f"{self.path}: says no tempo, so that nobody knows where its beats are")
        on, off = (self._seconds([row[k] for row in self.raw]) for k in (0, 1))
        seconds = float(off.max()) + TAIL_SECONDS
        if seconds > MOST_SECONDS:
            raise AudioError(f"{self.path}: goes on for {fixed(seconds / 3600, 1)} hours, expected at most 2")
        rows = zip(on.tolist(), (off - on).tolist(), self.raw, strict=True)
        notes = [Note(start, max(length, 0.001), row[2], row[3], row[4]) for start, length, row in rows]
        return Piece(Notes((), parts).with_notes(notes), self._annotations(float(on.max())), seconds)

    def _track(self, number: int, track: Sequence[tuple[int, Any]]) -> None:
        channels: dict[int, _Channel] = {}
        tick, name = 0, ""
        for tick, message in track:
            if message.is_meta:
                name = plain(message.name).strip() if message.type == "track_name" else name
                self._meta(tick, message)
            elif hasattr(message, "channel"):
                channel = channels.setdefault(message.channel, _Channel())
                self._message(tick, message, channel, (number, name))
        for state in channels.values():  # what is never let go ends with its track
            for pitch, struck in state.sounding.items():
                state.held += [(pitch, row, tick) for _, row in struck]
            self._let_go(state, tick)

    def _message(self, tick: int, message: Any, channel: _Channel, track: tuple[int, str]) -> None:
        if message.type == "program_change":
            channel.program = message.program
        elif message.type == "control_change":
            self._control(tick, message, channel)
        elif message.type == "note_on" and message.velocity > 0:
            if len(self.raw) >= MOST_NOTES:
                raise AudioError(f"{self.path}: more than {MOST_NOTES} notes")
            part = self._part(message.channel, channel, track)
            channel.sounding.setdefault(message.note, []).append((tick, len(self.raw)))
            self.raw.append((tick, tick, message.note, message.velocity, part))
        elif message.type in ("note_on", "note_off"):
            struck = channel.sounding.get(message.note)
            if struck:
                _, row = struck.pop(0)
                channel.held.append((message.note, row, tick))
                if not channel.pedal:
                    self._let_go(channel, tick)

    def _control(self, tick: int, message: Any, channel: _Channel) -> None:
        value = message.value
        if message.control == 64:
            channel.pedal = value >= 64
            if not channel.pedal:
                self._let_go(channel, tick)
        names = {7: "volume", 10: "pan", 11: "expression"}
        if message.control in names:
            setattr(channel, names[message.control], value)

    def _let_go(self, channel: _Channel, tick: int) -> None:
        for _, row, _ in channel.held:
            on, _, *rest = self.raw[row]
            self.raw[row] = (on, max(tick, on + 1), *rest)  # type: ignore[assignment]
        channel.held.clear()

    def _part(self, number: int, channel: _Channel, track: tuple[int, str]) -> int:
        key = (track[0], number, channel.program)
        if key not in self.parts:
            volume = round(channel.volume * channel.expression / FULL)
            name = track[1] or f"channel {number + 1}"
            self.parts[key] = Part(name, channel.program, number == DRUM_CHANNEL, volume, channel.pan)
        return list(self.parts).index(key)

    def _meta(self, tick: int, message: Any) -> None:
        if message.type == "set_tempo" and message.tempo > 0:
            self.tempos[tick] = message.tempo
        elif message.type == "time_signature" and message.numerator > 0:
            self.metres[tick] = (message.numerator, message.denominator)
        elif message.type == "key_signature" and self.key is None:
            self.key = message.key.rstrip("m") + (" minor" if message.key.endswith("m") else " major")
        elif message.type == "marker":
            self.sections.append((tick, plain(message.text).strip()))
        elif message.type == "cue_marker":
            self.chords.append((tick, plain(message.text).strip()))

    def _seconds(self, ticks: Sequence[float]) -> np.ndarray:
        """When ticks are, by the tempos up to each of them."""
        changes = sorted({0: 500_000, **self.tempos}.items())
        starts = np.array([tick for tick, _ in changes], dtype=float)
        slopes = np.array([tempo for _, tempo in changes]) / 1e6 / self.parsed.ticks_per_beat
        times = np.concatenate([[0.0], np.cumsum(np.diff(starts) * slopes[:-1])])
        asked = np.asarray(ticks, dtype=float)
        row = np.searchsorted(starts, asked, side="right") - 1
        values: np.ndarray = LEAD_IN_SECONDS + times[row] + (asked - starts[row]) * slopes[row]
        return values

    def _annotations(self, last_onset: float) -> Annotations:
        beats, downbeats = [], []
        for tick, is_first in self._beats():
            seconds = float(self._seconds([tick])[0])
            beats.append(seconds)
            if is_first:
                downbeats.append(seconds)
                if len(downbeats) > 1 and seconds >= last_onset - ON_THE_BAR_SECONDS:
                    break
        spans = {
            name: tuple((float(self._seconds([tick])[0]), text) for tick, text in rows)
            for name, rows in (("sections", sorted(self.sections)), ("chords", sorted(self.chords)))
            if rows
        }
        numerator, denominator = self._metre()
        known = len(beats) > 1
        return Annotations(
            beats=tuple(beats),
            downbeats=tuple(downbeats),
            key=self.key,
            tempo_bpm=60 * (len(beats) - 1) / (beats[-1] - beats[0]) if known else None,
            time_signature=f"{numerator}/{denominator}",
            beat_source="annotated",
            beat_confidence=1.0,
            downbeat_confidence=1.0,
            **spans,
        )

    def _metre(self) -> tuple[int, int]:
        """The time signature that holds for most of the notes: the first one may be that of a pickup."""
        metres = sorted({0: (4, 4), **self.metres}.items())
        rows = np.searchsorted([tick for tick, _ in metres], [row[0] for row in self.raw], side="right") - 1
        held: dict[tuple[int, int], int] = {}
        for row in rows.tolist():
            held[metres[row][1]] = held.get(metres[row][1], 0) + 1
        return max(held, key=lambda metre: held[metre])

    def _beats(self) -> Iterator[tuple[float, bool]]:
        """The tick of every beat, and whether it begins a bar; a time signature begins one."""
        metres = sorted({0: (4, 4), **self.metres}.items())
        tick, row, count = 0.0, 0, 0
        for _ in range(MOST_BEATS):
            while row + 1 < len(metres) and metres[row + 1][0] <= tick + 0.5:
                row, count = row + 1, 0
                tick = float(metres[row][0])
            numerator, denominator = metres[row][1]
            units = 3 if numerator % 3 == 0 and numerator > 3 and denominator >= 8 else 1
            yield tick, count % (numerator // units) == 0
            count += 1
            tick += units * 4 * self.parsed.ticks_per_beat / denominator
            if row + 1 < len(metres):
                tick = min(tick, float(metres[row + 1][0]))
