"""Missing beats: single beats are cut out, so that the metre stumbles and the clip grows shorter.

No two neighbouring beats go, so every gap is one beat wide. They are taken from the two halves of the clip in turn,
so that a windowed metric keeps as much music on either side of the middle. The placebo cuts at the same places of
the music, leaves nothing out and stays as long.

Source: this project's; the note-level counterpart is ``remove_note`` of the MIDI Degradation Toolkit (A. McLeod,
J. Owers and K. Yoshii, ISMIR 2020).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from degrade_bench.clip import Annotations, Clip, TimeMap
from degrade_bench.degrade.dsp.joins import Piece
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.structural.rearrangement import Arrangement, Rearrangement
from degrade_bench.degrade.structural.segments import moved_count, required_bounds
from degrade_bench.errors import NotApplicableError

LEAST_REMOVABLE = 5
"""Five levels need as many different numbers of missing beats."""


class MissingBeats(Rearrangement):
    """Cuts out a share of the beats."""

    name = "missing_beats"
    family = "order"
    default_ladder = Ladder((3.0, 6.0, 10.0, 16.0, 24.0), "% of beats")
    source = "this project; MDTK removes notes"
    summary = "leaves out single beats: from one stumble to a bar that never comes out even"
    needs = frozenset({"beats"})
    changes_duration = True

    def arrange(self, clip: Clip, level: int, strength: float, rng: np.random.Generator) -> Arrangement:
        """Draw the order in which beats go; leave out as many as the level asks."""
        bounds = required_bounds(clip, "beat")
        count = len(bounds) - 1
        order = removal_order(count, int(np.searchsorted(bounds, clip.num_samples / 2)), rng)
        if len(order) < LEAST_REMOVABLE:
            raise NotApplicableError(
                f"needs {LEAST_REMOVABLE} beats to leave out, no two of them neighbours; "
                f"of the clip's {count} beats {len(order)} can go"
            )
        gone = order[: min(len(order), moved_count(count, strength, level, least=1))]
        holes = [(int(bounds[k]), int(bounds[k + 1])) for k in sorted(gone)]
        ends = [0, *itertools.chain(*holes), clip.num_samples]
        pieces = list(zip(ends[::2], ends[1::2], strict=True))
        return Arrangement(pieces, gone, 100 * len(gone) / count, shortened(pieces, clip.sample_rate))

    def annotations_after(self, clip: Clip, arranged: Arrangement) -> Annotations:
        """All but the time signature goes with time: bars that lack a beat are not all of one length."""
        assert arranged.time_map is not None
        return clip.annotations.warp(arranged.time_map).without("time_signature")

    def placebo_cuts(self, params: Mapping[str, Any]) -> list[int]:
        """Where beats are missing, in the whole clip."""
        return [end for _, end in params["pieces"][:-1]]


def removal_order(count: int, middle: int, rng: np.random.Generator) -> list[int]:
    """Beats in the order in which they go: none beside another, the halves before and after ``middle`` in turn.

    The first and the last beat stay: without them, the clip would only begin later or end sooner.

    Args:
        count: beats of the clip.
        middle: the first beat of the clip's second half.
        rng: of the order within each half.
    """
    inner = (1 + rng.permutation(max(0, count - 2))).tolist()
    halves = [iter([b for b in inner if b < middle]), iter([b for b in inner if b >= middle])]
    order: list[int] = []
    kept: set[int] = set()
    while halves:
        for half in list(halves):
            beat = next((b for b in half if b not in kept), None)
            if beat is None:
                halves.remove(half)
            else:
                order.append(beat)
                kept |= {beat - 1, beat + 1}
    return order


def shortened(pieces: Sequence[Piece], sample_rate: int) -> TimeMap:
    """The time map of pieces that play in order with source left out between them."""
    points: list[tuple[float, float]] = []
    output = 0
    for start, end in pieces:
        points += [(start / sample_rate, output / sample_rate)]
        output += end - start
        points += [(end / sample_rate, output / sample_rate)]
    return TimeMap(tuple(points))
