"""Does the fast path say what ``muq``'s forward says, and does bfloat16 agree with float32?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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


def compare(first: Encode, second: Encode, score: Encode, clips: Sequence[Clip]) -> Agreement:
    """Both encoders on every clip, as the contract prepares it.

    Args:
        first: an encoder, ``(batch, samples)`` to ``(batch, time, dim)``.
        second: the other one.
        score: the head that both share: a clip's features to its score.
        clips: the music.
    """
    errors, scores = [], ([], [])
    for clip in clips:
        audio = preprocessed(clip.samples[None], clip.sample_rate)
        frames = [encode(audio) for encode in (first, second)]
        errors.append(float((frames[0] - frames[1]).norm() / frames[0].norm()))
        for values, features in zip(scores, frames, strict=True):
            values.append(float(score(features)))
    return Agreement(tuple(errors), tuple(scores[0]), tuple(scores[1]))


def damaged(clips: Sequence[Clip]) -> Iterator[Clip]:
    """Every clip clean, and under four damages."""
    for clip in clips:
        yield clip
        for name, level in DAMAGES:
            degradation = catalogue.get(name)
            seed = cell_seed(0, clip.hash, *degradation.seed_key, 0)
            yield degradation.render(clip, level, generator(seed)).clip
