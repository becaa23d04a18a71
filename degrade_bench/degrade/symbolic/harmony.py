"""Damage to harmony: wrong notes, wrong chords, wrong keys, a wrong bass.

Source: this project's; MAD moves notes by up to six semitones, midi_degradation_toolkit shifts single pitches. Keys
that are a fifth apart share all notes but one, those that are five fifths apart share two.
"""

from __future__ import annotations

import numpy as np

from degrade_bench.clip.pitch_names import KEY, MINOR, SEMITONES_OF_LETTER
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.structural.segments import required_bounds
from degrade_bench.degrade.symbolic.base import Edited, Music, NotesDamage, chosen, required_parts, within

MAJOR_SCALE, MINOR_SCALE = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
EARLY_SECONDS = 0.03
"""So much before a bar or a chord begins, a player may begin it."""


class WrongNotes(NotesDamage):
    """Moves a share of the pitches by a semitone, up or down."""

    name = "wrong_notes"
    family = "harmony"
    default_ladder = Ladder((3.0, 8.0, 16.0, 30.0, 50.0), "% of notes")
    source = "this project; MAD moves notes by up to six semitones"
    summary = "plays notes a semitone off: from a slip to every second note wrong"

    def edit(self, music: Music, level: int, strength: float, rng: np.random.Generator) -> Edited:
        """Draw a direction for each note; take as many as the level asks."""
        steps = rng.choice([-1, 1], len(music.notes.notes))
        return moved(music, {k: int(steps[k]) for k in chosen(music.pitched, level, strength, rng)})


class WrongScaleNotes(NotesDamage):
    """Moves a share of the pitches by a step or two of the scale."""

    name = "wrong_scale_notes"
    family = "harmony"
    default_ladder = Ladder((3.0, 8.0, 16.0, 30.0, 60.0), "% of notes")
    source = "this project; midi_degradation_toolkit can move a pitch to one that other notes have"
    summary = "plays other notes of the same scale: wrong, and yet in the key"

    def edit(self, music: Music, level: int, strength: float, rng: np.random.Generator) -> Edited:
        """Draw a step for each note; take as many as the level asks."""
        steps = rng.choice([-2, -1, 1, 2], len(music.notes.notes))
        scale = scale_of(music)
        taken = chosen(music.pitched, level, strength, rng)
        return moved(music, {k: step_in(scale, music.notes.notes[k].pitch, int(steps[k])) for k in taken})


class WrongChords(NotesDamage):
    """Transposes what accompanies, chord by chord, to chords that have nothing to do with it."""

    name = "wrong_chords"
    family = "harmony"
    default_ladder = Ladder((12.0, 25.0, 45.0, 70.0, 100.0), "% of chords")
    summary = "puts unrelated chords under the melody: from one to all of them"

    def edit(self, music: Music, level: int, strength: float, rng: np.random.Generator) -> Edited:
        """Draw an interval for each chord; the melody stays."""
        required_parts(music, 2)
        known = music.clip.annotations
        starts = np.asarray([start for start, _ in known.chords] or known.downbeats)
        intervals = rng.choice([-1, 1, 3, -4, 6, -3, 4], len(starts) + 1)
        taken = chosen(range(len(starts)), level, strength, rng, "chords or bars")
        melody, shifts = music.melody, {}
        for k in music.pitched:
            note = music.notes.notes[k]
            place = int(np.searchsorted(starts, note.onset + EARLY_SECONDS)) - 1
            if place in taken and note.part != melody:
                shifts[k] = int(intervals[place])
        edited = moved(music, shifts, 100 * len(taken) / len(starts))
        return edited


class OtherKeyPart(NotesDamage):
    """Transposes one part by one to five fifths."""

    name = "other_key_part"
    family = "harmony"
    default_ladder = Ladder((1.0, 2.0, 3.0, 4.0, 5.0), "fifths")
    summary = "plays one part in another key: from a neighbouring key to the most remote one"

    def edit(self, music: Music, level: int, strength: float, rng: np.random.Generator) -> Edited:
        """Draw the part, and whether its key is sharper or flatter."""
        parts = required_parts(music, 2)
        part = parts[int(rng.integers(len(parts)))]
        sign = 1 if rng.random() < 0.5 else -1
        semitones = (7 * sign * round(strength) + 6) % 12 - 6
        return moved(music, dict.fromkeys(music.of_part(part), semitones), strength)


class WrongBass(NotesDamage):
    """Moves bass notes to pitches that no other part plays at that moment."""

    name = "wrong_bass"
    family = "harmony"
    default_ladder = Ladder((10.0, 25.0, 45.0, 70.0, 100.0), "% of bass notes")
    summary = "leads the bass off the chords: from a slip to a bass of another piece"

    def edit(self, music: Music, level: int, strength: float, rng: np.random.Generator) -> Edited:
        """Draw in which order intervals are tried for each note."""
        required_parts(music, 2)
        notes, bass = music.notes.notes, music.bass
        tried = rng.permuted(np.tile([1, -1, 2, -2, 6, 3, -3, 4], (len(notes), 1)), axis=1)
        shifts = {}
        for k in chosen(music.of_part(bass), level, strength, rng, "bass notes"):
            note = notes[k]
            others = (notes[j] for j in music.pitched if notes[j].part != bass)
            sounding = {one.pitch % 12 for one in others if one.onset < note.end and one.end > note.onset}
            clashing = [int(step) for step in tried[k] if (note.pitch + step) % 12 not in sounding]
            shifts[k] = (clashing or [int(tried[k][0])])[0]
        return moved(music, shifts, 100 * len(shifts) / len(music.of_part(bass)))


class OtherKeyBars(NotesDamage):
    """Transposes a share of the bars by one to six semitones."""

    name = "other_key_bars"
    family = "harmony"
    default_ladder = Ladder((12.0, 25.0, 37.0, 50.0, 62.0), "% of bars")
    summary = "plays some bars in other keys, each in its own: from one bar to most of them"

    def edit(self, music: Music, level: int, strength: float, rng: np.random.Generator) -> Edited:
        """Draw an interval for each bar."""
        bounds = required_bounds(music.clip, "bar") / music.clip.sample_rate
        intervals = rng.choice([-5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6], len(bounds))
        taken = chosen(range(len(bounds) - 1), level, strength, rng, "bars")
        shifts = {}
        for k in music.pitched:
            bar = int(np.searchsorted(bounds, music.notes.notes[k].onset + EARLY_SECONDS)) - 1
            if bar in taken:
                shifts[k] = int(intervals[bar])
        return moved(music, shifts, 100 * len(taken) / (len(bounds) - 1))


def moved(music: Music, shifts: dict[int, int], achieved: float | None = None) -> Edited:
    """Notes transposed one by one; key and chords are as they were written, and no longer as they sound.

    Args:
        music: the clip's.
        shifts: semitones, by the note's place.
        achieved: the strength; by default the share of notes with pitches that are moved, in %.
    """
    notes = list(music.notes.notes)
    for k, semitones in shifts.items():
        notes[k] = notes[k]._replace(pitch=within(notes[k].pitch + semitones))
    share = 100 * len(shifts) / len(music.pitched) if achieved is None else achieved
    return Edited(notes, share, annotations=music.clip.annotations.without("key", "chords"))


def scale_of(music: Music) -> tuple[int, ...]:
    """The pitch classes of the clip's key, or the seven that are played most."""
    named = KEY.match(music.clip.annotations.key or "")
    if named is not None:
        signs = named["accidentals"]
        tonic = SEMITONES_OF_LETTER[named["letter"]] + signs.count("#") - signs.count("b")
        scale = MINOR_SCALE if MINOR.match(named["rest"]) else MAJOR_SCALE
        return tuple(sorted((tonic + step) % 12 for step in scale))
    counts = np.bincount([music.notes.notes[k].pitch % 12 for k in music.pitched], minlength=12)
    return tuple(sorted(np.argsort(-counts, kind="stable")[:7].tolist()))


def step_in(scale: tuple[int, ...], pitch: int, steps: int) -> int:
    """Semitones to the pitch that lies so many steps of a scale away, from a pitch in it or between two of it.

    Args:
        scale: pitch classes.
        pitch: where it begins.
        steps: up or down; not 0.
    """
    sign, left, semitones = (1 if steps > 0 else -1), abs(steps), 0
    while left:
        semitones += sign
        left -= (pitch + semitones) % 12 in scale
    return semitones
