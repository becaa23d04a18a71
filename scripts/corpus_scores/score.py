"""Scores in code: notes in beats, and a few words to write them with.

A beat is the beat of the piece (the dotted quarter in 6/8). Pitches are MIDI numbers, C4 = 60.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import accumulate

SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
QUALITIES = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "9": (0, 4, 10, 14),
    "m9": (0, 3, 10, 14),
    "maj9": (0, 4, 11, 14),
    "13": (0, 4, 10, 21),
    "add9": (0, 4, 7, 14),
    "sus4": (0, 5, 7),
    "dim": (0, 3, 6),
    "dim7": (0, 3, 6, 9),
    "m7b5": (0, 3, 6, 10),
    "7b9": (0, 4, 10, 13),
}


@dataclass(frozen=True)
class Note:
    """One note: start and length in beats, MIDI pitch, MIDI velocity."""

    start: float
    length: float
    pitch: int
    velocity: int


@dataclass(frozen=True)
class Part:
    """What one player plays.

    Attributes:
        name: the player.
        stem: ``drums``, ``bass``, ``harmony`` or ``melody``.
        program: General MIDI program, counted from 0; the kit where ``drums``.
        notes: in any order.
        pan, volume, reverb: MIDI controllers 10, 7 and 91, 0 to 127.
        drums: whether the part plays on the percussion channel.
        jitter_ms: standard deviation of the player's timing.
        attack_ms: how much earlier the player starts, so that a slow attack is heard on the beat.
    """

    name: str
    stem: str
    program: int
    notes: tuple[Note, ...]
    pan: int = 64
    volume: int = 100
    reverb: int = 40
    drums: bool = False
    jitter_ms: float = 3.0
    attack_ms: float = 0.0


@dataclass(frozen=True)
class Score:
    """A piece: what is played and what an analyst would write above it.

    Attributes:
        bpm: beats per minute; their mean where there is ``rubato``.
        beats_per_bar: beats, not the metre's numerator: 2 in 6/8.
        chords: one symbol or more per bar, bars divided by ``|``, spread evenly over the bar.
        sections: ``(bar, label)``, bars counted from 0.
        rubato: length of every beat relative to the mean beat; empty for a strict tempo.
        lufs: the loudness that the mix is brought to.
        with_stems: whether the stems are stored too.
        tail_seconds: what goes on ringing after the last bar.
    """

    id: str
    title: str
    style: str
    origin: str
    key: str
    time_signature: str
    beats_per_bar: int
    bpm: float
    chords: str
    sections: tuple[tuple[int, str], ...]
    parts: tuple[Part, ...]
    rubato: tuple[float, ...] = ()
    lufs: float = -18.0
    with_stems: bool = False
    tail_seconds: float = 0.5
    beat_unit: str = "quarter"
    final_chord: str = ""  # what is struck on the downbeat after the last bar, if anything is

    @property
    def bars(self) -> int:
        """Number of bars."""
        return len(self.chords.split("|"))

    @property
    def num_beats(self) -> int:
        """Number of beats in all bars."""
        return self.bars * self.beats_per_bar

    def seconds(self, beat: float) -> float:
        """Time of a beat, fractions allowed, from the first beat of the first bar."""
        lengths = self.rubato or (1.0,) * self.num_beats
        mean = sum(lengths) / len(lengths)
        ends = [0.0, *accumulate(lengths)]
        whole = min(max(int(beat // 1), 0), len(lengths) - 1)
        return (ends[whole] + (beat - whole) * lengths[whole]) / mean * 60.0 / self.bpm

    def chord_starts(self) -> list[tuple[float, str]]:
        """``(beat, symbol)`` of every chord change."""
        final = [(float(self.num_beats), self.final_chord)] if self.final_chord else []
        return chord_beats(self.chords, self.beats_per_bar) + final


@dataclass
class Voicer:
    """Voices chord symbols in close position, every chord as near to the one before as it can be."""

    low: int
    high: int
    last: tuple[int, ...] = field(default=())

    def __call__(self, symbol: str) -> tuple[int, ...]:
        """The pitches of ``symbol`` between ``low`` and ``high``."""
        root, intervals = parse_chord(symbol)
        classes = [(root + i) % 12 for i in intervals]
        candidates = []
        for bottom in range(self.low, self.high):
            if bottom % 12 in classes:
                chord = tuple(sorted(bottom + (c - bottom) % 12 for c in classes))
                if chord[-1] <= self.high:
                    candidates.append(chord)
        centre = (self.low + self.high) / 2

        def distance(chord: tuple[int, ...]) -> float:
            if len(self.last) != len(chord):
                return abs(sum(chord) / len(chord) - centre)
            return sum(abs(a - b) for a, b in zip(chord, self.last, strict=True))

        self.last = min(candidates, key=distance)
        return self.last


def pitch(name: str) -> int:
    """MIDI number of a pitch such as ``F#4`` or ``Bb2``."""
    match = re.fullmatch(r"([A-G])([#b]*)(-?\d)", name)
    if not match:
        raise ValueError(f"not a pitch: {name!r}")
    letter, accidentals, octave = match.groups()
    shift = accidentals.count("#") - accidentals.count("b")
    return 12 * (int(octave) + 1) + SEMITONES[letter] + shift


def parse_chord(symbol: str) -> tuple[int, tuple[int, ...]]:
    """Root's pitch class and intervals above it of a symbol such as ``F#m7`` or ``C/E``."""
    match = re.fullmatch(r"([A-G][#b]?)([^/]*)(/.+)?", symbol)
    if not match or match[2] not in QUALITIES:
        raise ValueError(f"no such chord symbol: {symbol!r}; the qualities are those of QUALITIES")
    return pitch(match[1] + "0") % 12, QUALITIES[match[2]]


def bass_class(symbol: str) -> int:
    """Pitch class of a chord symbol's bass."""
    return pitch(symbol.split("/")[1] + "0") % 12 if "/" in symbol else parse_chord(symbol)[0]


def chord_beats(chords: str, beats_per_bar: int) -> list[tuple[float, str]]:
    """``(beat, symbol)`` of a progression with bars divided by ``|``."""
    starts = []
    for bar, symbols in enumerate(chords.split("|")):
        names = symbols.split()
        starts += [(beats_per_bar * (bar + i / len(names)), name) for i, name in enumerate(names)]
    return starts


def line(text: str, start: float = 0.0, velocity: int = 80, unit: float = 1.0, hold: float = 0.95) -> list[Note]:
    """Notes of a line such as ``"E5:1 D5:.5 C5 R:1 C4+E4+G4:2!"``.

    A length holds until the next one; ``R`` rests, ``+`` stacks pitches, ``!`` accents, ``_`` plays softly.

    Args:
        text: the line; ``|`` is for the eye only.
        start: beat of the first token.
        velocity: of a note without a mark.
        unit: beats that a length of 1 stands for.
        hold: share of a note's length that it sounds.
    """
    notes, at, length = [], start, 1.0
    for token in text.replace("|", " ").split():
        accent = 16 * token.count("!") - 16 * token.count("_")
        name, _, value = token.strip("!_").partition(":")
        length = float(value) if value else length
        if name != "R":
            for one in name.split("+"):
                notes.append(Note(at, length * unit * hold, pitch(one), velocity + accent))
        at += length * unit
    return notes


def grid(text: str, sound: int, start: float = 0.0, step: float = 0.25, velocity: int = 84) -> list[Note]:
    """Drum hits on a grid: ``x`` hit, ``X`` accent, ``o`` ghost, else silence; blanks are ignored.

    Args:
        text: one character for each cell; ``|`` and blanks are for the eye only.
        sound: the MIDI note of the drum.
        start: of the first cell, in beats.
        step: length of a cell, in beats.
        velocity: of a plain hit; an accent is 20 more, a ghost 34 less.
    """
    levels = {"x": 0, "X": 20, "o": -34}
    cells = text.replace(" ", "").replace("|", "")
    return [Note(start + i * step, step, sound, velocity + levels[c]) for i, c in enumerate(cells) if c in levels]


def chord_hits(
    chords: str, beats_per_bar: int, rhythm: str, voicer: Voicer, step: float, velocity: int, hold: float
) -> list[Note]:
    """The progression's chords, voiced and struck on a grid.

    Args:
        chords: the progression, bars between ``|``.
        beats_per_bar: beats in a bar.
        rhythm: one bar or several, as for :func:`grid`, repeated to the end.
        voicer: a chord's symbol to its pitches.
        step: length of a cell, in beats.
        velocity: of a plain hit.
        hold: length of a chord, in beats.
    """
    changes = chord_beats(chords, beats_per_bar)
    voiced = [(beat, voicer(symbol)) for beat, symbol in changes]
    total = beats_per_bar * len(chords.split("|"))
    cells = rhythm.replace(" ", "").replace("|", "")
    cells *= -(-int(total / step) // len(cells))
    notes = []
    for hit in grid(cells[: int(total / step)], 0, step=step, velocity=velocity):
        chord = [c for beat, c in voiced if beat <= hit.start + 1e-6][-1]
        notes += [replace(hit, length=hold, pitch=p) for p in chord]
    return notes


def chord_steps(
    chords: str, beats_per_bar: int, pattern: str, low: int, step: float, velocity: int, hold: float = 0.9
) -> list[Note]:
    """A line of chord degrees on a grid: bass lines and broken chords.

    ``1 3 5 7 9`` are degrees of the chord over its bass, ``8`` the bass an octave up, ``2`` the third and
    ``6`` the fifth an octave up, ``l`` a semitone under the next chord's bass; ``-`` holds, ``.`` rests.

    Args:
        chords: the progression.
        beats_per_bar: beats in a bar.
        pattern: one bar or several, repeated to the end; blanks and ``|`` are for the eye.
        low: lowest pitch that the bass may take.
        step: length of a cell in beats.
        velocity: of every note.
        hold: share of a note's length that it sounds.
    """
    changes = chord_beats(chords, beats_per_bar)
    cells = pattern.replace(" ", "").replace("|", "")
    count = round(beats_per_bar * len(chords.split("|")) / step)
    notes: list[Note] = []
    for i in range(count):
        cell = cells[i % len(cells)]
        if cell == "-" and notes:
            notes[-1] = replace(notes[-1], length=notes[-1].length + step * hold)
        if cell in "-.":
            continue
        at = max(k for k, (beat, _) in enumerate(changes) if beat <= i * step + 1e-6)
        symbol, following = changes[at][1], changes[(at + 1) % len(changes)][1]
        bass = low + (bass_class(symbol) - low) % 12
        root, intervals = parse_chord(symbol)
        third, fifth = intervals[1], 6 if 6 in intervals else 7
        classes = {"3": root + third, "2": root + third, "5": root + fifth, "6": root + fifth}
        classes |= {"7": root + intervals[-1] if len(intervals) > 3 else root, "9": root + 2}
        if cell in classes:
            played = bass + (classes[cell] - bass) % 12 + (12 if cell in "269" else 0)
        elif cell == "l":
            played = low + (bass_class(following) - low) % 12 - 1
        else:
            played = bass + (12 if cell == "8" else 0)
        notes.append(Note(i * step, step * hold, played, velocity))
    return notes


def shift(notes: list[Note], semitones: int = 0, beats: float = 0.0, velocity: int = 0) -> list[Note]:
    """The notes moved in pitch, time and velocity.

    Args:
        notes: what is moved; stays as it is.
        semitones: added to the pitches.
        beats: added to the starts.
        velocity: added to the velocities.
    """
    return [
        replace(n, pitch=n.pitch + semitones, start=n.start + beats, velocity=n.velocity + velocity) for n in notes
    ]


def swing(notes: list[Note], ratio: float = 0.63) -> list[Note]:
    """Move the off-beat eighths late: half a beat becomes ``ratio`` of a beat."""

    def moved(beat: float) -> float:
        whole, part = divmod(beat, 1.0)
        return whole + (part * 2 * ratio if part < 0.5 else ratio + (part - 0.5) * 2 * (1 - ratio))

    return [replace(n, start=moved(n.start), length=moved(n.start + n.length) - moved(n.start)) for n in notes]


def swell(notes: list[Note], shape: tuple[tuple[float, int], ...]) -> list[Note]:
    """Add dynamics: ``shape`` gives ``(beat, velocity change)`` points, joined by straight lines."""

    def change(beat: float) -> float:
        before = [p for p in shape if p[0] <= beat] or [shape[0]]
        after = [p for p in shape if p[0] > beat] or [shape[-1]]
        (b0, v0), (b1, v1) = before[-1], after[0]
        return v0 if b1 <= b0 else v0 + (v1 - v0) * (beat - b0) / (b1 - b0)

    return [replace(n, velocity=round(n.velocity + change(n.start))) for n in notes]
