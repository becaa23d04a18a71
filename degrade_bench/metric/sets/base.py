"""The protocol of a set metric: it compares the vectors of a set of clips with those of a reference set.

Which vectors is said by its embedder (:mod:`degrade_bench.metric.embedding`). A run makes them once for every cell,
however many metrics compare them, and keeps them in its directory.
"""

from __future__ import annotations

import copy
from abc import abstractmethod
from typing import Any

import numpy as np
import torch

from degrade_bench.errors import MetricError, NotApplicableError
from degrade_bench.metric.base import Metric
from degrade_bench.metric.embedding import Embedder
from degrade_bench.metric.identity import code_parts
from degrade_bench.metric.sets.vectors import VectorSet


class SetMetric(Metric):
    """A metric that compares sets of clips by the vectors of an embedder.

    Args:
        embedder: makes the vectors; its name is put behind the metric's. By default what the class says.

    Write :meth:`compare`. What a run keeps of it is a row for every clip: how much the clip's track contributes to
    the set's value (:mod:`degrade_bench.metric.sets.jackknife`).

    Attributes:
        embedder: makes the vectors.
        light: whether workers make them; set it False where the embedder holds a device.
        min_frames: the fewest vectors that either set must have.
        reference_set: tells the set that is compared with from any other; None for the clean clips themselves.
        second_order: whether a bias that shrinks as 1/n² is taken off, too: every pair of tracks is left out
            for it.

    Example:
        >>> class MeanShift(SetMetric):
        ...     name, higher_is_better = "mean-shift", False
        ...
        ...     def compare(self, reference, heard):
        ...         apart = reference.vectors.mean(axis=0) - heard.vectors.mean(axis=0)
        ...         return float((apart**2).sum())
        >>> track = np.array([0, 1])
        >>> MeanShift().compare(VectorSet(np.zeros((2, 3)), track), VectorSet(np.ones((2, 3)), track))
        3.0
    """

    needs_reference = True
    light = True
    embedder: Embedder
    min_frames: int = 2
    second_order: bool = False
    reference_set: str | None = None

    def __init__(self, embedder: Embedder | None = None) -> None:
        if embedder is not None:
            self.embedder = embedder
            self.name = f"{self.name}-{embedder.name}"

    @abstractmethod
    def compare(self, reference: VectorSet, heard: VectorSet) -> float:
        """How a set compares with the reference set; NaN where that cannot be said.

        Args:
            reference: clean music.
            heard: the set, clean or damaged.
        """

    def against(self, reference_set: str) -> SetMetric:
        """The same metric, comparing with another set than the clean clips.

        Args:
            reference_set: tells that set from any other.
        """
        other = copy.copy(self)
        other.reference_set = reference_set
        return other

    def on_subsets(self, reference: VectorSet, heard: VectorSet, kept: np.ndarray) -> np.ndarray:
        """The value without some tracks, for several choices of them.

        Extend it where a choice costs less than comparing anew.

        Args:
            reference: clean music.
            heard: the set.
            kept: ``(choices, tracks)``, True where a track stays in both sets.

        Returns:
            ``(choices,)``.
        """
        return np.array([self.compare(reference.of_tracks(row), heard.of_tracks(row)) for row in kept])

    def check_size(self, reference: VectorSet, heard: VectorSet) -> None:
        """Raise where a set is too small.

        Raises:
            NotApplicableError: says how many vectors there are, and how many are needed.
        """
        fewest = min(len(reference.vectors), len(heard.vectors))
        if fewest < self.min_frames:
            raise NotApplicableError(f"{self.name} needs sets of {self.min_frames} vectors at least, got {fewest}")

    def score(self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None) -> torch.Tensor:
        """A set metric has no score of a single clip.

        Raises:
            MetricError: always.
        """
        raise MetricError(f"{self.name} compares sets of clips: a single clip has no score")

    def fingerprint_parts(self) -> dict[str, Any]:
        """The embedder's parts and the reference set beside the metric's own."""
        return {**super().fingerprint_parts(), **embedder_parts(self.embedder), **self.reference_parts()}

    def reference_parts(self) -> dict[str, Any]:
        """The reference set, where it is not the clean clips."""
        return {} if self.reference_set is None else {"reference_set": self.reference_set}


def embedder_parts(embedder: Embedder) -> dict[str, Any]:
    """What vectors depend on: what the embedder says, and its code where it is not the bench's."""
    said = {"embedder": embedder.name, "embedder_version": embedder.version}
    code = {f"embedder_{key}": value for key, value in code_parts(embedder).items()}
    return {**said, **embedder.fingerprint_parts(), **code}
