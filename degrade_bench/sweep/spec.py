"""What a sweep is made of, all resolved."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from degrade_bench.corpus.source import ClipSource, identities
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.ladder import LEVELS
from degrade_bench.metric.base import Metric
from degrade_bench.metric.sets.base import SetMetric
from degrade_bench.metric.sets.maker import VectorMaker, makers_of
from degrade_bench.runs.names import FORMAT
from degrade_bench.runs.record import Identity
from degrade_bench.sweep.cells import Block, expand
from degrade_bench.sweep.device import device_model


@dataclass(frozen=True)
class Sweep:
    """What a sweep is made of, all resolved.

    Attributes:
        sources: the clips, in order.
        degradations: in the order of the table, controls included.
        metrics: of single clips. Light ones are computed by the workers, the others where the device is.
        seed: the run seed.
        levels: of ladders that have them all; shorter ladders are run whole.
        replicates: independent draws of every cell.
        batch_size: the most signals that a metric is given at once where the device is; None for whole blocks.
        workers: processes that damage and score; 1 does everything in this process.
        if_memory_suffices: start fewer workers where memory does not suffice for as many.
        retry_failed: score again the blocks in which a cell failed.
        keep_going: go on where a metric fails on all of its first cells.
        damage_device: where workers do heavy maths on signals: ``cpu``, or ``cuda:N``.
        set_metrics: of sets of clips, computed when the vectors of all clips are there.
        reference: clean clips that these compare with; none for the clips themselves.
    """

    sources: tuple[ClipSource, ...]
    degradations: tuple[Degradation, ...]
    metrics: tuple[Metric, ...]
    seed: int = 0
    levels: tuple[int, ...] = LEVELS
    replicates: int = 1
    batch_size: int | None = None
    workers: int = 1
    if_memory_suffices: bool = False
    retry_failed: bool = False
    keep_going: bool = False
    damage_device: str = "cpu"
    set_metrics: tuple[SetMetric, ...] = ()
    reference: tuple[ClipSource, ...] = ()

    @cached_property
    def makers(self) -> tuple[VectorMaker, ...]:
        """Who makes the vectors that set metrics compare."""
        return makers_of(self.set_metrics)

    @property
    def heard(self) -> tuple[Metric, ...]:
        """Whatever hears every cell."""
        return (*self.metrics, *self.makers)

    @property
    def judged(self) -> tuple[Metric, ...]:
        """Whatever has rows in the score table."""
        return (*self.metrics, *self.set_metrics)

    @property
    def finds_beats(self) -> bool:
        """Whether beats have to be found in some clip, as far as is known before clips are read."""
        return not all(source.brings_beats for source in (*self.sources, *self.reference))

    def blocks(self) -> list[Block]:
        """The blocks of every clip."""
        return expand(self.degradations, self.levels, self.replicates)

    @property
    def cells_per_clip(self) -> int:
        """Cells of one clip, the clean one included."""
        return sum(len(block.cells) for block in self.blocks())

    @property
    def cells(self) -> int:
        """Cells of all clips, those of the reference set included, of which there is one each."""
        return self.cells_per_clip * len(self.sources) + len(self.reference)

    def identity(self) -> Identity:
        """What makes two sweeps the same, the metrics aside: those may be added later."""
        return Identity(
            format=FORMAT,
            seed=self.seed,
            levels=self.levels,
            replicates=self.replicates,
            degradations={damage.name: tuple(damage.identity()) for damage in self.degradations},
            clips=identities(self.sources),
            damage_device=device_model(self.damage_device),
        )


def split_metrics(metrics: Sequence[Metric]) -> tuple[tuple[Metric, ...], tuple[Metric, ...]]:
    """Metrics for the workers, and metrics for this process: those with a device, or that cannot travel."""
    light = []
    for metric in metrics:
        if metric.light:
            try:
                pickle.dumps(metric)
            except Exception:  # whatever a third party's object raises: it stays here
                continue
            light.append(metric)
    return tuple(light), tuple(metric for metric in metrics if metric not in light)
