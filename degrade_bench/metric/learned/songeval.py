"""SongEval: five marks for a whole song, from 1 to 5, learned from those of people trained in music.

The frames of MuQ's sixth conformer layer, 25 a second, go through four layers of attention; their mean over time,
beside the maximum over time of what went in, decides the marks.

Sources: Yao et al., "SongEval: a benchmark dataset for song aesthetics evaluation", arXiv 2505.10793; ``eval.py``,
``model.py`` and ``config.yaml`` of https://github.com/ASLP-lab/SongEval; MuQ, arXiv 2501.01108.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import torch

from degrade_bench._support.files import sha256_of
from degrade_bench.clip.conversion import librosa_mono
from degrade_bench.errors import MetricError
from degrade_bench.metric.devices import checked_device
from degrade_bench.metric.extras import not_installed
from degrade_bench.metric.learned import places
from degrade_bench.metric.learned.configs import read_config
from degrade_bench.metric.learned.judge import Judge, Marks
from degrade_bench.metric.learned.networks import making
from degrade_bench.metric.learned.places import Files
from degrade_bench.metric.learned.repositories import MARKS
from degrade_bench.metric.learned.repositories import SONGEVAL_ENCODER as ENCODER
from degrade_bench.metric.muq_eval.architecture import Architecture
from degrade_bench.metric.muq_eval.checkpoint import UNUSED
from degrade_bench.metric.tensor_files import Fitted, read_tensors

if TYPE_CHECKING:
    from torch import nn

SAMPLE_RATE = 24000
LAYER = 6
"""Of MuQ: the marks are made of what it gives, before any later layer or norm."""
HEADS = 8
LATER = re.compile(r"model\.conformer\.(layer_norm\.|layers\.(?![0-5]\.)).*")
"""Weights of MuQ behind that layer."""

HEAD_FILE = "model.safetensors"


class SongevalMusicality(Judge):
    """Overall musicality of a song, by SongEval.

    Args:
        checkpoint: a folder with SongEval's ``model.safetensors``: ``ckpt`` of a clone of its repository.
        encoder: a folder with MuQ's ``config.json`` and weights; by default the hub's, fetched if need be.
        encoder_revision: MuQ's revision on the hub; by default the pinned one.
        device: ``cpu`` or ``cuda:N``.

    Raises:
        MetricError: the files cannot be had, or are not what they should be.
    """

    name = "songeval-musicality"
    summary = "predicted overall musicality of a whole song, learned from musicians' ratings"
    source = "arXiv 2505.10793"
    sample_rate = SAMPLE_RATE
    min_seconds = 1.0
    score_range = (1.0, 5.0)
    accounts_for = ("checkpoint", "encoder", "encoder_revision")
    called: ClassVar[str] = "musicality"

    def __init__(
        self,
        checkpoint: str | Path | None = None,
        encoder: str | Path | None = None,
        encoder_revision: str | None = None,
        device: str = "cpu",
    ) -> None:
        on = checked_device(device, self.name)
        if reason := _not_installed():
            raise MetricError(f"{self.name} is not available: {reason}")
        repository = replace(ENCODER, metric=self.name)
        head = _head_file(self.name, checkpoint)  # said before anything is fetched
        files = places.located(repository, encoder, encoder_revision)
        self.mark = MARKS.index(self.called)
        encoder_parts = {f"encoder_{name}": value for name, value in files.fingerprint_parts().items()}

        def make() -> Marks:
            network = _network(self.name, head, files, on)
            return lambda audio: network(audio[None])[0]

        self.use("songeval", {"head_sha256": sha256_of(head), **encoder_parts}, on, make)

    @classmethod
    def unavailable(cls, settings: Mapping[str, Any]) -> str | None:
        """What is not installed or not on this machine, and what to do; None if nothing is missing. No network."""
        if reason := _not_installed():
            return reason
        try:
            _head_file(cls.name, settings.get("checkpoint"))
        except MetricError as error:
            return str(error).removeprefix(f"{cls.name}: ")
        asked = settings.get("encoder"), settings.get("encoder_revision")
        return places.missing(replace(ENCODER, metric=cls.name), *asked)

    def converted(self, signals: torch.Tensor, sample_rate: int) -> torch.Tensor:
        """The mean of the channels at 24 kHz, as ``librosa.load`` makes it."""
        return librosa_mono(signals, sample_rate, SAMPLE_RATE)


class SongevalCoherence(SongevalMusicality):
    """Overall coherence of a song, by SongEval."""

    name = "songeval-coherence"
    summary = "predicted overall coherence of a whole song, learned from musicians' ratings"
    called = "coherence"


class SongevalMemorability(SongevalMusicality):
    """Memorability of a song, by SongEval."""

    name = "songeval-memorability"
    summary = "predicted memorability of a whole song, learned from musicians' ratings"
    called = "memorability"


class SongevalClarity(SongevalMusicality):
    """Clarity of a song's structure, by SongEval."""

    name = "songeval-clarity"
    summary = "predicted clarity of a whole song's structure, learned from musicians' ratings"
    called = "clarity"


class SongevalNaturalness(SongevalMusicality):
    """Naturalness of breathing and phrasing of a song's voice, by SongEval."""

    name = "songeval-naturalness"
    summary = "predicted naturalness of the voice's breathing and phrasing, learned from musicians' ratings"
    called = "naturalness"


def _head_file(metric: str, folder: str | Path | None) -> Path:
    """SongEval's own weights.

    Raises:
        MetricError: they are not there; says how to get them.
    """
    how_to = (
        "git clone https://github.com/ASLP-lab/SongEval (with git lfs), and give "
        f"--set {metric}.checkpoint=SongEval/ckpt (with {HEAD_FILE})"
    )
    if folder is None:
        raise MetricError(f"{metric}: SongEval's weights are in its repository and nowhere on the hub: {how_to}")
    path = Path(folder) / HEAD_FILE
    if not path.is_file():
        raise MetricError(f"{metric}: --set {metric}.checkpoint={folder}: there is no {HEAD_FILE} in it; {how_to}")
    return path


def _not_installed() -> str | None:
    return not_installed({"safetensors": "safetensors"}, "songeval")


def _network(metric: str, head: Path, files: Files, device: torch.device) -> nn.Module:
    # classes of torch's: only here, so that a listing can do without torch
    from degrade_bench.metric.learned.songeval_network import SongevalNetwork, head_of
    from degrade_bench.metric.muq_eval.encoder import Encoder
    from degrade_bench.metric.muq_eval.layers import Blueprint

    config = read_config(files.beside["config.json"], metric)
    try:
        architecture = Architecture.from_config(config, files.beside["config.json"])
    except MetricError as error:
        raise MetricError(str(error).replace("muq-eval", metric, 1)) from error
    if architecture.depth <= LAYER:
        depth = f"MuQ has {architecture.depth} layers, expected more than {LAYER}"
        raise MetricError(f"{metric}: {files.beside['config.json']}: {depth}")
    weights = EncoderWeights(read_tensors(files.weights, metric), files.weights, metric)
    encoder = Encoder(Blueprint(replace(architecture, depth=LAYER), weights, on_gpu=device.type == "cuda"))
    weights.refuse_others()
    state = read_tensors(head, metric)
    with making():
        made = head_of(state, architecture.dim, HEADS, len(MARKS))
    Fitted(state, head, metric).into(made)
    return SongevalNetwork(encoder, made).eval().to(device)


class EncoderWeights:
    """MuQ's weights by name, each of the shape that is asked for; remembers which were used.

    Args:
        state: the tensors of its file.
        path: the file, for messages.
        metric: whose they are, for messages.
    """

    def __init__(self, state: Mapping[str, torch.Tensor], path: Path, metric: str) -> None:
        self._state, self._path, self._metric = state, path, metric
        self._used: set[str] = set()

    def __call__(self, name: str, *shape: int) -> torch.Tensor:
        """The float32 tensor of that name, without its leading ``model.``.

        Raises:
            MetricError: it is missing or has another shape.
        """
        if name.startswith("conformer.layer_norm."):  # behind the last layer, which is not asked
            return torch.zeros(shape)
        weight = self._state.get(f"model.{name}")
        if weight is None:
            raise MetricError(f"{self._metric}: {self._path} lacks model.{name}")
        if tuple(weight.shape) != shape:
            shapes = f"model.{name} {tuple(weight.shape)} instead of {shape}"
            raise MetricError(f"{self._metric}: {self._path} has wrong shapes: {shapes}")
        self._used.add(f"model.{name}")
        return weight.float()

    def refuse_others(self) -> None:
        """Refuse weights that were not asked for, are of no later layer, and that no pre-training needs.

        Raises:
            MetricError: names the first.
        """
        for name in sorted(set(self._state) - self._used):
            if not (UNUSED.fullmatch(name) or LATER.fullmatch(name)):
                raise MetricError(f"{self._metric}: {self._path} has unexpected {name}")
