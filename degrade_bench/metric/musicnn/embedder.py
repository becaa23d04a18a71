"""musicnn as an embedder: the output of its penultimate layer, a vector for every patch of three seconds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from zipfile import BadZipFile

import numpy as np
import torch

from degrade_bench._support.numbers import fixed
from degrade_bench.errors import MetricError, NotApplicableError
from degrade_bench.metric.embedding import StatedEmbedder, Statement
from degrade_bench.metric.musicnn.contract import (
    SAMPLE_RATE,
    SHORTEST_SAMPLES,
    SHORTEST_SECONDS,
    mono_at_16_khz,
    patches_of,
)

if TYPE_CHECKING:
    from degrade_bench.metric.musicnn.network import Network

TrainedOn = Literal["mtt", "msd"]
"""The MagnaTagATune dataset, or the Million Song Dataset with tags of Last.fm."""

FOLDER = Path(__file__).parent / "data"
CPU_PATCHES, GPU_PATCHES = 1, 32
"""Patches that the network gets at once. On a CPU more cost no less each."""


@dataclass(frozen=True)
class MusicnnEmbedder(StatedEmbedder):
    """The penultimate layer of musicnn, 200 numbers for every patch of 2.992 s.

    Attributes:
        trained_on: ``mtt`` or ``msd``.
        device: ``cpu`` or ``cuda:N``.

    Example:
        >>> MusicnnEmbedder("mtt").embed(torch.zeros(2, 7 * 16000)).shape
        torch.Size([2, 2, 200])
    """

    trained_on: TrainedOn
    device: str = "cpu"

    @property
    def statement(self) -> Statement:
        """``musicnn-mtt`` or ``musicnn-msd``, 200 numbers at 16 kHz."""
        return Statement(f"musicnn-{self.trained_on}", SAMPLE_RATE, dim=200)

    def converted(self, signals: torch.Tensor, sample_rate: int) -> torch.Tensor:
        """The mean of the channels at 16 kHz: ``(batch, channels, time)`` to ``(batch, time)``."""
        return mono_at_16_khz(signals, sample_rate)

    def embed(self, batch: torch.Tensor) -> torch.Tensor:
        """The vectors of ``(batch, time)`` at 16 kHz: ``(batch, patches, 200)``, on the CPU.

        Signals are embedded one by one. One with a sample that is not finite gives NaN.

        Raises:
            NotApplicableError: the audio is too short for one patch.
            MetricError: the file of the weights cannot be read.
        """
        if batch.shape[1] < SHORTEST_SAMPLES:
            seconds = batch.shape[1] / SAMPLE_RATE
            raise NotApplicableError(f"{self.name} hears {SHORTEST_SECONDS} s at least, got {fixed(seconds, 4)} s")
        return torch.stack([self._embedded(audio) for audio in batch])

    def _embedded(self, audio: torch.Tensor) -> torch.Tensor:
        network = network_of(self.trained_on, self.device)
        patches = patches_of(audio.to(network.device, torch.float32))
        at_once = CPU_PATCHES if network.device.type == "cpu" else GPU_PATCHES
        parts = [network.layers(part).penultimate for part in patches.split(at_once)]
        vectors = torch.cat(parts).cpu()
        return vectors if bool(torch.isfinite(audio).all()) else torch.full_like(vectors, torch.nan)

    def fingerprint_parts(self) -> dict[str, Any]:
        """The weights, and which layer."""
        return {
            "embedder": self.name,
            "embedder_version": self.version,
            "layer": "penultimate",
            "weights_sha256": weights_sha256(self.trained_on),
        }


@lru_cache(maxsize=4)
def network_of(trained_on: TrainedOn, device: str) -> Network:
    """The network on a device, loaded when it is first asked for: each process has its own.

    Raises:
        MetricError: the file of the weights cannot be read.
    """
    from degrade_bench.metric.musicnn.network import Network

    path = weights_path(trained_on)
    try:
        with np.load(path, allow_pickle=False) as file:
            return Network({name: torch.from_numpy(file[name]) for name in file.files}, torch.device(device))
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise MetricError(f"musicnn: {path} cannot be read; install degrade-bench again ({error})") from error


@lru_cache(maxsize=2)
def weights_sha256(trained_on: TrainedOn) -> str:
    """Of the file.

    Raises:
        MetricError: it cannot be read.
    """
    path = weights_path(trained_on)
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise MetricError(f"musicnn: {path} cannot be read; install degrade-bench again ({error})") from error


def weights_path(trained_on: TrainedOn) -> Path:
    """Where the package keeps the weights."""
    return FOLDER / f"{trained_on}.npz"
