"""Dropouts as a decoder conceals them: the last cycle before the gap goes on through it.

After ITU-T G.711 Appendix I: the lag at which the last 20 ms resemble what came before them best is taken for the
pitch period; that period is repeated through the gap, its seam smoothed over a quarter of it; after 10 ms it
fades by a fifth every 10 ms, down to nothing; where the signal returns, both overlap. The appendix is made for
speech at 8 kHz: here lags go down to 50 Hz, one lag serves all channels, and the period is not lengthened as a gap
goes on. The lag is sought in the mix of the channels, or in the loudest of them where they cancel in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Clip
from degrade_bench.clip.mixdown import one_channel
from degrade_bench.clip.offset import constant_offset
from degrade_bench.degrade.base import Degradation, Picture
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import BuriedPlacebo
from degrade_bench.degrade.signal.dropouts import Dropouts, lost_runs, packet_length

LAG_SECONDS = (0.005, 0.02)
TEMPLATE_SECONDS = 0.02
OVERLAP_SECONDS = 0.005
HOLD_SECONDS = 0.01
FADE_PER_SECOND = 20.0
COARSE_HZ = 8000


def best_lag(history: np.ndarray, sample_rate: int) -> int:
    """The lag in samples at which the end of a signal resembles what came before it best.

    By normalised cross-correlation: coarsely at about 8 kHz, then to the sample around the best.

    Shape:
        history: ``(time,)``, at least 40 ms.
    """
    shortest, longest = (max(1, round(seconds * sample_rate)) for seconds in LAG_SECONDS)
    template = round(TEMPLATE_SECONDS * sample_rate)
    recent = history[-(template + longest) :]
    factor = max(1, sample_rate // COARSE_HZ)
    if factor == 1:
        return _search(recent, template, shortest, longest)
    whole = recent[len(recent) % factor :].reshape(-1, factor).mean(axis=1)
    coarse = factor * _search(whole, template // factor, max(1, shortest // factor), longest // factor)
    return _search(recent, template, max(shortest, coarse - factor), min(longest, coarse + factor))


def _search(history: np.ndarray, template: int, shortest: int, longest: int) -> int:
    longest = min(longest, len(history) - template)
    past = history[len(history) - template - longest : len(history) - shortest]
    likeness = np.correlate(past, history[len(history) - template :], "valid")  # from the longest lag down
    energy = np.cumsum(np.concatenate([[0.0], past * past]))
    energy = energy[template:] - energy[:-template]
    score = likeness / np.sqrt(energy + 1e-12 * energy.max() + 1e-30)
    return longest - int(np.argmax(score))


def conceal(audio: np.ndarray, start: int, stop: int, sample_rate: int, offset: np.ndarray | float = 0.0) -> None:
    """Fill ``audio[:, start:stop]`` in place from what lies before it; the edges overlap with what arrived.

    Args:
        audio: ``(channels, time)``, float32; written to.
        start: first sample of the gap.
        stop: the sample behind its last one.
        sample_rate: Hz.
        offset: what every channel is shifted by, ``(channels, 1)``; all lags would look alike with it.

    Shape:
        audio: ``(channels, time)``, float32, at least 40 ms of it before ``start``.
    """
    context = round((TEMPLATE_SECONDS + LAG_SECONDS[1]) * sample_rate)
    lag = best_lag(one_channel(audio[:, max(0, start - context) : start] - offset), sample_rate)
    seam = max(1, lag // 4)
    rise = (np.arange(seam, dtype=np.float32) + 0.5) / np.float32(seam)
    # the end of the period, and so the last moment before the gap, leads over into the period's beginning
    period = audio[:, start - lag : start].copy()
    period[:, lag - seam :] += rise * (audio[:, start - lag - seam : start - lag] - period[:, lag - seam :])
    audio[:, start - seam : start] = period[:, lag - seam :]

    overlap = min(round(OVERLAP_SECONDS * sample_rate), audio.shape[1] - stop)
    gap = stop - start
    repeated = np.take(period, np.arange(gap + overlap) % lag, axis=1)
    seconds = np.arange(gap + overlap) / sample_rate
    repeated *= np.clip(1 - FADE_PER_SECOND * (seconds - HOLD_SECONDS), 0, 1).astype(np.float32)
    audio[:, start:stop] = repeated[:, :gap]
    if overlap > 0:
        rise = (np.arange(overlap, dtype=np.float32) + 0.5) / np.float32(overlap)
        audio[:, stop : stop + overlap] *= rise
        audio[:, stop : stop + overlap] += (1 - rise) * repeated[:, gap:]


class ConcealedDropouts(Dropouts):
    """Replaces packets by what a decoder makes up for them; the packets are those that ``dropouts`` loses."""

    name = "concealed_dropouts"
    version = "2"
    default_ladder = Ladder((0.5, 2.0, 6.0, 15.0, 30.0), "% of packets")
    source = "ITU-T G.711 Appendix I (packet loss concealment)"
    summary = "loses packets of 20 ms and conceals them: from a brief flutter to a robotic stammer"
    picture: Picture = "spectrogram"

    @property
    def seed_key(self) -> tuple[str, str]:
        """That of the unconcealed dropouts: both lose the same packets."""
        return Dropouts.name, Dropouts.version

    def damage(self, clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
        """Conceal gap after gap: what was made up for one is past to the next, as it is to a decoder."""
        out, offset = clip.samples.numpy().copy(), constant_offset(clip.samples)
        for start, stop in lost_runs(params["packets"], packet_length(clip.sample_rate)):
            conceal(out, start, stop, clip.sample_rate, offset)
        return torch.from_numpy(out)

    def make_placebo(self) -> Degradation:
        """The same with what it changes turned far down."""
        return BuriedPlacebo(self, 80.0, "the same with what it changes turned down by 80 dB")
