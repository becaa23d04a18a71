"""The sets that set metrics compare: of every cell of a block, over the same clips, and a reference set.

The set of a cell holds the clips that have vectors for every cell of its block, and for the clean clip. So the
damaged set, its placebo's, and the clean set that both are compared with hold the same music. A clip that lacks a
cell is left out of all of them. Another reference set is the same for every block. Where a recording of it is a
clip's as well, both are of one track.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from degrade_bench.metric.sets.vectors import VectorSet
from degrade_bench.runs.columns import CLEAN
from degrade_bench.runs.embeddings import CellKey

Record = Mapping[str, Any]
"""A row of the score table, by column."""


@dataclass(frozen=True, eq=False)
class SetCell:
    """One application of one degradation to all clips.

    Attributes:
        degradation: its name.
        level: of it.
        replicate: which draw.
        rows: the embedder's, by clip, in the order of the run.
    """

    degradation: str
    level: int
    replicate: int
    rows: Mapping[str, Record]


@dataclass(frozen=True, eq=False)
class SetBlock:
    """The cells of a degradation and its placebo, over all clips.

    Attributes:
        name: of the block.
        embedder: the name of what makes the vectors.
        cells: in the order of their degradations, levels and replicates.
        clips: that are in the sets, in the order of the run.
        track: ``(clips,)``, the number of each one's track.
        left_out: the reason, by clip.
        clean: the clean set of these clips.
        reference: what is compared with: that, or another set.
        vectors: of every cell that has some.
    """

    name: str
    embedder: str
    cells: Sequence[SetCell]
    clips: Sequence[str]
    track: np.ndarray
    left_out: Mapping[str, str]
    clean: VectorSet
    reference: VectorSet
    vectors: Mapping[CellKey, np.ndarray]

    def set_of(self, cell: SetCell) -> VectorSet:
        """The set of a cell."""
        if cell.degradation == CLEAN:
            return self.clean
        at = (cell.degradation, cell.level, cell.replicate, self.embedder)
        return _joined([self.vectors[(clip, *at)] for clip in self.clips], self.track)


def set_blocks(
    rows: pa.Table,
    embedder: str,
    clips: Sequence[str],
    vectors: Mapping[CellKey, np.ndarray],
    reference: Sequence[str] = (),
) -> list[SetBlock]:
    """The blocks of an embedder, the clean one among them.

    Args:
        rows: of the score table, those of the embedder among them; each with its clip's track.
        embedder: the name of what makes the vectors.
        clips: in the order of the run.
        vectors: of every cell that has some.
        reference: clips of another reference set, those that can be used; none for the clean clips.
    """
    by_block: dict[str, dict[tuple[str, int, int], dict[str, Record]]] = {}
    place = {clip: number for number, clip in enumerate(clips)}
    track_of: dict[str, str] = {}
    for row in rows.filter(pc.equal(rows["metric"], embedder)).to_pylist():
        track_of[row["clip_id"]] = row["track"]
        if row["clip_id"] in place:
            cells = by_block.setdefault(row["placebo_of"] or row["degradation"], {})
            at = (row["degradation"], row["level"], row["replicate"])
            cells.setdefault(at, {})[row["clip_id"]] = row
    clean = by_block.get(CLEAN, {}).get((CLEAN, 0, 0), {})
    sets: dict[tuple[str, ...], tuple[VectorSet, VectorSet]] = {}
    made = []
    for name in sorted(by_block):
        of_block = [
            SetCell(*at, dict(sorted(of_clips.items(), key=lambda one: place[one[0]])))
            for at, of_clips in sorted(by_block[name].items())
        ]
        left_out = _left_out(of_block, clean)
        kept = tuple(clip for clip in clips if clip in clean and clip not in left_out)
        numbers = _numbered([track_of[clip] for clip in (*kept, *reference)])
        track = numbers[: len(kept)]
        if kept not in sets:
            parts = [
                _joined([vectors[clip, CLEAN, 0, 0, embedder] for clip in of_set], of_tracks)
                for of_set, of_tracks in ((kept, track), (reference, numbers[len(kept) :]))
            ]
            sets[kept] = parts[0], parts[1 if reference else 0]
        made.append(SetBlock(name, embedder, of_block, kept, track, left_out, *sets[kept], vectors))
    return made


def _left_out(cells: Sequence[SetCell], clean: Mapping[str, Record]) -> dict[str, str]:
    """The clips that lack a cell, or the clean one, each with the first reason.

    Args:
        cells: of a block.
        clean: rows of the clean clips.
    """
    reasons: dict[str, str] = {}
    everywhere = dict.fromkeys(clip for cell in cells for clip in cell.rows)
    for clip in everywhere:
        rows = [clean.get(clip), *(cell.rows.get(clip) for cell in cells)]
        for row in rows:
            if row is None or row["status"] != "ok":
                reasons.setdefault(clip, "a cell is missing" if row is None else str(row["error"]))
    return reasons


def _numbered(tracks: Sequence[str]) -> np.ndarray:
    """Tracks as numbers from 0, in the order in which they appear."""
    numbers = {track: number for number, track in enumerate(dict.fromkeys(tracks))}
    return np.array([numbers[track] for track in tracks], dtype=np.int64)


def _joined(of_clips: Sequence[np.ndarray], track: np.ndarray) -> VectorSet:
    """The vectors of clips one behind the other."""
    if not of_clips:
        return VectorSet(np.zeros((0, 1)), track)
    vectors = np.concatenate(of_clips).astype(np.float64)
    return VectorSet(vectors, np.repeat(track, [len(one) for one in of_clips]))
