"""Metrics of which it is known what they hear, since each measures one thing only. None measures quality.

``EXPECTED`` says what has to be said of each: only what follows from the definition of metric and damage.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import torch

from degrade_bench.metric.base import Metric

RATE = 24_000
SIZE, HOP = 1024, 512


def spectrum(batch: torch.Tensor) -> torch.Tensor:
    """Magnitudes ``(batch, bins, frames)`` of the mono mix."""
    return torch.stft(batch.mean(dim=1), SIZE, HOP, window=torch.hann_window(SIZE), return_complex=True).abs()


def envelope(batch: torch.Tensor) -> torch.Tensor:
    """How much the spectrum rises from frame to frame ``(batch, frames)``."""
    logs = (1 + 100 * spectrum(batch)).log()
    return (logs[..., 1:] - logs[..., :-1]).clamp(min=0).mean(dim=1)


def chroma(batch: torch.Tensor) -> torch.Tensor:
    """Energy by pitch class ``(batch, 12, frames)``, frames of unit length."""
    magnitudes = torch.stft(
        batch.mean(dim=1), 4096, 2048, window=torch.hann_window(4096), return_complex=True
    ).abs()
    frequency = torch.arange(magnitudes.shape[1]) * RATE / 4096
    used = (frequency > 100) & (frequency < 2000)
    pitch = (12 * torch.log2(frequency[used] / 440)).round().long() % 12
    classes = torch.zeros(len(batch), 12, magnitudes.shape[2])
    classes.index_add_(1, pitch, magnitudes[:, used])
    return torch.nn.functional.normalize(classes, dim=1)


class Known(Metric):
    """A metric at 24 kHz of ten seconds."""

    sample_rate = RATE
    window_seconds = 10.0


class Brightness(Known):
    """The centre of the mean spectrum, in kHz: it has no order in it."""

    name, summary = "brightness", "the mean spectrum's centre"

    def score(self, batch, sample_rate, reference=None):
        mean = spectrum(batch).mean(dim=2)
        frequency = torch.linspace(0, sample_rate / 2000, mean.shape[1])
        return (mean * frequency).sum(dim=1) / mean.sum(dim=1).clamp(min=1e-9)


class Dullness(Brightness):
    """Minus the same: it likes a low-pass."""

    name, summary = "dullness", "minus the mean spectrum's centre"

    def score(self, batch, sample_rate, reference=None):
        return -super().score(batch, sample_rate)


class NoiseFloor(Known):
    """Minus the level of the quietest tenth of time and frequency up to 8 kHz, in dB, as far down as −60."""

    name, summary = "noise-floor", "minus the level of the quietest tenth of time and frequency"

    def score(self, batch, sample_rate, reference=None):
        cells = spectrum(batch)[:, : 8000 * SIZE // RATE].flatten(1)
        return -20 * (torch.quantile(cells[:, ::7], 0.1, dim=1) + 1e-3).log10()


class Peakiness(Known):
    """Peak over root mean square, in dB: clipping takes it away."""

    name, summary = "peakiness", "peak over root mean square"

    def score(self, batch, sample_rate, reference=None):
        mono = batch.mean(dim=1)
        return 20 * (mono.abs().amax(dim=1) / mono.square().mean(dim=1).sqrt().clamp(min=1e-9)).log10()


class LikesClipping(Peakiness):
    """Minus the same."""

    name, summary = "likes-clipping", "minus peak over root mean square"

    def score(self, batch, sample_rate, reference=None):
        return -super().score(batch, sample_rate)


class OrderFreeChroma(Known):
    """How uneven the mean of all pitch classes is: it has no order in it."""

    name, summary = "order-free-chroma", "unevenness of the mean pitch classes"

    def score(self, batch, sample_rate, reference=None):
        return chroma(batch).mean(dim=2).std(dim=1)


class BlockChroma(Known):
    """How alike the pitch classes of the two halves are: a change of key between them takes it away."""

    name, summary = "block-chroma", "likeness of the pitch classes of both halves"

    def score(self, batch, sample_rate, reference=None):
        classes = chroma(batch)
        half = classes.shape[2] // 2
        parts = classes[..., :half].mean(dim=2), classes[..., half:].mean(dim=2)
        return torch.nn.functional.cosine_similarity(*parts, dim=1)


class Pulse(Known):
    """How regularly the sound starts anew: the largest autocorrelation of its onsets between 0.25 and 1.5 s."""

    name, summary = "pulse", "autocorrelation of onsets"

    def score(self, batch, sample_rate, reference=None):
        onsets = envelope(batch)
        onsets = onsets - onsets.mean(dim=1, keepdim=True)
        size = 2 * onsets.shape[1]
        power = torch.fft.rfft(onsets, size).abs().square()
        correlation = torch.fft.irfft(power, size)
        low, high = int(0.25 * sample_rate / HOP), int(1.5 * sample_rate / HOP)
        return correlation[:, low:high].amax(dim=1) / correlation[:, 0].clamp(min=1e-9)


class Chance(Known):
    """Noise that depends on the samples: it hears nothing, and never repeats itself."""

    name, summary = "chance", "a number that the samples' bits decide"

    def score(self, batch, sample_rate, reference=None):
        seeds = [int.from_bytes(hashlib.sha256(clip.numpy().tobytes()).digest()[:4], "big") for clip in batch]
        return torch.tensor([seed / 2**32 for seed in seeds])


class CoarseBrightness(Brightness):
    """Brightness in whole steps of 250 Hz."""

    name, summary = "coarse-brightness", "brightness in steps of 250 Hz"

    def score(self, batch, sample_rate, reference=None):
        return (4 * super().score(batch, sample_rate)).round()


class LowCeiling(NoiseFloor):
    """The noise floor's metric, with nothing above 30."""

    name, summary = "low-ceiling", "minus the level of the quietest tenth, at most 30"

    def score(self, batch, sample_rate, reference=None):
        return super().score(batch, sample_rate).clamp(max=30)


class Uneven(NoiseFloor):
    """The noise floor's metric, weighed by how bright a clip is: it hears clips unevenly."""

    name, summary = "uneven", "minus the level of the quietest tenth, weighed by how bright the clip is"

    def score(self, batch, sample_rate, reference=None):
        levels = spectrum(batch).mean(dim=2)
        low = levels[:, 20:100].sum(dim=1) / levels.sum(dim=1).clamp(min=1e-9)
        return super().score(batch, sample_rate) * (1.2 - low)


class Untouched(Known):
    """How alike the least alike second is to the clean clip's: it hears that a clip was cut, and not from where.

    A cut moves what follows it. To this metric a bar from elsewhere is what the same bar is, read a few
    milliseconds later.
    """

    name, summary = "untouched", "likeness of the least alike second with the clean clip's waveform"
    needs_reference = True

    def score(self, batch, sample_rate, reference=None):
        one, other = (
            signal.mean(dim=1)[:, : signal.shape[-1] // sample_rate * sample_rate].unflatten(1, (-1, sample_rate))
            for signal in (batch, reference)
        )
        return torch.nn.functional.cosine_similarity(one, other, dim=2).abs().amin(dim=1)


METRICS = (
    Brightness,
    Dullness,
    NoiseFloor,
    Peakiness,
    LikesClipping,
    OrderFreeChroma,
    BlockChroma,
    Pulse,
    Chance,
    CoarseBrightness,
    LowCeiling,
    Uneven,
    Untouched,
)

_DULLED = {"low_pass": "sensitive", "mp3": "sensitive", "white_noise": "inverted", "hard_clipping": "inverted"}
"""What takes highs away, and what brings them in, to a metric that wants them: MP3 at 32 kbps is a low-pass too."""
_BRIGHT = {**_DULLED, "bar_shuffle": "blind", "tempo_jitter": "blind"}
_OPPOSITE = {"sensitive": "inverted", "inverted": "sensitive", "blind": "blind"}
_QUIET = {"white_noise": "sensitive", "low_pass": "inverted", "bar_shuffle": "blind"}
"""A low-pass at 1 kHz empties most of the band in which the quietest tenth is looked for."""

EXPECTED: Mapping[str, Mapping[str, str]] = {
    "brightness": _BRIGHT,
    "dullness": {damage: _OPPOSITE[verdict] for damage, verdict in _BRIGHT.items()},
    "coarse-brightness": _BRIGHT,
    "noise-floor": _QUIET,
    "uneven": _QUIET,
    "low-ceiling": {"white_noise": "sensitive", "bar_shuffle": "blind"},
    "peakiness": {"hard_clipping": "sensitive", "bar_shuffle": "blind"},
    "likes-clipping": {"hard_clipping": "inverted", "bar_shuffle": "blind"},
    "order-free-chroma": {"bar_shuffle": "blind", "white_noise": "sensitive"},
    "block-chroma": {"key_break": "sensitive"},
    "pulse": {"tempo_jitter": "sensitive", "key_break": "blind"},
    "untouched": {"bar_shuffle": "artefact", "monotony": "artefact", "key_break": "artefact"},
    "chance": {},
}
"""By metric and damage of the suite `quick`, the verdict that follows from what they are."""
