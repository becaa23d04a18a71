"""LAION-CLAP: an embedding of ten seconds that was trained to lie beside that of a text which describes them.

Source: Wu, Chen et al., "Large-scale contrastive language-audio pretraining with feature fusion and
keyword-to-caption augmentation", ICASSP 2023 (arXiv 2211.06687); the network is transformers'.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from degrade_bench._support.numbers import fixed
from degrade_bench.clip.conversion import librosa_mono
from degrade_bench.errors import MetricError, NotApplicableError
from degrade_bench.metric.devices import checked_device
from degrade_bench.metric.embedding import StatedEmbedder, Statement
from degrade_bench.metric.extras import not_installed
from degrade_bench.metric.learned import clap_contract as contract
from degrade_bench.metric.learned.clap_names import architecture, is_laions, renamed
from degrade_bench.metric.learned.configs import read_config
from degrade_bench.metric.learned.networks import asking, making
from degrade_bench.metric.learned.places import Files, located, missing
from degrade_bench.metric.learned.repositories import CLAP as REPOSITORY
from degrade_bench.metric.similarity import MeanSimilarity
from degrade_bench.metric.tensor_files import Fitted, read_tensors

NOT_HEARD = ("text_model.", "text_projection.", "logit_scale_")
"""What the names of weights of the text's part begin with."""


@dataclass(frozen=True)
class ClapEmbedder(StatedEmbedder):
    """One vector for ten seconds of a clip, of length 1.

    Attributes:
        weights: the file of the weights.
        config: ``config.json`` beside it, where it is in transformers' format.
        parts: hashes of the files, as pairs; what they hold decides what is made.
        device: ``cpu`` or ``cuda:N``.
        lowest_hz: where the mel bands begin.
        highest_hz: where they end.
    """

    weights: Path = field(compare=False)
    config: Path | None = field(compare=False)
    parts: tuple[tuple[str, str], ...]
    device: str = "cpu"
    lowest_hz: float = contract.LOWEST_HZ
    highest_hz: float = contract.HIGHEST_HZ

    @classmethod
    def of(cls, files: Files, device: str = "cpu") -> ClapEmbedder:
        """The embedder of a checkpoint.

        Args:
            files: the checkpoint.
            device: ``cpu`` or ``cuda:N``.

        Raises:
            MetricError: the files are not such a checkpoint.
        """
        bands = _bands(files.beside.get("preprocessor_config.json"))
        parts = tuple(files.fingerprint_parts().items())
        made = cls(files.weights, files.beside.get("config.json"), parts, device, *bands)
        network_of(made)  # a wrong file is said now, and not in a worker
        return made

    @property
    def statement(self) -> Statement:
        """``clap``, 512 numbers at 48 kHz."""
        return Statement("clap", contract.SAMPLE_RATE, dim=network_of(self).config.projection_dim)

    def converted(self, signals: torch.Tensor, sample_rate: int) -> torch.Tensor:
        """The mean of the channels at 48 kHz in 16 bits: ``(batch, channels, time)`` to ``(batch, time)``."""
        return contract.in_16_bits(librosa_mono(signals, sample_rate, contract.SAMPLE_RATE))

    def embed(self, batch: torch.Tensor) -> torch.Tensor:
        """The vector of the middle ten seconds of ``(batch, time)`` at 48 kHz: ``(batch, 1, dim)``, on the CPU.

        Signals are embedded one by one. One with a sample that is not finite gives NaN.

        Raises:
            NotApplicableError: the audio is too short.
            MetricError: the weights cannot be read.
        """
        if batch.shape[1] < contract.SHORTEST_SAMPLES:
            seconds = batch.shape[1] / contract.SAMPLE_RATE
            raise NotApplicableError(
                f"clap hears {contract.SHORTEST_SECONDS} s at least, got {fixed(seconds, 4)} s"
            )
        return torch.stack([self._embedded(audio) for audio in batch])

    def _embedded(self, audio: torch.Tensor) -> torch.Tensor:
        network, device = network_of(self), torch.device(self.device)
        if not bool(torch.isfinite(audio).all()):
            return torch.full((1, self.dim), torch.nan)
        window = contract.window_of(audio.to(device, torch.float32))
        with asking(device):
            heard = network(contract.mel_decibels(window, self.lowest_hz, self.highest_hz)).audio_embeds
            vectors: torch.Tensor = torch.nn.functional.normalize(heard, dim=-1)
        return vectors.cpu().clone()

    def fingerprint_parts(self) -> dict[str, Any]:
        """The weights, the bands, and what computes them."""
        return {
            "embedder": self.name,
            "embedder_version": self.version,
            **dict(self.parts),
            "bands_hz": (self.lowest_hz, self.highest_hz),
            "transformers": version("transformers"),
        }


@lru_cache(maxsize=2)
def network_of(embedder: ClapEmbedder) -> Any:
    """The network on its device, loaded when it is first asked for: each process has its own.

    Raises:
        MetricError: the files are not such a checkpoint.
    """
    from transformers import ClapAudioConfig, ClapAudioModelWithProjection

    state, path = read_tensors(embedder.weights, "clap"), embedder.weights
    try:
        if is_laions(state):
            state = renamed(state)
            settings = architecture(state)
        else:
            settings = _transformers_settings(embedder.config)
        config = ClapAudioConfig(**settings)
        with making():
            network: Any = ClapAudioModelWithProjection(config)
    except MetricError:
        raise
    except Exception as error:  # transformers checks configurations by errors of its own
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise MetricError(f"clap: {path} does not describe CLAP's network of audio: {reason}") from error
    if config.enable_fusion:
        raise MetricError(f"clap: {path}: a checkpoint with fusion hears crops at random; use one without")
    Fitted(state, path, "clap").into(network, NOT_HEARD)
    return network.to(embedder.device)


def _transformers_settings(path: Path | None) -> dict[str, Any]:
    if path is None:
        raise MetricError("clap: the checkpoint is not LAION's, and no config.json is beside it")
    config = read_config(path, "clap")
    audio = config.get("audio_config")
    if not isinstance(audio, dict):
        raise MetricError(f"clap: {path} is not CLAP's config.json: it lacks audio_config")
    return {"projection_dim": config.get("projection_dim", 512), **audio}


def _bands(path: Path | None) -> tuple[float, float]:
    """Where the mel bands begin and end, by ``preprocessor_config.json``; LAION's where there is none."""
    if path is None:
        return contract.LOWEST_HZ, contract.HIGHEST_HZ
    config = read_config(path, "clap")
    expected = {
        "sampling_rate": contract.SAMPLE_RATE,
        "hop_length": contract.HOP_SAMPLES,
        "fft_window_size": contract.FRAME_SAMPLES,
        "feature_size": contract.BANDS,
        "truncation": "rand_trunc",
        "padding": "repeatpad",
    }
    for name, value in expected.items():
        if config.get(name, value) != value:
            raise MetricError(f"clap: {path}: {name} {config[name]!r} is not supported, expected {value!r}")
    bands = [config.get("frequency_min", contract.LOWEST_HZ), config.get("frequency_max", contract.HIGHEST_HZ)]
    if not all(isinstance(hertz, int | float) for hertz in bands):
        raise MetricError(f"clap: {path}: the bands end at {bands}, expected numbers in Hz")
    return float(bands[0]), float(bands[1])


class Clap(MeanSimilarity):
    """Cosine similarity of two clips' embeddings by LAION-CLAP, of ten seconds in the middle.

    Args:
        checkpoint: a folder with one of LAION's checkpoints of music, or with a checkpoint in transformers' format;
            by default the hub's, fetched if need be.
        revision: on the hub; by default the pinned one.
        device: ``cpu`` or ``cuda:N``.

    Raises:
        MetricError: the extra ``clap`` is not installed, or the files cannot be had or are not what they should be.
    """

    name = "clap"
    summary = "similarity of the embeddings of a network that was trained to match music with its description"
    source = "arXiv 2211.06687"
    sample_rate = contract.SAMPLE_RATE
    window_seconds = contract.WINDOW_SECONDS
    min_seconds = contract.SHORTEST_SECONDS
    accounts_for = ("checkpoint", "revision")

    def __init__(
        self, checkpoint: str | Path | None = None, revision: str | None = None, device: str = "cpu"
    ) -> None:
        on = checked_device(device, self.name)
        if reason := _not_installed():
            raise MetricError(f"clap is not available: {reason}")
        super().__init__(ClapEmbedder.of(located(REPOSITORY, checkpoint, revision), str(on)), on)

    @classmethod
    def unavailable(cls, settings: Mapping[str, Any]) -> str | None:
        """What is not installed or not on this machine, and what to do; None if nothing is missing. No network."""
        return _not_installed() or missing(REPOSITORY, settings.get("checkpoint"), settings.get("revision"))


def _not_installed() -> str | None:
    return not_installed({"transformers": "transformers"}, "clap")
