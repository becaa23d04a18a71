"""Does the fast path say what ``muq``'s forward says, and do the rougher types agree with float32?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import spearmanr

from degrade_bench.clip import Clip
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.seeds import cell_seed, generator
from degrade_bench.metric.muq_eval.contract import preprocessed

Encode = Callable[[torch.Tensor], torch.Tensor]

DAMAGES = (("white_noise", 3), ("hard_clipping", 5), ("low_pass", 3), ("mp3", 5))
MORE_DAMAGES = (
    *DAMAGES,
    ("white_noise", 1),
    ("white_noise", 5),
    ("pink_noise", 4),
    ("hard_clipping", 2),
    ("bit_depth", 4),
    ("low_pass", 5),
    ("high_pass", 4),
    ("mp3", 2),
    ("reverb", 4),
    ("wow", 4),
)


@dataclass(frozen=True)
class Agreement:
    """Two encoders, and the scores that one head gives to both.

    Attributes:
        features: relative L2 error of every clip's frames.
        first: scores by the first.
        second: scores by the second.
    """

    features: tuple[float, ...]
    first: tuple[float, ...]
    second: tuple[float, ...]

    @property
    def difference(self) -> float:
        """Largest difference between the two scores of a clip."""
        return float(np.abs(np.subtract(self.first, self.second)).max())

    @property
    def spread(self) -> float:
        """Standard deviation between clips of the first encoder's scores."""
        return float(np.std(self.first, ddof=1))

    @property
    def spearman(self) -> float:
        """Rank correlation of the two encoders' scores."""
        return float(spearmanr(self.first, self.second).statistic)


def compare(
    first: Encode, others: Mapping[str, Encode], score: Encode, clips: Iterable[Clip]
) -> dict[str, Agreement]:
    """An encoder beside others on every clip, as the contract prepares it.

    Args:
        first: an encoder, ``(batch, samples)`` to ``(batch, time, dim)``.
        others: the other ones, by name.
        score: the head that all share: a clip's features to its score.
        clips: the music.
    """
    errors: dict[str, list[float]] = {name: [] for name in others}
    scores: dict[str, list[float]] = {name: [] for name in others}
    own: list[float] = []
    for clip in clips:
        audio = preprocessed(clip.samples[None], clip.sample_rate)
        frames = first(audio)
        own.append(float(score(frames)))
        for name, encode in others.items():
            theirs = encode(audio)
            errors[name].append(float((frames - theirs).norm() / frames.norm()))
            scores[name].append(float(score(theirs)))
    return {name: Agreement(tuple(errors[name]), tuple(own), tuple(scores[name])) for name in others}


def damaged(clips: Sequence[Clip], damages: Sequence[tuple[str, int]] = DAMAGES) -> Iterator[Clip]:
    """Every clip clean, and then under one damage after the other."""
    yield from clips
    for name, level in damages:
        degradation = catalogue.get(name)
        for clip in clips:
            seed = cell_seed(0, clip.hash, *degradation.seed_key, 0)
            yield degradation.render(clip, level, generator(seed)).clip
