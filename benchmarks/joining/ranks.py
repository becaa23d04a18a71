"""How well a measure tells the lines of a damage from those of the clean rendering, over pieces.

The area under the ROC curve is the share of pairs (a line of the damage, a line of the clean rendering) in which
the damage's is larger, ties by half: 0.5 is as the clean rendering, 1 is told every time. Its interval is that of a
bootstrap over pieces, which keeps the lines of a piece together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import permutation_test

from degrade_bench._support.numbers import within
from degrade_bench.analysis.resampling import Resampler

RESAMPLES = 2000


@dataclass(frozen=True)
class Told:
    """How well damage is told from the clean rendering.

    Attributes:
        area: under the ROC curve.
        low, high: its 95 % interval, by a bootstrap over pieces.
        pieces: in how many of them the piece's own area is above 0.5.
        of: how many pieces.
        p_value: how likely the mean of the pieces' own areas is so large by chance: one-sided, by all changes of
            sign of their differences from 0.5.
    """

    area: float
    low: float
    high: float
    pieces: int
    of: int
    p_value: float


def told(damaged: Sequence[np.ndarray], clean: Sequence[np.ndarray], seed: int = 0) -> Told:
    """Compare the lines of damage with those of the clean renderings.

    Args:
        damaged: of each piece, its lines' values.
        clean: the same of the clean renderings, in the same order.
        seed: of the bootstrap.
    """
    pairs = [(one, other) for one, other in zip(damaged, clean, strict=True) if len(one) and len(other)]
    won = np.array([[wins(one, other) for _, other in pairs] for one, _ in pairs])
    sizes = np.array([(len(one), len(other)) for one, other in pairs], dtype=float)

    def area(counts: np.ndarray) -> float:
        return float(counts @ won @ counts / ((counts @ sizes[:, 0]) * (counts @ sizes[:, 1])))

    drawn = np.random.default_rng(seed).multinomial(len(pairs), np.full(len(pairs), 1 / len(pairs)), RESAMPLES)
    low, high = np.quantile([area(counts) for counts in drawn], [0.025, 0.975])
    more = won.diagonal() / sizes.prod(axis=1) - 0.5
    by_chance = permutation_test(
        (more,), np.mean, permutation_type="samples", alternative="greater", n_resamples=np.inf
    )
    return Told(
        area(np.ones(len(pairs))),
        float(low),
        float(high),
        int((more > 0).sum()),
        len(pairs),
        float(by_chance.pvalue),
    )


def wins(one: np.ndarray, other: np.ndarray) -> float:
    """In how many pairs the first is the larger; a tie is half."""
    more = one[:, None] - other[None, :]
    return float((more > 0).sum() + (more == 0).sum() / 2)


def interval(values: Sequence[float] | np.ndarray) -> str:
    """The mean of a value of every piece, with its 95 % interval, in words."""
    shares = np.asarray(values, dtype=float)[:, None] / len(values)
    drawn = Resampler(RESAMPLES, 0).evaluate(lambda totals: totals(shares), len(shares))
    low, high = drawn.intervals([0.95])[0][:, 0]
    return f"{within(shares.sum(), low, high)} ({within(low, low, high)} to {within(high, low, high)})"
