"""One cell of one clip: rendered, and cut to what a metric is given of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from degrade_bench._support.interrupts import never_a_row
from degrade_bench._support.numbers import fixed
from degrade_bench._support.stages import stage
from degrade_bench.clip import Clip
from degrade_bench.clip.conversion import at_rate
from degrade_bench.degrade.calling import calling
from degrade_bench.degrade.plan import Rendered
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.errors import NotApplicableError
from degrade_bench.metric.prepared import Preparation, Prepared
from degrade_bench.metric.traits import Traits
from degrade_bench.sweep.cells import Block, Cell
from degrade_bench.sweep.scoring import MetricInput, Outcome, rate_given
from degrade_bench.sweep.window import as_long, matched_samples, window_samples


@dataclass(frozen=True, eq=False)
class RenderedCell:
    """A cell that was rendered, or the reason why it was not.

    Attributes:
        before: what it was made of, and is compared with: see :func:`undamaged`.
    """

    cell: Cell
    before: Clip
    seed: int
    rendered: Rendered | None
    achieved: float | None
    outcome: Outcome | None
    seconds: float


def seed_of(cell: Cell, clip_hash: str, run_seed: int) -> int:
    """The seed of a cell; 0 for the clean one, which draws nothing.

    Args:
        cell: of the clip.
        clip_hash: of the clip's samples.
        run_seed: of the run.
    """
    if cell.degradation is None:
        return 0
    return cell_seed(run_seed, clip_hash, *cell.degradation.seed_key, cell.replicate)


def undamaged(clip: Clip, block: Block) -> Clip:
    """What the cells of a block are made of and compared with: the clip, or what their degradation makes of it.

    Args:
        clip: the clean clip.
        block: of it. A placebo is made of what its degradation is made of.
    """
    degradation = block.cells[0].degradation
    if degradation is None:
        return clip
    try:
        with never_a_row(), calling(degradation), stage("damage"):
            return degradation.undamaged(clip)
    except Exception:  # of a plug-in too
        return clip  # the cells themselves will say why they cannot be made


def render(clip: Clip, cell: Cell, run_seed: int, before: Clip) -> RenderedCell:
    """Make a cell, or find out why it cannot be made.

    Args:
        clip: the clean clip.
        cell: of it.
        run_seed: of the run.
        before: what the cells of its block are made of.
    """
    started = time.perf_counter()
    if cell.degradation is None:
        return RenderedCell(cell, before, 0, None, None, None, 0.0)
    seed = seed_of(cell, clip.hash, run_seed)
    rendered, achieved, outcome = None, None, None
    try:
        with never_a_row(), calling(cell.degradation):
            rendered = cell.degradation.render(clip, cell.level, generator(seed))
            with stage("measure"):
                achieved = cell.degradation.achieved(clip, rendered)
    except NotApplicableError as error:
        outcome = Outcome.not_applicable(str(error))
    except Exception as error:  # whatever a damage does wrong is a row, not the end of the run
        outcome = Outcome.of_error(error)
    return RenderedCell(cell, before, seed, rendered, achieved, outcome, time.perf_counter() - started)


def metric_input(rendered: RenderedCell, traits: Traits, shrunk: float | None) -> MetricInput:
    """What a metric is given of a cell, or why it is given nothing.

    Args:
        rendered: the cell.
        traits: of the metric.
        shrunk: the seconds that every cell of the clip fills; None for a whole window.
    """
    if rendered.outcome is not None:
        return MetricInput(outcome=rendered.outcome)
    try:
        given = _matched_input(rendered, traits, shrunk)
    except NotApplicableError as error:
        return MetricInput(outcome=Outcome.not_applicable(str(error)))
    return _resampled(given, rendered.before.sample_rate, traits)


def _resampled(given: MetricInput, sample_rate: int, traits: Traits) -> MetricInput:
    """The input at the rate that the metric declares, where the bench resamples for it.

    Args:
        given: what the metric would be given.
        sample_rate: of that, in Hz.
        traits: of the metric.
    """
    wanted = rate_given(traits, sample_rate)
    if given.samples is None or wanted == sample_rate:
        return given
    reference = None if given.reference is None else at_rate(given.reference, sample_rate, wanted)
    return replace(given, samples=at_rate(given.samples, sample_rate, wanted), reference=reference)


def _matched_input(rendered: RenderedCell, traits: Traits, shrunk: float | None) -> MetricInput:
    """The samples of a cell, and of what it was made of where the metric compares with it, cut to the same music.

    Raises:
        NotApplicableError: the metric means nothing here.
    """
    clip, degradation, window = rendered.before, rendered.cell.degradation, traits.matched_window
    degraded, time_map = clip, None
    if degradation is not None and rendered.rendered is not None:
        degraded, time_map = rendered.rendered.clip, rendered.rendered.plan.time_map
        if traits.needs_reference and traits.aligned and degradation.changes_duration:
            raise NotApplicableError("full reference, and the degradation changes the duration")
        if degraded.sample_rate != clip.sample_rate:
            rates = f"{degraded.sample_rate} Hz, and what it was made of at {clip.sample_rate}"
            return MetricInput(outcome=Outcome.failed(f"the damage is at {rates}"))
    samples, cut = degraded.samples, matched_samples if traits.crops else window_samples
    if window is not None:
        samples = cut(clip, degraded, time_map, window, shrunk)
        missing = min(window, clip.duration) - degraded.duration
        if degradation is not None and degradation.moves_window and missing > 1 / clip.sample_rate:
            raise NotApplicableError("the clip is too short to fill the window elsewhere")
    if samples.shape[1] < traits.min_seconds * clip.sample_rate:
        seconds = samples.shape[1] / clip.sample_rate
        raise NotApplicableError(f"{fixed(seconds)} s is under the metric's {traits.min_seconds:g} s")
    if not traits.needs_reference:
        return MetricInput(samples=samples)
    reference = clip.samples
    if window is not None:
        reference = cut(clip, clip, None, window, shrunk)
        if traits.aligned:
            samples, reference = as_long(samples, reference)  # around a middle that moved there is less
    if traits.aligned and reference.shape != samples.shape:
        return MetricInput(outcome=Outcome.failed(f"length changed: {reference.shape} to {samples.shape}"))
    return MetricInput(samples=samples, reference=reference)


def prepared_input(
    given: MetricInput, preparation: Preparation, sample_rate: int, made: dict[object, Prepared]
) -> MetricInput:
    """What a metric's network hears of a cell, in place of its samples.

    Args:
        given: what the metric is given.
        preparation: of the metric.
        sample_rate: of the samples, in Hz.
        made: what was prepared of this cell already; added to.
    """
    if given.samples is None:
        return given
    started = time.perf_counter()
    key = (preparation, given.samples.data_ptr(), given.samples.shape)
    try:
        with never_a_row(), stage("prepare"):
            if key not in made:
                made[key] = Prepared.of(preparation, given.samples, sample_rate)
    except Exception as error:  # too short for the network, memory that ran out: its failure is a row
        return MetricInput(outcome=Outcome.of_failed_signal(error, time.perf_counter() - started))
    return MetricInput(prepared=made[key], given=tuple(given.samples.shape))
