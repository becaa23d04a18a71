"""Audiobox Aesthetics: four marks for speech, music and sound, from 1 to 10, learned from listeners' ratings.

The network is that of the package ``audiobox_aesthetics``: WavLM, a mean of its layers and over time, and a small
head for each mark.

Source: Tjandra et al., "Meta Audiobox Aesthetics: unified automatic quality assessment for speech, music, and
sound", 2025 (arXiv 2502.05139); ``infer.py`` and ``model/aes.py`` of ``audiobox_aesthetics`` 0.0.4.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import torch

from degrade_bench.clip.conversion import mono_at
from degrade_bench.errors import MetricError
from degrade_bench.metric.devices import checked_device
from degrade_bench.metric.extras import not_installed
from degrade_bench.metric.learned import places
from degrade_bench.metric.learned.configs import read_config
from degrade_bench.metric.learned.judge import Judge, Marks
from degrade_bench.metric.learned.networks import making
from degrade_bench.metric.learned.places import Files
from degrade_bench.metric.learned.repositories import AUDIOBOX as REPOSITORY
from degrade_bench.metric.learned.repositories import AXES
from degrade_bench.metric.tensor_files import Fitted, read_tensors

SAMPLE_RATE = 16000
WINDOW_SAMPLES = 160_000
CONFIG = "config.json"


class AudioboxPq(Judge):
    """Production quality, by Audiobox Aesthetics.

    Args:
        checkpoint: a folder with ``config.json`` and ``model.safetensors``; by default the hub's, fetched if need
            be.
        revision: on the hub; by default the pinned one.
        device: ``cpu`` or ``cuda:N``.

    Raises:
        MetricError: the extra ``audiobox`` is not installed, or the files cannot be had or are not what they should
            be.
    """

    name = "audiobox-pq"
    summary = "predicted production quality: clarity, dynamics, spectrum and space; learned from listeners' ratings"
    source = "arXiv 2502.05139, through audiobox_aesthetics"
    sample_rate = SAMPLE_RATE
    min_seconds = 0.1
    score_range = (1.0, 10.0)
    accounts_for = ("checkpoint", "revision")
    axis: ClassVar[str] = "PQ"

    def __init__(
        self, checkpoint: str | Path | None = None, revision: str | None = None, device: str = "cpu"
    ) -> None:
        on = checked_device(device, self.name)
        if reason := _not_installed():
            raise MetricError(f"{self.name} is not available: {reason}")
        files = places.located(replace(REPOSITORY, metric=self.name), checkpoint, revision)
        self.mark = AXES.index(self.axis)
        parts = {**files.fingerprint_parts(), "package": f"audiobox_aesthetics {_version()}"}
        self.use("audiobox", parts, on, lambda: _marks(self.name, files, on))

    @classmethod
    def unavailable(cls, settings: Mapping[str, Any]) -> str | None:
        """What is not installed or not on this machine, and what to do; None if nothing is missing. No network."""
        asked = settings.get("checkpoint"), settings.get("revision")
        return _not_installed() or places.missing(replace(REPOSITORY, metric=cls.name), *asked)

    def converted(self, signals: torch.Tensor, sample_rate: int) -> torch.Tensor:
        """The mean of the channels at 16 kHz."""
        return mono_at(signals, sample_rate, SAMPLE_RATE)


class AudioboxPc(AudioboxPq):
    """Production complexity, by Audiobox Aesthetics: how many parts there are. More is not better by itself."""

    name = "audiobox-pc"
    summary = "predicted production complexity: how many parts there are; more is not better by itself"
    axis = "PC"


class AudioboxCe(AudioboxPq):
    """Content enjoyment, by Audiobox Aesthetics."""

    name = "audiobox-ce"
    summary = "predicted enjoyment of the content: emotion, artistry, skill; learned from listeners' ratings"
    axis = "CE"


class AudioboxCu(AudioboxPq):
    """Content usefulness, by Audiobox Aesthetics."""

    name = "audiobox-cu"
    summary = "predicted usefulness of the content as source material, learned from listeners' ratings"
    axis = "CU"


def _not_installed() -> str | None:
    return not_installed({"audiobox_aesthetics": "audiobox_aesthetics"}, "audiobox")


def _version() -> str:
    return version("audiobox_aesthetics")


def windows_of(audio: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor, float]]:
    """What the network hears of ``(time,)`` at 16 kHz: ten seconds after ten seconds, zeros behind the last ones.

    Returns:
        for each window its samples and where they are no filling, both ``(160000,)``, and its weight, which is the
        part of it that is filled.
    """
    windows = []
    for part in audio.split(WINDOW_SAMPLES):
        behind = WINDOW_SAMPLES - len(part)
        mask = torch.nn.functional.pad(torch.ones_like(part, dtype=torch.bool), (0, behind))
        windows.append((torch.nn.functional.pad(part, (0, behind)), mask, len(part) / WINDOW_SAMPLES))
    return windows


def _marks(metric: str, files: Files, device: torch.device) -> Marks:
    """The package's network, and how it is asked.

    Raises:
        MetricError: the files are not such a checkpoint.
    """
    config = read_config(files.beside[CONFIG], metric)
    try:
        means, deviations = (
            torch.tensor([float(config["target_transform"][axis][name]) for axis in AXES])
            for name in ("mean", "std")
        )
        with making(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch calls weight_norm old
            from audiobox_aesthetics.model.aes import AesMultiOutput

            network = AesMultiOutput(**config)
    except Exception as error:  # the package takes whatever it is given
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise MetricError(f"{metric}: {files.beside[CONFIG]} does not describe its network: {reason}") from error
    Fitted(read_tensors(files.weights, metric), files.weights, metric).into(network)
    network.to(device)

    def marks(audio: torch.Tensor) -> torch.Tensor:
        total, weights = torch.zeros(len(AXES)), 0.0
        for samples, mask, weight in windows_of(audio):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # torch calls a mask of another type than a bias's old
                given = network({"wav": samples[None, None], "mask": mask[None, None]})
            total += weight * torch.cat([given[axis] for axis in AXES]).float().cpu()
            weights += weight
        return total / weights * deviations + means

    return marks
