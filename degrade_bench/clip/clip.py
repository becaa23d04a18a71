"""A clip: samples, a sample rate, and what is known about the music in them.

Samples are ``torch.float32`` of shape ``(channels, time)``. Nominal full scale is ±1, but samples may pass
it: real masters do when decoded, and nothing here clips or renormalises them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from degrade_bench.clip.annotations import Annotations
from degrade_bench.clip.notes.notes import Notes
from degrade_bench.errors import AudioError


@dataclass(frozen=True, eq=False)
class Clip:
    """A piece of audio and what is known about it.

    Attributes:
        id: stable name, unique in a run.
        samples: ``float32``, shape ``(channels, time)``.
        sample_rate: Hz.
        annotations: beats, downbeats, sections, key, where known.
        group: what the clip belongs to (a genre, a source), where the manifest says.
        track: the recording that it was cut from; clips of one track are not independent. The id by default.
        source: where it came from, for the record; never used to find it again.
        stems: stem name to audio file, where the clip has stems; read by :func:`degrade_bench.clip.stems.stems_of`.
        peak: the largest magnitude of any channel.
        stems_start: where in the stems' files the clip begins, in seconds.
        file_damage: what is wrong with the clip's file and how far it was read, such as ``cut off: 2.8 s of 6 s are
            there``; None where nothing is seen to be.
        notes: what is played, where the samples are a rendering of it; None for a recording.
    """

    id: str
    samples: torch.Tensor
    sample_rate: int
    annotations: Annotations = field(default_factory=Annotations)
    group: str | None = None
    track: str | None = None
    source: str | None = None
    stems: Mapping[str, Path] = field(default_factory=dict)
    stems_start: float = 0.0
    file_damage: str | None = None
    notes: Notes | None = None

    peak: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "peak", check_samples(self.samples, where=f"clip {self.id!r}"))
        if self.sample_rate <= 0:
            raise AudioError(f"clip {self.id!r}: sample rate must be positive, got {self.sample_rate}")

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[0])

    @property
    def num_samples(self) -> int:
        """Number of samples per channel."""
        return int(self.samples.shape[1])

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.num_samples / self.sample_rate

    @cached_property
    def hash(self) -> str:
        """SHA-256 of sample rate, shape and samples, as 64 hexadecimal digits. Annotations do not count."""
        digest = hashlib.sha256()
        digest.update(f"{self.sample_rate}:{self.channels}x{self.num_samples}:f32le:".encode())
        digest.update(np.ascontiguousarray(self.samples.cpu().numpy(), dtype="<f4").tobytes())
        return digest.hexdigest()

    def with_samples(
        self, samples: torch.Tensor, annotations: Annotations | None = None, sample_rate: int | None = None
    ) -> Clip:
        """The same clip with other samples. Stems and notes are left behind.

        Args:
            samples: ``(channels, time)``.
            annotations: of the samples; the clip's by default.
            sample_rate: of the samples, in Hz; the clip's by default.
        """
        return Clip(
            id=self.id,
            samples=samples,
            sample_rate=self.sample_rate if sample_rate is None else sample_rate,
            annotations=self.annotations if annotations is None else annotations,
            group=self.group,
            track=self.track,
            source=self.source,
        )


def check_samples(samples: torch.Tensor, where: str = "signal") -> float:
    """Raise unless ``samples`` is finite, non-empty ``float32`` of shape ``(channels, time)``.

    Returns:
        the largest magnitude, which the check finds on its way.

    Raises:
        AudioError: says what was found and what was expected.
    """
    if not isinstance(samples, torch.Tensor):
        raise AudioError(f"{where}: samples must be a torch.Tensor, got {type(samples).__name__}")
    if samples.ndim != 2:
        raise AudioError(f"{where}: expected shape (channels, time), got {tuple(samples.shape)}")
    if samples.dtype != torch.float32:
        raise AudioError(f"{where}: expected float32 samples, got {samples.dtype}")
    if samples.shape[0] < 1 or samples.shape[1] < 1:
        raise AudioError(f"{where}: empty signal of shape {tuple(samples.shape)}")
    if samples.shape[0] > samples.shape[1] and samples.shape[0] > 64:
        raise AudioError(
            f"{where}: shape {tuple(samples.shape)} looks like (time, channels); expected (channels, time)"
        )
    low, high = torch.aminmax(samples.detach())  # NaN comes through; many times as fast as asking every sample
    if not bool(torch.isfinite(low) & torch.isfinite(high)):
        count = int((~torch.isfinite(samples)).sum())
        raise AudioError(f"{where}: {count} of {samples.numel()} samples are NaN or infinite")
    return max(-float(low), float(high))
