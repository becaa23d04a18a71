"""From a run's scores to gates: what is chosen on all recordings, and how often that choice errs on held-out ones.

The recordings are divided into folds. For each, thresholds and sets of metrics are chosen on the others, and decide
on the clips of this one: what is counted is how often the whole procedure errs on recordings that it has not seen
(M. Stone, Journal of the Royal Statistical Society B 1974). The gate that is given is the same procedure's on all
recordings.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np

from degrade_bench.errors import UnknownNameError
from degrade_bench.gates.options import GateOptions
from degrade_bench.gates.rates import Rate, fewest_recordings
from degrade_bench.gates.result import FamilyGate, Gates, State, Threshold
from degrade_bench.gates.samples import Samples
from degrade_bench.gates.selection import Chooser, Members
from degrade_bench.runs.names import SCORES
from degrade_bench.runs.scores import load_scores
from degrade_bench.runs.stored import fetched


def gate(
    folder: Path | str,
    options: GateOptions | None = None,
    metrics: Sequence[str] = (),
) -> Gates:
    """The gates that the scores of a run directory give.

    Args:
        folder: the run directory.
        options: error rates, and how they are to be held.
        metrics: only these may be asked.

    Raises:
        RunFolderError: there are no scores, or they cannot be read.
        UnknownNameError: the run has no such metric.
    """
    options = options or GateOptions()
    with fetched(Path(folder), (SCORES,)) as place:
        scores = load_scores(place)
    names = [str(name) for name in scores["metric"].unique()]
    for name in metrics:
        if name not in names:
            raise UnknownNameError(f"metric of {folder}", name, names)
    return gates_of(Samples.of(scores, options.reference, metrics), options)


def gates_of(samples: Samples, options: GateOptions) -> Gates:
    """The gates that some qualities give: one for each family, and one for all."""
    held_out = _folds(samples, options)
    folds = [(Chooser(samples, ~held, options), held) for held in held_out]
    lavish = [(Chooser(samples, ~held, options, is_lavish=True), held) for held in held_out]
    everything = Chooser(samples, np.ones(len(samples.track), dtype=bool), options)
    single, common = [], []
    for number in range(len(samples.families())):
        least = cache(partial(_held_out, lavish, number, _for_family(number)))
        single.append(_judged(everything, folds, number, _for_family(number), least))
        common.append(_judged(everything, folds, number, Chooser.for_all, least))
    return Gates(
        families=tuple(single),
        common=tuple(common),
        recordings=samples.tracks,
        clips=len(samples.track),
        recordings_needed=max(
            fewest_recordings(options.miss, options.confidence),
            fewest_recordings(options.false_reject, options.confidence, wrong=1),
        ),
        options=options,
    )


Folds = Sequence[tuple[Chooser, np.ndarray]]
"""Who chooses on the other recordings, with the clips of each fold."""

Choice = Callable[[Chooser], Members]
"""How the members of a gate are chosen."""


def _for_family(number: int) -> Choice:
    return lambda chooser: chooser.for_family(number)


def _folds(samples: Samples, options: GateOptions) -> list[np.ndarray]:
    """Which clips each fold holds."""
    rng = np.random.Generator(np.random.Philox(key=options.seed))
    part = rng.permutation(samples.tracks) % min(options.folds, samples.tracks)
    return [part[samples.track] == number for number in range(int(part.max(initial=0)) + 1)]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Shares that were decided wrongly on held-out recordings, NaN where there is nothing.

    Attributes:
        misses: ``(tracks, levels)``, of damaged clips of a family.
        clean: ``(tracks,)``, of clean clips.
        controls: ``(tracks,)``, of harmlessly edited ones.
    """

    misses: np.ndarray
    clean: np.ndarray
    controls: np.ndarray


def _held_out(folds: Folds, family: int, choose: Choice) -> HeldOut:
    """How a way to choose errs on recordings that it has not seen.

    Args:
        folds: of the recordings.
        family: whose damage it is.
        choose: the members of a gate.
    """
    samples = folds[0][0].samples
    _, levels, cell_family, cell_level = samples.layout
    columns = [np.flatnonzero((cell_family == family) & (cell_level == level)) for level in range(levels)]
    misses = np.full((samples.tracks, levels), math.nan)
    clean, controls = np.full((2, samples.tracks), math.nan)
    for chooser, held in folds:
        if held.all():  # one recording: there are no others
            continue
        members, track = choose(chooser), samples.track[held]
        damaged = chooser.rejects(members, held, "damaged")
        for level, cells in enumerate(columns):
            _put(misses[:, level], track, 1 - damaged[:, cells])
        _put(clean, track, chooser.rejects(members, held, "clean"))
        _put(controls, track, chooser.rejects(members, held, "controls"))
    return HeldOut(misses, clean, controls)


def _judged(
    everything: Chooser, folds: Folds, family: int, choose: Choice, least: Callable[[], HeldOut]
) -> FamilyGate:
    """The gate that a way to choose gives, and how it errs on held-out recordings of one family.

    Args:
        everything: of all recordings.
        folds: of the recordings.
        family: its number.
        choose: the members of a gate.
        least: tells how lavish thresholds err.
    """
    samples, options = everything.samples, everything.options
    members, found = choose(everything), _held_out(folds, family, choose)
    _, levels, cell_family, cell_level = samples.layout
    names = samples.level_names()
    scored = [level for level in range(levels) if ((cell_family == family) & (cell_level == level)).any()]
    rates = [Rate.of(found.misses[:, level], options.confidence) for level in scored]
    of_clean, of_controls = (Rate.of(shares, options.confidence) for shares in (found.clean, found.controls))
    kinds = {samples.detectors[number].is_drop for number in members}
    accepted = max((of_controls if is_drop else of_clean for is_drop in kinds), key=lambda rate: rate.high)
    state, level = _state(rates, [names[one] for one in scored], accepted, options)
    if state == "open" and Rate.of(least().misses[:, scored[-1]], options.confidence).low > options.miss:
        state = "missed"
    group, name = samples.families()[family]
    return FamilyGate(
        group=group,
        family=name,
        state=state,
        from_level=level,
        thresholds=tuple(_threshold(everything, members, number) for number in members),
        levels=tuple(names[one] for one in scored),
        misses=tuple(rates),
        false_reject=of_clean,
        false_reject_controls=of_controls,
    )


def _put(into: np.ndarray, track: np.ndarray, shares: np.ndarray) -> None:
    """The mean of each recording's clips and cells.

    Args:
        into: ``(tracks,)``.
        track: ``(clips,)``.
        shares: ``(clips, columns)``.
    """
    known = np.isfinite(shares)
    sums, counts = np.zeros((2, len(into)))
    np.add.at(sums, track, np.where(known, shares, 0.0).sum(axis=1))
    np.add.at(counts, track, known.sum(axis=1))
    has = counts > 0
    into[has] = sums[has] / counts[has]


def _state(
    misses: Sequence[Rate], levels: Sequence[int], accepted: Rate, options: GateOptions
) -> tuple[State, int | None]:
    """Whether a family was shown to be caught, and from which level on; from the top down, as long as it is.

    Args:
        misses: at each level, rising.
        levels: by name.
        accepted: how often what is to be accepted is rejected.
        options: the error rates.
    """
    if not misses or not accepted.recordings:
        return "open", None
    first = None
    for rate, level in zip(reversed(misses), reversed(levels), strict=True):
        if not rate.high <= options.miss:
            break
        first = level
    if first is not None and accepted.high <= options.false_reject:
        return "caught", first
    return "open", None


def _threshold(chooser: Chooser, members: Members, number: int) -> Threshold:
    detector = chooser.samples.detectors[number]
    quality = float(chooser.thresholds[len(members) - 1, number])
    return Threshold(
        metric=detector.metric,
        of="drop" if detector.is_drop else "score",
        rejects="above" if detector.is_drop or detector.sign < 0 else "below",
        value=detector.shown(quality),
    )
