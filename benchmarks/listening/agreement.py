"""Does the fast path say what ``muq``'s forward says, and do the rougher types agree with float32?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

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
    first: Encode, others: Mapping[str, Encode], score: Encode, clips: Iterable[Clip], kept: Path | None = None
) -> dict[str, Agreement]:
    """An encoder beside others on every clip, as the contract prepares it.

    Args:
        first: an encoder, ``(batch, samples)`` to ``(batch, time, dim)``.
        others: the other ones, by name.
        score: the head that all share: a clip's features to its score.
        clips: the music.
        kept: a file of what was heard before, by the clip's hash, which is not heard again; what is heard is added.
    """
    heard = {}
    if kept is not None and kept.exists():
        heard = {line["clip"]: line for line in map(json.loads, kept.read_text().splitlines())}
    lines = []
    for clip in clips:
        line = heard.get(clip.hash)
        if line is None or set(line["scores"]) != set(others):
            line = _heard(first, others, score, clip)
            if kept is not None:
                with kept.open("a") as file:
                    file.write(json.dumps(line) + "\n")
        lines.append(line)
    own = tuple(line["score"] for line in lines)
    return {
        name: Agreement(
            tuple(line["errors"][name] for line in lines), own, tuple(line["scores"][name] for line in lines)
        )
        for name in others
    }


def _heard(first: Encode, others: Mapping[str, Encode], score: Encode, clip: Clip) -> dict:
    """What the encoders make of one clip.

    Args:
        first: an encoder.
        others: the other ones, by name.
        score: the head that all share.
        clip: the music.
    """
    audio = preprocessed(clip.samples[None], clip.sample_rate)
    frames = first(audio)
    line: dict = {"clip": clip.hash, "score": float(score(frames)), "errors": {}, "scores": {}}
    for name, encode in others.items():
        theirs = encode(audio)
        line["errors"][name] = float((frames - theirs).norm() / frames.norm())
        line["scores"][name] = float(score(theirs))
    return line


def damaged(clips: Sequence[Clip], damages: Sequence[tuple[str, int]] = DAMAGES) -> Iterator[Clip]:
    """Every clip clean, and then under one damage after the other."""
    yield from clips
    for name, level in damages:
        degradation = catalogue.get(name)
        for clip in clips:
            seed = cell_seed(0, clip.hash, *degradation.seed_key, 0)
            yield degradation.render(clip, level, generator(seed)).clip
