"""Signals as a metric outside is given them: at its rate, with its channels, as arrays or in files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from degrade_bench.clip.conversion import at_rate
from degrade_bench.metric.outside.declaration import Audio, Channels

MEMORY = Path("/dev/shm")
"""A folder that lies in memory, on Linux."""
SPARE = 2
"""So many times as many bytes as are written must be free there; it is shared with everybody."""


def converted(batch: torch.Tensor, sample_rate: int, wanted_rate: int | None, channels: Channels) -> np.ndarray:
    """A batch at another rate, by libsoxr, and as the mean of its channels where one is wanted.

    Every signal is converted by itself, so that what is made of it does not depend on its batch.

    Args:
        batch: ``(batch, channels, time)``, float32.
        sample_rate: of the batch, in Hz.
        wanted_rate: in Hz; None for the one that it has.
        channels: ``mono`` for their mean.

    Returns:
        ``(batch, channels, time)``, float32.
    """
    signals = batch.mean(dim=1, keepdim=True) if channels == "mono" and batch.shape[1] > 1 else batch
    if wanted_rate is not None and wanted_rate != sample_rate:
        signals = torch.stack([at_rate(signal, sample_rate, wanted_rate) for signal in signals])
    arrays: np.ndarray = signals.numpy()
    return arrays


@contextmanager
def written(
    signals: Sequence[np.ndarray], sample_rate: int, audio: Audio, folder: Path | None
) -> Iterator[list[Path]]:
    """Files of signals, which are removed when the block ends.

    Args:
        signals: each ``(channels, time)``, float32.
        sample_rate: in Hz.
        audio: ``wav`` for WAV of float32; ``f32`` for the bare samples, little-endian and interleaved, as in a WAV.
        folder: where a new folder is made for them; None for memory where it has room, else for temporary files.
    """
    import soundfile

    place = folder or _roomy(sum(signal.nbytes for signal in signals))
    with tempfile.TemporaryDirectory(prefix="degrade-bench-", dir=place) as made:
        paths = []
        for index, samples in enumerate(signals):
            path = Path(made) / f"{index}.{audio}"
            if audio == "wav":
                soundfile.write(path, samples.T, sample_rate, format="WAV", subtype="FLOAT")
            else:
                path.write_bytes(np.ascontiguousarray(samples.T, dtype="<f4").data)
            paths.append(path)
        yield paths


def _roomy(needed: int) -> Path | None:
    """The folder in memory, where there is one with room; else None, for that of temporary files."""
    try:
        return MEMORY if shutil.disk_usage(MEMORY).free >= SPARE * needed else None
    except OSError:
        return None
