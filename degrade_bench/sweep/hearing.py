"""Metrics that are computed from shared features hear a cell together, as soon as it is rendered."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch

from degrade_bench._support.caching import remembered
from degrade_bench._support.guard import guarded
from degrade_bench._support.interrupts import never_a_row
from degrade_bench._support.stages import stage
from degrade_bench.clip import Clip
from degrade_bench.errors import NotApplicableError
from degrade_bench.metric.base import Metric, checked_scores
from degrade_bench.metric.hearing.heard import Heard
from degrade_bench.metric.hearing.listener import Listener, prepare
from degrade_bench.metric.identity import is_foreign
from degrade_bench.metric.memory import give_back_memory, is_out_of_memory
from degrade_bench.metric.sets.maker import VectorMaker
from degrade_bench.sweep.scoring import MetricInput, Outcome, calling

MOST_REFERENCES = 4
"""Of so many parts of a clip features are kept: the whole, and windows of metrics that have one."""

_Place = tuple[int, torch.Size]


def listens(metric: Metric) -> bool:
    """Whether a metric hears cells one by one, from features that it shares with others.

    One that derives from such a metric and defines ``score`` anew is asked for that, like any other.
    """
    if not isinstance(metric, Listener) or metric.hop_seconds is not None:
        return False
    return type(metric).score is Listener.score and "score" not in vars(metric)


def hear_together(metrics: Sequence[Listener], clip: Clip, inputs: Sequence[MetricInput]) -> list[Outcome]:
    """What metrics make of one cell, in order.

    Args:
        metrics: who hears it.
        clip: what the cell was made of, and is compared with.
        inputs: what each of them is given of the cell; the same tensor where it is the same signal.
    """
    signals: dict[_Place, Heard] = {}
    of_metric = [_heard(clip, given, signals) for given in inputs]
    shared = _prepared(metrics, of_metric) / max(1, sum(signal is not None for signal in of_metric))
    outcomes = []
    for metric, given, signal in zip(metrics, inputs, of_metric, strict=True):
        if signal is None:
            outcomes.append(given.outcome or Outcome.failed("there is nothing to hear"))
        else:
            outcomes.append(_outcome(metric, signal, shared))
    return outcomes


def _heard(clip: Clip, given: MetricInput, signals: dict[_Place, Heard]) -> Heard | None:
    """The signal that a metric is given, one object for all metrics that are given the same."""
    if given.outcome is not None or given.samples is None:
        return None
    place = _place(given.samples)
    signal = signals.setdefault(place, Heard(given.samples, clip.sample_rate))
    if given.reference is None:
        return signal
    reference = _reference(clip, given.reference)
    if signal.reference not in (None, reference):  # a metric that cuts the clean signal in another way
        return Heard(given.samples, clip.sample_rate, reference)
    signal.reference = reference
    return signal


def _reference(clip: Clip, samples: torch.Tensor) -> Heard:
    """The clean signal, or the part of it that a metric compares with, as it was heard before."""
    references, place = _references(clip), _place(samples)
    if place not in references and len(references) >= MOST_REFERENCES:
        references.clear()  # parts that differ from cell to cell must not add up
    return references.setdefault(place, Heard(samples, clip.sample_rate))


def _place(samples: torch.Tensor) -> _Place:
    return samples.data_ptr(), samples.shape


@remembered()
def _references(clip: Clip) -> dict[_Place, Heard]:
    """What is known of the clip's signal and of parts of it: filled as they are heard."""
    return {}


def _prepared(metrics: Sequence[Listener], signals: Sequence[Heard | None]) -> float:
    """Compute what the metrics name, all of it together; returns the seconds that it took.

    Where that raises, nothing is said of it here: the metric that asks for the feature gets the error.
    """
    started = time.perf_counter()
    by_signal: dict[Heard, list[Listener]] = {}
    for metric, signal in zip(metrics, signals, strict=True):
        if signal is not None:
            by_signal.setdefault(signal, []).append(metric)
    for signal, listening in by_signal.items():
        try:
            with never_a_row(), _guard(listening), stage("features"):
                prepare(signal, listening)
        except Exception as error:  # the metric's, or that of one of its features; the others are not to suffer
            short_of_memory = is_out_of_memory(error)
        else:
            continue
        if short_of_memory:  # out here the error is gone, and with it the frames that held on to memory
            give_back_memory()
    return time.perf_counter() - started


def _guard(metrics: Sequence[Listener]) -> AbstractContextManager[None]:
    return guarded("a feature") if any(map(is_foreign, metrics)) else nullcontext()


def _outcome(metric: Listener, signal: Heard, shared_seconds: float) -> Outcome:
    started = time.perf_counter() - shared_seconds
    try:
        with never_a_row(), calling(metric), stage(f"score {metric.name}"):
            prepare(signal, (metric,))
            if isinstance(metric, VectorMaker):
                return Outcome.embedded(metric.vectors_of(signal), time.perf_counter() - started)
            score = checked_scores(metric, np.array([metric.score_heard(signal)]), 1)[0]
    except NotApplicableError as error:
        return Outcome.not_applicable(str(error))
    except Exception as error:  # any metric, ours or a user's: its failure is a row
        return Outcome.of_failed_signal(error, time.perf_counter() - started)
    return Outcome.scored(score, time.perf_counter() - started)
