"""Damage to rhythm: onsets in another order, a part or everybody out of time, notes too long or too short.

Source: this project's. Musicians of an ensemble are 30 to 50 ms apart (R. A. Rasch, Acustica 43, 1979); MAD and
midi_degradation_toolkit move onsets and offsets.
"""

from __future__ import annotations

import numpy as np

from degrade_bench.clip.notes.notes import Note
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.structural.segments import required_bounds
from degrade_bench.degrade.symbolic.base import Edited, Music, NotesDamage, chosen
from degrade_bench.degrade.symbolic.harmony import EARLY_SECONDS
from degrade_bench.errors import NotApplicableError

SHORTEST_SECONDS, LONGEST_SECONDS = 0.03, 6.0


class OnsetShuffle(NotesDamage):
    """In some bars each part's time spans between onsets come in another order."""

    name = "onset_shuffle"
    family = "rhythm"
    default_ladder = Ladder((20.0, 40.0, 60.0, 80.0, 100.0), "% of bars")
    summary = "gives the bars another rhythm, each part its own: the same time spans in another order"

    def edit(self, music: Music, level: int, strength: float, rng: np.random.Generator) -> Edited:
        """Draw an order for every part of every bar."""
        bounds = required_bounds(music.clip, "bar") / music.clip.sample_rate
        count, notes = len(bounds) - 1, list(music.notes.notes)
        keys = rng.random((count, len(music.notes.parts), 64))
        taken = chosen(range(count), level, strength, rng, "bars")
        for bar in taken:
            start, end = bounds[bar] - EARLY_SECONDS, bounds[bar + 1] - EARLY_SECONDS
            for part in range(len(music.notes.parts)):
                inside = [k for k in music.of_part(part) if start <= notes[k].onset < end]
                _shuffled(notes, inside, float(end), keys[bar, part])
        return Edited(notes, 100 * len(taken) / count)


def _shuffled(notes: list[Note], inside: list[int], end: float, keys: np.ndarray) -> None:
    """Put the spans between the onsets of some notes into another order; what begins together stays together."""
    groups: list[list[int]] = []
    for k in inside:
        if groups and notes[k].onset - notes[groups[-1][0]].onset < EARLY_SECONDS:
            groups[-1].append(k)
        else:
            groups.append([k])
    onsets = np.asarray([notes[group[0]].onset for group in groups])
    if len(onsets) < 2:
        return
    spans = np.diff(onsets, append=end)
    order = np.argsort(np.resize(keys, len(spans)), kind="stable")
    if np.allclose(spans[order], spans, atol=EARLY_SECONDS):
        order = np.roll(np.arange(len(spans)), 1)
    moved = onsets[0] + np.concatenate([[0.0], np.cumsum(spans[order])[:-1]])
    for group, new in zip(groups, moved.tolist(), strict=True):
        first = notes[group[0]].onset
        for k in group:
            notes[k] = notes[k]._replace(onset=new + notes[k].onset - first)


class PartOffset(NotesDamage):
    """One part comes late: the drums, or one that is drawn."""

    name = "part_offset"
    family = "rhythm"
    default_ladder = Ladder((6.0, 10.0, 16.0, 25.0, 38.0), "% of a beat")
    source = "this project; asynchronies of 30 to 50 ms in ensembles: R. A. Rasch, Acustica 43 (1979)"
    summary = "lets one part come late: from loose playing to a part that fits nowhere"

    def edit(self, music: Music, level: int, strength: float, rng: np.random.Generator) -> Edited:
        """Draw the part where there are no drums."""
        bounds = required_bounds(music.clip, "beat", least=1) / music.clip.sample_rate
        playing = sorted({note.part for note in music.notes.notes})
        if len(playing) < 2:
            raise NotApplicableError("needs two parts; the clip has one")
        drums = [part for part in playing if music.notes.parts[part].drums]
        drawn = playing[int(rng.integers(len(playing)))]
        late = (drums or [drawn])[0]
        delay = strength / 100 * float(np.median(np.diff(bounds)))
        notes = [
            note._replace(onset=note.onset + delay) if note.part == late else note for note in music.notes.notes
        ]
        return Edited(notes, strength)


class EnsembleSpread(NotesDamage):
    """Every note comes early or late by itself."""

    name = "ensemble_spread"
    family = "rhythm"
    default_ladder = Ladder((12.0, 22.0, 40.0, 65.0, 100.0), "ms RMS")
    source = "this project; MAD moves onsets by up to 0.2 s; asynchronies in ensembles: R. A. Rasch (1979)"
    summary = "lets everybody play out of time: from a loose ensemble to one that has lost the beat"

    def edit(self, music: Music, level: int, strength: float, rng: np.random.Generator) -> Edited:
        """Draw a pattern, and scale it."""
        notes = music.notes.notes
        pattern = rng.uniform(-1.0, 1.0, len(notes))
        pattern *= strength / 1000 / np.sqrt(np.mean(pattern**2))
        moved = [
            note._replace(onset=max(0.0, note.onset + late))
            for note, late in zip(notes, pattern.tolist(), strict=True)
        ]
        return Edited(moved, 1000 * float(np.sqrt(np.mean(pattern**2))))


class LengthScatter(NotesDamage):
    """Every note is held too long or too briefly."""

    name = "length_scatter"
    family = "rhythm"
    default_ladder = Ladder((0.3, 0.6, 1.0, 1.5, 2.2), "octaves RMS")
    source = "this project; MAD and midi_degradation_toolkit move offsets"
    summary = "holds notes too long or too briefly, each by itself: from uneven to stumps and pedal points"

    def edit(self, music: Music, level: int, strength: float, rng: np.random.Generator) -> Edited:
        """Draw a pattern, and scale it."""
        notes = music.notes.notes
        pattern = rng.uniform(-1.0, 1.0, len(notes))
        pattern *= strength / np.sqrt(np.mean(pattern**2))
        held = [
            note._replace(length=min(max(note.length * 2**octaves, SHORTEST_SECONDS), LONGEST_SECONDS))
            for note, octaves in zip(notes, pattern.tolist(), strict=True)
        ]
        return Edited(held, strength)
