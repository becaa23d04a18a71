"""Anybody's set metric, held to what it said at the door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from degrade_bench.errors import MetricError
from degrade_bench.metric.base import digest
from degrade_bench.metric.declared import Declared
from degrade_bench.metric.sets.base import SetMetric, embedder_parts
from degrade_bench.metric.sets.vectors import VectorSet
from degrade_bench.metric.traits import described, fingerprinted

OF_EMBEDDERS = ("name", "version", "sample_rate", "dim", "converted", "embed", "fingerprint_parts")
"""What every embedder has."""


def check_embedder(candidate: SetMetric) -> None:
    """Refuse a set metric that has nothing to make vectors with.

    Raises:
        MetricError: it has no embedder, or one that lacks something.
    """
    embedder = getattr(candidate, "embedder", None)
    lacking = [name for name in OF_EMBEDDERS if not hasattr(embedder, name)]
    if lacking:
        lacks = "no embedder" if embedder is None else f"an embedder without {lacking[0]}"
        raise MetricError(f"{type(candidate).__name__} is not a set metric: it has {lacks}")


class SetAdapter(SetMetric):
    """A set metric whose class is not the bench's.

    Args:
        wrapped: the metric; it compares, and is asked for nothing else.
        traits: those that it has.
        declared: what else it said of itself at the door.
    """

    def __init__(self, wrapped: SetMetric, traits: Mapping[str, Any], declared: Declared) -> None:
        self.wrapped, self.declared = wrapped, declared
        for name, value in traits.items():
            setattr(self, name, value)
        self.embedder = wrapped.embedder
        self.min_frames, self.second_order = int(wrapped.min_frames), bool(wrapped.second_order)

    def compare(self, reference: VectorSet, heard: VectorSet) -> float:
        """As the wrapped metric compares."""
        return float(self.wrapped.compare(reference, heard))

    def on_subsets(self, reference: VectorSet, heard: VectorSet, kept: np.ndarray) -> np.ndarray:
        """As the wrapped metric does.

        Raises:
            MetricError: it does not give one number for every choice.
        """
        values = np.asarray(self.wrapped.on_subsets(reference, heard, kept), dtype=np.float64)
        if values.shape != (len(kept),):
            raise MetricError(f"metric {self.name!r} returned shape {values.shape}, expected ({len(kept)},)")
        return values

    def fingerprint_parts(self) -> dict[str, Any]:
        """The parts that the wrapped metric adds, its traits, class and code, what it compares, its settings."""
        own = {**self.declared.parts, **fingerprinted(self), **self.declared.identity}
        return {**own, **embedder_parts(self.embedder), **self.reference_parts(), **self.setting_parts()}

    def fingerprint(self) -> str:
        """Of all of these parts."""
        return digest(self.fingerprint_parts())

    def describe(self) -> dict[str, Any]:
        """What the wrapped metric adds to what every metric says of itself."""
        return {**self.declared.description, **described(self)}
