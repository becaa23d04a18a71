"""Phrase jump: in the middle of a phrase the music leaps to another place, and soon afterwards leaps back.

Every leap goes from the middle of a beat to the middle of another, so the pulse goes on; melody, harmony and phrase
do not. It is three to eight beats wide, ahead or back, and two beats later the music is back where it would have
been by then, so the clip keeps its length. The clip is laid out in spans of four beats; each has room for one leap
and the way back.

Source: this project's; a skipping disc is the everyday case.
"""

from __future__ import annotations

import numpy as np

from degrade_bench.clip import Annotations, Clip
from degrade_bench.degrade.dsp.joins import Piece
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.structural.rearrangement import Arrangement, Rearrangement
from degrade_bench.degrade.structural.segments import moved_count, required_bounds

SPAN_BEATS = 4
STAY_BEATS = 2
DISTANCE_BEATS = (3, 8)
LEAST_BEATS = 5 * SPAN_BEATS
"""Five levels need as many different numbers of excursions."""


class PhraseJump(Rearrangement):
    """Leaps ahead or back within phrases; strength is how often, each way counting as one."""

    name = "phrase_jump"
    family = "order"
    default_ladder = Ladder((6.0, 12.0, 20.0, 32.0, 50.0), "jumps per 100 beats")
    source = "this project"
    summary = "jumps ahead or back in the middle of phrases: from one slip to a disc that skips all the time"
    needs = frozenset({"beats"})

    def arrange(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Arrangement:
        """Draw one excursion for every span, and the order in which they are taken."""
        bounds = required_bounds(clip, "beat", least=LEAST_BEATS)
        beats = len(bounds) - 1
        middles = (bounds[:-1] + bounds[1:]) // 2
        spans = beats // SPAN_BEATS
        priority = rng.permutation(spans)
        shifts = rng.integers(0, SPAN_BEATS - STAY_BEATS, size=spans)
        distances = rng.integers(*DISTANCE_BEATS, size=spans, endpoint=True) * rng.choice([-1, 1], size=spans)
        percent = 100 * (strength / 2) * SPAN_BEATS / 100  # of the spans
        taken = priority[: moved_count(spans, percent, level, least=1)].tolist()
        pieces: list[Piece] = []
        position = 0
        for span in sorted(taken):
            leave = SPAN_BEATS * span + int(shifts[span])
            start, end = int(middles[leave]), int(middles[leave + STAY_BEATS])
            there = landing(leave, int(distances[span]), beats)
            pieces += [(position, start), (int(middles[there]), int(middles[there]) + end - start)]
            position = end
        pieces.append((position, clip.num_samples))
        return Arrangement(pieces, taken, 100 * 2 * len(taken) / beats)

    def annotations_after(self, clip: Clip, arranged: Arrangement) -> Annotations:
        """Beats, sections and chords follow; bars are broken off and begun in their middle, so there are none."""
        return super().annotations_after(clip, arranged).without("downbeats", "time_signature")


def landing(beat: int, distance: int, beats: int) -> int:
    """The beat to which a leap goes: as drawn, or as far in the other direction where the clip ends too soon.

    Args:
        beat: that is left.
        distance: in beats; negative is back.
        beats: of the clip.
    """
    there = beat + distance
    return there if 0 <= there < beats - STAY_BEATS else beat - distance
