"""Zero-phase filters with a given magnitude response, and what they did to a spectrum, measured.

A response is a gain per frequency, real and without sign: the filter has no delay and no phase shift, so that
what a full-reference metric hears is the change of the spectrum and nothing else. It is applied by
overlap-save: the impulse response of such a filter is symmetric, and *rings* for so many samples to either
side; blocks that overlap by twice as much are filtered in the Fourier domain, and their middles put together.
Blocks of a few thousand samples stay in a core's cache, which makes them about four times as fast as one
transform of the whole clip, whatever the clip's length factorises into.

The Butterworth responses are those of the digital filter that the bilinear transform gives, run forward and
backward.

Source: overlap-save after A. V. Oppenheim and R. W. Schafer, "Discrete-Time Signal Processing", section 8.7.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch

from degrade_bench._support.accelerator import on_device, on_processor
from degrade_bench._support.caching import remembered
from degrade_bench.clip import Clip
from degrade_bench.errors import NotApplicableError

Response = Callable[[np.ndarray], np.ndarray]
"""Frequencies in Hz to gains (linear, 0 or more), arrays of one shape."""

HIGHEST_SHARE = 0.45
"""The highest corner as a share of the sample rate: above it a filter has nothing to remove."""

ONE_PASS = (math.sqrt(2) - 1) ** 0.25
"""Where the two passes together are −3 dB, one second-order pass is −1.5 dB: cutoff over corner."""

RINGING_NEPERS = 4 * math.sqrt(2) * math.pi
"""By how much a second-order Butterworth section decays until it is over: 154 dB, four periods of a low corner."""

SMALLEST_BLOCK = 4096
BANDS_PER_OCTAVE = 24


def low_pass_gain(frequency_hz: np.ndarray, cutoff_hz: float, sample_rate: float) -> np.ndarray:
    """A low-pass of 24 dB per octave, −3 dB at the cutoff: second-order Butterworth, forward and backward.

    Args:
        frequency_hz: where the gain is asked for, any shape; the answer has the same.
        cutoff_hz: under half the sample rate.
        sample_rate: Hz.
    """
    corner = math.tan(math.pi * cutoff_hz / sample_rate) / ONE_PASS
    values: np.ndarray = 1 / (1 + (_warped(frequency_hz, sample_rate) / corner) ** 4)
    return values


def high_pass_gain(frequency_hz: np.ndarray, cutoff_hz: float, sample_rate: float) -> np.ndarray:
    """A high-pass of 24 dB per octave, −3 dB at the cutoff: second-order Butterworth, forward and backward.

    Args:
        frequency_hz: where the gain is asked for, any shape; the answer has the same.
        cutoff_hz: under half the sample rate.
        sample_rate: Hz.
    """
    corner = math.tan(math.pi * cutoff_hz / sample_rate) * ONE_PASS
    ratio = (_warped(frequency_hz, sample_rate) / corner) ** 4
    values: np.ndarray = ratio / (1 + ratio)
    return values


def _warped(frequency_hz: np.ndarray, sample_rate: float) -> np.ndarray:
    """What the bilinear transform makes of a frequency; finite at Nyquist, where the tangent is not."""
    return np.tan(np.minimum(np.pi * np.asarray(frequency_hz, dtype=float) / sample_rate, 0.4999999 * np.pi))


def ringing(corner_hz: float, sample_rate: float) -> int:
    """For how many samples to either side a filter rings whose lowest corner is ``corner_hz``.

    A section's poles lie at a radius that follows from the bilinear transform. A low corner of f Hz decays by
    ``exp(−√2·π·f·t)``; one near the end of the band rings on, at half the sample rate.
    """
    corner = math.tan(math.pi * corner_hz / sample_rate)
    damping = math.sqrt(2) * corner / (1 + corner**2)
    return math.ceil(RINGING_NEPERS / math.atanh(damping))


def zero_phase(samples: torch.Tensor, sample_rate: int, response: Response, corner_hz: float) -> torch.Tensor:
    """Filter with a magnitude response and no phase shift; the ends are continued by reflection.

    Args:
        samples: ``(channels, time)``, float32.
        sample_rate: Hz.
        response: the gain at each frequency.
        corner_hz: the frequency at which the response bends, which says how long it rings; of several, the one
            that is nearest to an end of the band.

    Shape:
        ``(channels, time)``, float32; as long as it was.
    """
    channels, length = samples.shape
    ring = ringing(corner_hz, sample_rate)
    block = max(SMALLEST_BLOCK, 2 ** math.ceil(math.log2(8 * ring)))
    hop = block - 2 * ring
    count = -(-length // hop)
    source = on_device(samples)
    padded = source.new_zeros(channels, count * hop + 2 * ring)
    padded[:, ring : ring + length] = source
    head, tail = _reflected(source, ring)
    padded[:, :ring] = head
    padded[:, ring + length : 2 * ring + length] = tail
    gain = np.asarray(response(np.fft.rfftfreq(block, 1 / sample_rate)), dtype=np.float32)
    spectrum = torch.fft.rfft(padded.unfold(1, block, hop))
    spectrum *= torch.from_numpy(gain).to(source.device)
    filtered = torch.fft.irfft(spectrum, n=block)[:, :, ring : ring + hop]
    return on_processor(filtered.reshape(channels, count * hop)[:, :length].contiguous())


def _reflected(samples: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """What would come before and after the samples, mirrored at the ends as often as it takes."""
    length = samples.shape[1]
    if length == 1:
        return samples.expand(-1, count), samples.expand(-1, count)
    beyond = torch.arange(1, count + 1, device=samples.device) % (2 * (length - 1))
    index = torch.where(beyond < length, beyond, 2 * (length - 1) - beyond)
    return samples[:, index.flip(0)], samples[:, length - 1 - index]


def check_corner(corner_hz: float, sample_rate: int) -> None:
    """Raise where a filter with that corner has nothing to remove.

    Raises:
        NotApplicableError: the corner is at the end of the band or beyond.
    """
    if corner_hz > HIGHEST_SHARE * sample_rate:
        raise NotApplicableError(f"a cutoff of {corner_hz:g} Hz leaves nothing to remove at {sample_rate} Hz")


def spectral_ratio_db(
    clean: Clip, degraded: Clip, plateau_hz: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray] | None:
    """What a filter did, from the two signals: degraded over clean in bands of 1/24 octave, against a plateau.

    Args:
        clean: before.
        degraded: after, with or without a gain on top.
        plateau_hz: the range in which nothing was taken away; the ratio there is called 0 dB.

    Returns:
        The bands' centres in Hz and their ratio in dB, where the clean clip has anything to measure by; None where
        it has nothing on the plateau.
    """
    starts, centres, band_x = _clean_bands(clean)
    if not starts.size:
        return None
    band_y = np.add.reduceat(_power(degraded.samples, _window(clean)), starts)
    sounding = band_x > band_x.max() * 1e-9
    plateau = sounding & (centres >= plateau_hz[0]) & (centres <= plateau_hz[1])
    if not plateau.any():
        return None
    reference = band_y[plateau].sum() / band_x[plateau].sum()
    if reference <= 0:
        return None
    ratio = band_y[sounding] / band_x[sounding] / reference
    return centres[sounding], 10 * np.log10(np.maximum(ratio, 1e-30))


@remembered()
def _clean_bands(clip: Clip) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of the bands that hold a frequency: where in the spectrum they begin, their centres in Hz, their power."""
    lowest = 15.0
    edges = lowest * 2 ** (
        np.arange(BANDS_PER_OCTAVE * math.log2(clip.sample_rate / 2 / lowest)) / BANDS_PER_OCTAVE
    )
    power = _power(clip.samples, _window(clip))
    frequencies = np.fft.rfftfreq(_size(clip.num_samples), 1 / clip.sample_rate)
    starts = np.unique(np.searchsorted(frequencies, edges))
    starts = starts[starts < len(power)]
    if not starts.size:
        return starts, np.zeros(0), np.zeros(0)
    centres = np.sqrt(frequencies[starts] * frequencies[np.append(starts[1:], len(power)) - 1])
    return starts, centres, np.add.reduceat(power, starts)


@remembered()
def _window(clip: Clip) -> np.ndarray:
    """A Hann window as long as the clip."""
    return np.hanning(clip.num_samples)


def _size(num_samples: int) -> int:
    """A length near that of the clip that transforms fast."""
    from scipy import fft

    return int(fft.next_fast_len(num_samples, real=True))


def _power(samples: torch.Tensor, window: np.ndarray) -> np.ndarray:
    """The power spectrum of all channels under a window."""
    from scipy import fft

    spectrum = fft.rfft(samples.numpy() * window, _size(len(window)), axis=1)
    values: np.ndarray = (np.square(spectrum.real) + np.square(spectrum.imag)).sum(axis=0)
    return values


def edge_hz(centres: np.ndarray, ratio_db: np.ndarray, start_hz: float, upward: bool) -> float | None:
    """The first frequency in Hz above (or below) ``start_hz`` at which the ratio has fallen by 3 dB.

    None where it never does, or where it has already done so at the start.

    Args:
        centres: of the bands, in Hz, rising; ``(bands,)``.
        ratio_db: the gain in each band, in dB; ``(bands,)``.
        start_hz: where the passband is.
        upward: whether the edge lies above ``start_hz``, or below it.
    """
    side = centres >= start_hz if upward else centres <= start_hz
    frequencies, fall = centres[side], ratio_db[side]
    if not upward:
        frequencies, fall = frequencies[::-1], fall[::-1]
    below = np.flatnonzero(fall < -3.01)
    if not below.size or below[0] == 0:
        return None
    k = int(below[0])  # interpolate between the bands on either side
    share = (fall[k - 1] + 3.01) / (fall[k - 1] - fall[k])
    return float(frequencies[k - 1] + share * (frequencies[k] - frequencies[k - 1]))
