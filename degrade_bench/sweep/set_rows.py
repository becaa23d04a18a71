"""The rows of set metrics, made when the vectors of all clips are there.

What a clip contributes depends on the whole set. So where a clip came or went, the rows of all clips of the blocks
that it concerns are made anew; those of other blocks are kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from degrade_bench._support.interrupts import never_a_row
from degrade_bench.errors import CorpusError, NotApplicableError
from degrade_bench.metric.sets.base import SetMetric
from degrade_bench.metric.sets.jackknife import SetEstimate, estimate, shares_of_clips
from degrade_bench.metric.sets.maker import vectors_name
from degrade_bench.metric.sets.vectors import VectorSet
from degrade_bench.metric.traits import Traits
from degrade_bench.runs.columns import CLEAN, SCHEMA
from degrade_bench.runs.embeddings import CellKey
from degrade_bench.runs.set_values import SetValue
from degrade_bench.sweep.scoring import Outcome, calling
from degrade_bench.sweep.set_blocks import Record, SetBlock, SetCell, set_blocks
from degrade_bench.sweep.spec import Sweep
from degrade_bench.sweep.worker import single_threaded


@dataclass(frozen=True)
class SetRows:
    """What set metrics say.

    Attributes:
        table: their rows, in the columns of the score table.
        values: of whole sets.
    """

    table: pa.Table
    values: tuple[SetValue, ...]


def set_rows(
    sweep: Sweep,
    rows: pa.Table,
    vectors: Mapping[CellKey, np.ndarray],
    before: Iterable[SetValue] = (),
    steps: Callable[[int, int], None] = lambda done, of: None,
    warned: Callable[[str], None] = lambda text: None,
) -> SetRows:
    """The rows of every set metric of a sweep.

    Args:
        sweep: with set metrics.
        rows: of their embedders, and of the set metrics from an earlier start; each row with its clip's track.
        vectors: of every cell that has some.
        before: values of whole sets from an earlier start.
        steps: told how many blocks are done, and of how many.
        warned: told which clips of a reference set are left out.

    Raises:
        CorpusError: of a reference set there are no vectors.
    """
    made: list[Record] = []
    values: list[SetValue] = []
    earlier = _Earlier(rows, sweep.set_metrics, before)
    clips = [source.id for source in sweep.sources]
    blocks = []
    for maker in sweep.makers:
        reference = _usable_reference(sweep, rows, maker.name, warned)
        blocks += set_blocks(rows, maker.name, clips, vectors, reference)
    steps(0, len(blocks))
    with single_threaded():  # so that the last bits do not depend on the machine
        for done, block in enumerate(blocks, start=1):
            asked = [metric for metric in sweep.set_metrics if vectors_name(metric.embedder) == block.embedder]
            kept = [metric for metric in asked if earlier.holds(metric, block)]
            for metric in kept:
                made += earlier.rows(metric, block)
                values += earlier.values(metric, block)
            new = [metric for metric in asked if metric not in kept]
            for cell in block.cells if new else ():
                heard = block.set_of(cell)  # once: what metrics know of it they find by the object
                for metric in new:
                    found, rows_of_cell = _compared(metric, block, cell, heard)
                    made += rows_of_cell
                    values += [] if found is None else [_value(metric, cell, heard, found, len(block.clips))]
            steps(done, len(blocks))
    return SetRows(pa.Table.from_pylist(made, schema=SCHEMA), tuple(sorted(values, key=lambda value: value.key)))


def _usable_reference(sweep: Sweep, rows: pa.Table, maker: str, warned: Callable[[str], None]) -> Sequence[str]:
    """The clips of a reference set that have vectors, in the order of the run.

    Args:
        sweep: with the reference set, if there is one.
        rows: of embedders.
        maker: the name of what makes the vectors.
        warned: told which have none, and why.

    Raises:
        CorpusError: none has.
    """
    wanted = [source.id for source in sweep.reference]
    of_maker = rows.filter(pc.and_(pc.equal(rows["metric"], maker), pc.equal(rows["degradation"], CLEAN)))
    found = {row["clip_id"]: row for row in of_maker.select(["clip_id", "status", "error"]).to_pylist()}
    usable = [clip for clip in wanted if clip in found and found[clip]["status"] == "ok"]
    for clip in wanted:
        if clip in found and clip not in usable:
            warned(f"{clip} is left out for {maker}: {found[clip]['error']}")
    if wanted and not usable:
        raise CorpusError(f"none of the reference set's {len(wanted)} clips has {maker}")
    return usable


class _Earlier:
    """Rows and values of set metrics from an earlier start of a run.

    Args:
        rows: of the whole table.
        metrics: of sets.
        values: of whole sets.
    """

    def __init__(self, rows: pa.Table, metrics: Sequence[SetMetric], values: Iterable[SetValue]) -> None:
        names = pa.array([metric.name for metric in metrics], pa.string())
        self._rows: dict[tuple[str, str], list[Record]] = {}
        for row in rows.filter(pc.is_in(rows["metric"], value_set=names)).to_pylist():
            self._rows.setdefault((row["metric"], row["placebo_of"] or row["degradation"]), []).append(row)
        self._values = {value.key: value for value in values}

    def rows(self, metric: SetMetric, block: SetBlock) -> list[Record]:
        """The metric's rows of a block."""
        return self._rows.get((metric.name, block.name), [])

    def values(self, metric: SetMetric, block: SetBlock) -> list[SetValue]:
        """The metric's values of a block, as far as they are known."""
        keys = [(metric.name, cell.degradation, cell.level, cell.replicate) for cell in block.cells]
        return [self._values[key] for key in keys if key in self._values]

    def holds(self, metric: SetMetric, block: SetBlock) -> bool:
        """Whether the rows of a block are those of the same sets, all scored."""
        rows = self.rows(metric, block)
        here = {(*_cell(row), row["clip_id"], row["track"]) for cell in block.cells for row in cell.rows.values()}
        scored = {row["clip_id"] for row in rows if row["status"] == "ok"}
        return (
            {(*_cell(row), row["clip_id"], row["track"]) for row in rows} == here
            and scored == set(block.clips)
            and len(self.values(metric, block)) == len(block.cells)
        )


def _cell(row: Record) -> tuple[str, int, int]:
    return row["degradation"], row["level"], row["replicate"]


def _compared(
    metric: SetMetric, block: SetBlock, cell: SetCell, heard: VectorSet
) -> tuple[SetEstimate | None, list[Record]]:
    """What a metric says of the set of a cell, and the rows of its clips.

    Args:
        metric: compares sets.
        block: of the cell.
        cell: whose set it is.
        heard: the set.
    """
    started = time.perf_counter()
    found, failed = _estimated(metric, block, heard)
    seconds = (time.perf_counter() - started) / max(1, len(block.clips))
    traits = Traits.of(metric)
    shares: Mapping[str, float] = {}
    if found is not None:
        shares = dict(zip(block.clips, shares_of_clips(found, block.track).tolist(), strict=True))
    rows = []
    for clip_id, row in cell.rows.items():
        if row["status"] != "ok":
            outcome = Outcome(None, row["status"], row["error"], 0.0)
        elif clip_id in block.left_out:
            outcome = Outcome.not_applicable(f"left out of the sets of {block.name}: {block.left_out[clip_id]}")
        else:
            outcome = failed or Outcome.scored(shares[clip_id], seconds)
        rows.append(_row(row, traits, outcome))
    return found, rows


def _estimated(metric: SetMetric, block: SetBlock, heard: VectorSet) -> tuple[SetEstimate | None, Outcome | None]:
    """What the metric says of a set, or what came of it instead."""
    try:
        with never_a_row(), calling(metric):
            return estimate(metric, block.reference, heard, 1 + int(block.track.max(initial=-1))), None
    except NotApplicableError as error:
        return None, Outcome.not_applicable(str(error))
    except Exception as error:  # any metric, ours or a user's: its failure is a row
        return None, Outcome.of_error(error)


def _row(row: Record, traits: Traits, outcome: Outcome) -> Record:
    """The row of a set metric for a clip and a cell.

    Args:
        row: the embedder's.
        traits: the metric's.
        outcome: what came of it.
    """
    return {
        **row,
        "metric": traits.name,
        "fingerprint": traits.fingerprint,
        "score": outcome.score,
        "higher_is_better": traits.higher_is_better,
        "needs_reference": traits.needs_reference,
        "status": outcome.status,
        "error": outcome.error,
        "seconds": outcome.seconds,
        "window_scores": None,
        "nuisance": row["nuisance"] and row["degradation"] not in traits.hears,
    }


def _value(metric: SetMetric, cell: SetCell, heard: VectorSet, found: SetEstimate, clips: int) -> SetValue:
    """The value of a whole set.

    Args:
        metric: that gave it.
        cell: whose set it is.
        heard: the set.
        found: its value.
        clips: how many are in it.
    """
    return SetValue(
        metric=metric.name,
        degradation=cell.degradation,
        level=cell.level,
        role=next(iter(cell.rows.values()))["role"],
        replicate=cell.replicate,
        clips=clips,
        tracks=len(found.contributions),
        vectors=len(heard.vectors),
        dim=heard.vectors.shape[1],
        value=found.value,
        corrected=found.corrected,
        extrapolated=None if np.isnan(found.extrapolated) else found.extrapolated,
    )
