"""Time stretching and pitch shifting of whole signals.

A transposition is a stretch and a resampling that undoes it. An event lands where the map says to within a few
milliseconds, and a steady tone keeps its pitch to a hundredth of a cent. Measured on the built-in corpus at 0.8
times the tempo, spectra and onsets stay closer to the source's than with Rubber Band's finer engine, at a tenth
of its time or less (``benchmarks/stretch.md``). Formants are left alone: this is music, and moving the envelope
back thins everything but voices.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from degrade_bench.degrade.dsp.codec import fitted
from degrade_bench.degrade.dsp.vocoder import SourceOf, vocoded


def moved(samples: torch.Tensor, sample_rate: int, source_of: SourceOf, length: int) -> torch.Tensor:
    """Move a signal in time along any map, at its own pitch.

    Args:
        samples: ``(channels, time)``; beyond its ends the music is mirrored.
        sample_rate: Hz.
        source_of: from output to source positions, both in samples; increasing.
        length: samples of the output.
    """
    return torch.from_numpy(vocoded(samples.numpy(), sample_rate, source_of, length))


def along(source: npt.ArrayLike, output: npt.ArrayLike) -> SourceOf:
    """The map that hears position ``source[k]`` at ``output[k]``; beyond its ends the tempo is the old one."""
    from_, to = np.asarray(source, dtype=float), np.asarray(output, dtype=float)

    def source_of(positions: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        heard_at = np.interp(positions, to, from_)
        heard_at += np.minimum(positions - to[0], 0.0)
        result: npt.NDArray[np.float64] = heard_at + np.maximum(positions - to[-1], 0.0)
        return result

    return source_of


def at_rate(rate: float) -> SourceOf:
    """The map of a constant tempo; above 1 is faster."""
    return lambda positions: positions * rate


def stretched(samples: torch.Tensor, sample_rate: int, rate: float, length: int) -> torch.Tensor:
    """Change the tempo and keep the pitch.

    Args:
        samples: ``(channels, time)``.
        sample_rate: Hz.
        rate: above 1 is faster.
        length: samples of the output.
    """
    return moved(samples, sample_rate, at_rate(rate), length)


def shifted(samples: torch.Tensor, sample_rate: int, semitones: float) -> torch.Tensor:
    """Change the pitch and keep the tempo; the output is as long as the input, to the sample.

    Args:
        samples: ``(channels, time)``.
        sample_rate: Hz.
        semitones: up where positive; need not be whole.
    """
    import soxr

    ratio = 2 ** (semitones / 12)
    count = samples.shape[1]
    longer = vocoded(samples.numpy(), sample_rate, at_rate(1 / ratio), int(np.ceil(count * ratio)))
    back = soxr.resample(longer.T, ratio, 1.0, quality="HQ").reshape(-1, len(longer)).T
    return torch.from_numpy(fitted(back, count))
