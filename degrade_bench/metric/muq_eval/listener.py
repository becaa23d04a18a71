"""MuQ-Eval's network at work: audio in; frames, pooled embeddings and scores out, each window computed once."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch

from degrade_bench.errors import MetricError
from degrade_bench.metric.muq_eval import contract
from degrade_bench.metric.muq_eval.device import Batches, windows_at_once
from degrade_bench.metric.muq_eval.network import Network

REMEMBERED_WINDOWS = 128
"""Windows whose frames are kept for another metric on the same network: 1 MB each."""


@dataclass(frozen=True, eq=False)
class Embeddings:
    """What MuQ-Eval's encoder makes of a batch.

    Attributes:
        frames: ``(batch, windows, time, dim)``, float32: the last hidden state, 25 frames a second.
        pooled: ``(batch, windows, dim)``, float32: their mean under MuQ-Eval's attention, which its head hears.
    """

    frames: torch.Tensor
    pooled: torch.Tensor


class Listener:
    """A network on a device.

    Args:
        make: builds the network in a given type; called again, for float32, only where bfloat16 fails.
        device: where it runs.
        dtype: float32, or bfloat16 for the encoder's products.
        shortest_samples: the fewest samples at 24 kHz that the encoder takes.

    Attributes:
        recomputed: windows that bfloat16 gave a non-finite frame for, and float32 was asked again.
        remembered: frames of the clips of the last calls; may be cleared, and costs a second pass then.
    """

    def __init__(
        self,
        make: Callable[[torch.dtype], Network],
        device: torch.device,
        dtype: torch.dtype,
        shortest_samples: int,
    ) -> None:
        self.device, self.dtype, self.shortest_samples = device, dtype, shortest_samples
        self.recomputed = 0
        self._make = make
        self._networks = {dtype: make(dtype).eval().to(device)}
        self._batches = Batches(device, windows_at_once(device, dtype))
        self.remembered: OrderedDict[bytes, torch.Tensor] = OrderedDict()

    def embed(self, batch: torch.Tensor, sample_rate: int, hop_seconds: float | None = None) -> Embeddings:
        """What the encoder makes of a batch, on this listener's device.

        Args:
            batch: ``(batch, channels, time)``, float32, at any rate.
            sample_rate: in Hz.
            hop_seconds: as in :func:`~degrade_bench.metric.muq_eval.contract.windows`.

        Raises:
            MetricError: the audio is too short, or memory does not hold one window.
        """
        self._check_length(batch, sample_rate)
        with torch.inference_mode(), _exact_convolutions():
            frames = self._frames(batch, sample_rate, hop_seconds)
            return Embeddings(frames, self.network.pooled(frames.flatten(0, 1)).unflatten(0, frames.shape[:2]))

    def score(self, batch: torch.Tensor, sample_rate: int, hop_seconds: float | None = None) -> torch.Tensor:
        """Score every window; ``(batch, windows)`` on the CPU.

        Args:
            batch: ``(batch, channels, time)``, float32, at any rate.
            sample_rate: in Hz.
            hop_seconds: as in :func:`~degrade_bench.metric.muq_eval.contract.windows`.

        Raises:
            MetricError: as for :meth:`embed`.
        """
        pooled = self.embed(batch, sample_rate, hop_seconds).pooled
        with torch.inference_mode():
            output: torch.Tensor = self.network.score(pooled.flatten(0, 1)).unflatten(0, pooled.shape[:2]).cpu()
            return output

    @property
    def network(self) -> Network:
        """The network in the listener's type."""
        return self._networks[self.dtype]

    def _check_length(self, batch: torch.Tensor, sample_rate: int) -> None:
        needed = contract.shortest_samples(self.shortest_samples, sample_rate)
        if batch.shape[-1] < needed:
            raise MetricError(
                f"muq-eval: {batch.shape[-1]} samples at {sample_rate} Hz are too short for the encoder, "
                f"which takes {needed} and more"
            )

    def _frames(self, batch: torch.Tensor, sample_rate: int, hop_seconds: float | None) -> torch.Tensor:
        keys = [_key(clip, sample_rate, hop_seconds) for clip in batch]
        by_key = {key: self.remembered[key] for key in keys if key in self.remembered}
        fresh: dict[bytes, torch.Tensor] = {}  # windows of the clips to encode, equal clips only once
        for index, key in enumerate(keys):
            if key not in by_key and key not in fresh:
                # resampled clip by clip, so that a sample does not depend on its neighbours
                fresh[key] = contract.windows(batch[index : index + 1], sample_rate, hop_seconds)
        if fresh:
            windows = torch.cat(list(fresh.values()))
            encoded = self._encoded(windows.flatten(0, 1)).unflatten(0, windows.shape[:2])
            for key, frames in zip(fresh, encoded, strict=True):
                by_key[key] = frames
                self._remember(key, frames)
        return torch.stack([by_key[key] for key in keys])

    def _encoded(self, windows: torch.Tensor) -> torch.Tensor:
        frames = self._batches.run(self.network.encoder, windows)
        if self.dtype is torch.float32:
            return frames
        wrong = ~torch.isfinite(frames).flatten(1).all(dim=1).cpu() & torch.isfinite(windows).all(dim=1).cpu()
        if bool(wrong.any()):
            self.recomputed += int(wrong.sum())
            if torch.float32 not in self._networks:
                self._networks[torch.float32] = self._make(torch.float32).eval().to(self.device)
            again = self._batches.run(self._networks[torch.float32].encoder, windows[wrong])
            frames[wrong.to(frames.device)] = again
        return frames

    def _remember(self, key: bytes, frames: torch.Tensor) -> None:
        if len(frames) > REMEMBERED_WINDOWS:
            return
        self.remembered[key] = frames
        while sum(len(kept) for kept in self.remembered.values()) > REMEMBERED_WINDOWS:
            self.remembered.popitem(last=False)


def _key(clip: torch.Tensor, sample_rate: int, hop_seconds: float | None) -> bytes:
    """What tells a clip from any other: its samples, layout and rate, and how it is cut."""
    digest = hashlib.blake2b(clip.cpu().contiguous().numpy().tobytes(), digest_size=16)
    digest.update(repr((tuple(clip.shape), sample_rate, hop_seconds)).encode())
    return digest.digest()


def _exact_convolutions() -> AbstractContextManager[None]:
    """On a GPU, convolve float32 in float32: TF32 keeps ten bits."""
    flags: AbstractContextManager[None] = torch.backends.cudnn.flags(enabled=True, allow_tf32=False)
    return flags
