"""Twins: damage that there is in audio, done to the notes. Same arrangement, same seed, same level.

A twin lets its audio damage draw, on the same clip and from the same seed, and does to the notes what that plan
says: pieces of music go where their samples would go, onsets and ends move along the same time map. What is
different between the two is the cutting and stretching, which a twin has none of.

A note belongs to the piece of music in which it begins, or just before which it begins: players may be early. It is
never cut off: what is held over the end of a bar goes on ringing.

Source: this project's.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from degrade_bench.clip import TimeMap
from degrade_bench.clip.notes.notes import Note
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.plan import Drawn
from degrade_bench.degrade.structural.key_break import KeyBreak
from degrade_bench.degrade.structural.missing_beats import MissingBeats
from degrade_bench.degrade.structural.monotony import Monotony
from degrade_bench.degrade.structural.phrase_jump import PhraseJump
from degrade_bench.degrade.structural.pitch_shift import PitchShift
from degrade_bench.degrade.structural.reversed_bars import ReversedBars
from degrade_bench.degrade.structural.section_swap import SectionSwap
from degrade_bench.degrade.structural.shuffle import BarShuffle, BeatShuffle
from degrade_bench.degrade.structural.smooth_tempo import Accelerando, Rubato
from degrade_bench.degrade.structural.stuck_loop import StuckLoop
from degrade_bench.degrade.structural.swing_warp import SwingWarp
from degrade_bench.degrade.structural.tempo_change import TempoChange
from degrade_bench.degrade.structural.tempo_jitter import TempoJitter
from degrade_bench.degrade.symbolic.base import Edited, Music, NotesDamage, within
from degrade_bench.degrade.symbolic.harmony import EARLY_SECONDS
from degrade_bench.runs.names import TWIN_PREFIX


class Twin(NotesDamage):
    """Does to notes what an audio damage does to samples.

    Class attributes:
        kind: the audio damage.
    """

    kind: ClassVar[type[Degradation]]

    def __init__(self, ladder: Ladder | None = None) -> None:
        super().__init__(ladder)
        self.audio = self.kind(self.ladder)

    def __init_subclass__(cls) -> None:
        kind = cls.__dict__.get("kind")
        if kind is None:
            return
        as_in_audio = {
            "name": TWIN_PREFIX + kind.name,
            "family": kind.family,
            "default_ladder": kind.default_ladder,
            "source": f"as {kind.name}; {kind.source}",
            "summary": f"does to the notes what {kind.name} does to the audio",
            "changes_duration": kind.changes_duration,
            "moves_time": kind.moves_time,
            "needs": kind.needs | {"notes"},
            "picture": kind.picture,
        }
        for attribute, value in as_in_audio.items():
            if attribute not in cls.__dict__:
                setattr(cls, attribute, value)

    @property
    def seed_key(self) -> tuple[str, str]:
        """The audio damage's, so that both draw the same."""
        return self.audio.seed_key

    def edit(self, music: Music, level: int, strength: float, rng: np.random.Generator) -> Edited:
        """Draw as the audio damage does; do it to the notes."""
        return self.done(music, self.audio.draw(music.clip, level, strength, rng))

    @abstractmethod
    def done(self, music: Music, drawn: Drawn) -> Edited:
        """What becomes of the notes where the audio damage has drawn this."""


class Rearranged(Twin):
    """Twin of a damage that plays pieces of the clip in another order."""

    def done(self, music: Music, drawn: Drawn) -> Edited:
        """Take the notes along with their pieces."""
        rate = music.clip.sample_rate
        pieces = [(start / rate, end / rate) for start, end in drawn.params["pieces"]]
        notes, added = rearranged(music.notes.notes, pieces)
        seconds = sum(abs(end - start) for start, end in pieces)
        return Edited(notes, drawn.achieved or 0.0, added, (), drawn.annotations, drawn.time_map, seconds)


class Warped(Twin):
    """Twin of a damage that moves the music along a time map."""

    def done(self, music: Music, drawn: Drawn) -> Edited:
        """Move onsets and ends along the map."""
        assert drawn.time_map is not None  # of every warp
        notes = warped(music.notes.notes, drawn.time_map)
        seconds = float(drawn.time_map([music.clip.duration])[0])
        achieved = drawn.achieved or 0.0
        return Edited(notes, achieved, (), (), drawn.annotations, drawn.time_map, seconds)


class SymbolicBarShuffle(Rearranged):
    """Bars in another order."""

    kind = BarShuffle


class SymbolicBeatShuffle(Rearranged):
    """Beats in another order."""

    kind = BeatShuffle


class SymbolicSectionSwap(Rearranged):
    """Two passages change places."""

    kind = SectionSwap


class SymbolicPhraseJump(Rearranged):
    """Jumps ahead and back."""

    kind = PhraseJump


class SymbolicStuckLoop(Rearranged):
    """A bar that hangs."""

    kind = StuckLoop


class SymbolicMissingBeats(Rearranged):
    """Beats left out."""

    kind = MissingBeats


class SymbolicReversedBars(Rearranged):
    """Bars whose notes come in backward order; their ends are where their beginnings were."""

    kind = ReversedBars


class SymbolicMonotony(Rearranged):
    """One bar in place of others."""

    kind = Monotony


class SymbolicTempoChange(Warped):
    """Slower."""

    kind = TempoChange


class SymbolicAccelerando(Warped):
    """Ever faster."""

    kind = Accelerando


class SymbolicRubato(Warped):
    """Waves of tempo."""

    kind = Rubato


class SymbolicTempoJitter(Warped):
    """Uneven beats."""

    kind = TempoJitter


class SymbolicSwingWarp(Warped):
    """Swung eighths."""

    kind = SwingWarp


class SymbolicKeyBreak(Twin):
    """The same bars a semitone off; drums stay as they are."""

    kind = KeyBreak

    def done(self, music: Music, drawn: Drawn) -> Edited:
        """Transpose what begins in the bars."""
        spans = np.asarray(drawn.params["spans"]) / music.clip.sample_rate - EARLY_SECONDS
        notes, semitones = list(music.notes.notes), drawn.params["semitones"]
        for k in music.pitched:
            if any(start <= notes[k].onset < end for start, end in spans):
                notes[k] = notes[k]._replace(pitch=within(notes[k].pitch + semitones))
        return Edited(notes, drawn.achieved or 0.0, annotations=drawn.annotations)


class Transposition(Twin):
    """All pitches higher or lower, by whole semitones: as the audio damage, on a ladder of its own."""

    kind = PitchShift
    name = "transposition"
    summary = "plays the whole clip in another key: from the next one to one half an octave away"
    default_ladder = Ladder((1.0, 2.0, 3.0, 4.0, 6.0), "semitones")

    def done(self, music: Music, drawn: Drawn) -> Edited:
        """Transpose whatever has a pitch."""
        semitones, notes = round(drawn.params["semitones"]), list(music.notes.notes)
        for k in music.pitched:
            notes[k] = notes[k]._replace(pitch=within(notes[k].pitch + semitones))
        return Edited(notes, drawn.achieved or 0.0, annotations=drawn.annotations)


def rearranged(
    notes: Sequence[Note], pieces: Sequence[tuple[float, float]]
) -> tuple[list[Note | None], list[Note]]:
    """Notes whose music is played in another order, and those that are played once more.

    Args:
        notes: as they were.
        pieces: ``(start, end)`` of music in seconds, in the order in which they are heard; a start after its end is
            heard backwards.

    Returns:
        each note where it is heard first, None for one that is not heard; and all further times.
    """
    first: list[Note | None] = [None] * len(notes)
    added: list[Note] = []
    onsets, position = np.asarray([note.onset for note in notes]), 0.0
    for start, end in pieces:
        low, high = min(start, end), max(start, end)
        early = low - EARLY_SECONDS if low > 0 else -np.inf
        for k in np.flatnonzero((onsets >= early) & (onsets < high - EARLY_SECONDS)).tolist():
            within_piece = notes[k].onset - start if start <= end else start - notes[k].end
            note = notes[k]._replace(onset=max(0.0, position + within_piece))
            if start > end:
                note = note._replace(onset=max(position, note.onset))
            if first[k] is None:
                first[k] = note if abs(note.onset - notes[k].onset) > 1e-9 else notes[k]
            else:
                added.append(note)
        position += high - low
    return first, added


def warped(notes: Sequence[Note], time_map: TimeMap) -> list[Note]:
    """Notes whose onsets and ends are moved along a map."""
    onsets = time_map([note.onset for note in notes]).tolist()
    ends = time_map([note.end for note in notes]).tolist()
    return [
        note._replace(onset=max(0.0, onset), length=max(end - onset, 0.001))
        for note, onset, end in zip(notes, onsets, ends, strict=True)
    ]
