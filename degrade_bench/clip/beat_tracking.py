"""Beats by librosa, a downbeat estimate, and how far to trust the two.

What is listened to is the mix down to mono, without a constant offset. Where the channels cancel in it, as in
opposite phase, it is the power of the spectra of all channels together.

Beats: dynamic programming over onset strength (Ellis 2007), as in librosa. Their confidence is the geometric mean
of two things in [0, 1]: how far onset strength on the beats exceeds that halfway between them, and how even the
beats are.

Downbeats: bars tend to begin with a bass note, an accent and a change of harmony. Each beat gets a salience, the
mean z-score of low-frequency onset strength, of overall onset strength and of chroma change. Every metre of
three or four beats and every phase is a hypothesis, scored by how far its downbeats stand out from the other
beats (a t statistic). The best wins; its confidence is its lead over the runner-up as a share of its own score.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from degrade_bench._support.librosa_modules import librosa_module
from degrade_bench.clip import Annotations
from degrade_bench.clip.mixdown import cancels
from degrade_bench.clip.offset import without_offset

RATE = 22050
HOP = 512
FRAME = 2048
BANDS = 96
FAINTEST = 1e-15
"""Of a band's amplitude: far under what float32 samples can hold, so that no clip is too soft to be heard."""
METRES = (4, 3)
MIN_BEATS_FOR_BARS = 8


@dataclass(frozen=True, eq=False)
class _Filters:
    """What the spectra of every clip are made and weighted with."""

    window: np.ndarray
    mel: np.ndarray
    chroma: np.ndarray


@lru_cache(maxsize=1)
def _filters() -> _Filters:
    """The filters, made once: librosa's own features make them anew for every clip."""
    filters = librosa_module("librosa.filters")
    return _Filters(
        filters.get_window("hann", FRAME, fftbins=True),
        filters.mel(sr=RATE, n_fft=FRAME, n_mels=BANDS),
        filters.chroma(sr=RATE, n_fft=FRAME, tuning=0.0),
    )


def estimated(samples: torch.Tensor, sample_rate: int) -> Annotations:
    """Estimate beats and downbeats of ``(channels, time)``; none, with confidence 0, where nothing pulses."""
    import soxr

    beat, core, onset, util = (librosa_module(f"librosa.{part}") for part in ("beat", "core", "onset", "util"))
    audio = without_offset(samples).double().numpy()
    if not cancels(audio):
        audio = audio.mean(axis=0, keepdims=True)
    if sample_rate != RATE:
        audio = soxr.resample(audio.T, sample_rate, RATE).T
    filters = _filters()
    spectra = np.abs(core.stft(audio.astype(np.float32), n_fft=FRAME, hop_length=HOP, window=filters.window))
    spectrum = spectra[0] if len(spectra) == 1 else np.sqrt(np.square(spectra).mean(axis=0))
    mel = np.einsum("ft,mf->mt", spectrum, filters.mel, optimize=True)
    mel = core.amplitude_to_db(mel, ref=1.0, amin=FAINTEST)
    strength = onset.onset_strength(S=mel, sr=RATE)
    if not np.isfinite(strength).all() or float(strength.max(initial=0.0)) <= 0.0:
        return Annotations()
    tempo, frames = beat.beat_track(onset_envelope=strength, sr=RATE, hop_length=HOP, trim=False)
    frames = np.unique(np.asarray(frames, dtype=int))
    if len(frames) < 2:
        return Annotations()
    low = onset.onset_strength(S=mel[:12], sr=RATE)
    chroma = np.einsum("cf,ft->ct", filters.chroma, spectrum**2, optimize=True)
    chroma = util.normalize(chroma, axis=0)
    downbeats, confidence = bar_starts(_salience(frames, strength, low, chroma))
    times = core.frames_to_time(frames, sr=RATE, hop_length=HOP)
    return Annotations(
        beats=tuple(float(t) for t in times),
        downbeats=tuple(float(times[k]) for k in downbeats),
        tempo_bpm=float(np.atleast_1d(tempo)[0]),
        beat_source="estimated",
        beat_confidence=beat_confidence(frames, strength),
        downbeat_confidence=confidence,
    )


def beat_confidence(frames: np.ndarray, strength: np.ndarray) -> float:
    """How far beats can be trusted, 0 to 1."""
    if len(frames) < 3:
        return 0.0
    smooth = np.maximum(strength, np.maximum(np.roll(strength, 1), np.roll(strength, -1)))
    between = ((frames[:-1] + frames[1:]) // 2).clip(0, len(smooth) - 1)
    on, off = float(smooth[frames].mean()), float(smooth[between].mean())
    contrast = max(0.0, (on - off) / (on + off)) if on + off > 0 else 0.0
    intervals = np.diff(frames)
    unevenness = float(np.median(np.abs(intervals - np.median(intervals))) / np.median(intervals))
    return float(np.sqrt(min(1.0, contrast * 1.5) * max(0.0, 1.0 - 5.0 * unevenness)))


def _salience(frames: np.ndarray, strength: np.ndarray, low: np.ndarray, chroma: np.ndarray) -> np.ndarray:
    bounds = np.append(frames, chroma.shape[1])
    spans = itertools.pairwise(bounds)
    harmony = np.array([chroma[:, a : max(b, a + 1)].mean(axis=1) for a, b in spans])
    harmony /= np.linalg.norm(harmony, axis=1, keepdims=True) + 1e-9
    change = np.append(0.0, 1.0 - (harmony[1:] * harmony[:-1]).sum(axis=1))
    at = (np.arange(-1, 3)[None] + frames[:, None]).clip(0, len(strength) - 1)
    features = [strength[at].max(axis=1), low[at.clip(0, len(low) - 1)].max(axis=1), change]
    values: np.ndarray = np.mean([(f - f.mean()) / (f.std() + 1e-9) for f in features], axis=0)
    return values


def bar_starts(salience: np.ndarray) -> tuple[np.ndarray, float]:
    """Indices of the downbeats among the beats, and the confidence of the choice, 0 to 1."""
    count = len(salience)
    if count < MIN_BEATS_FOR_BARS:
        return np.zeros(0, dtype=int), 0.0
    scores: list[tuple[float, int, int]] = []
    for metre in METRES:
        for phase in range(metre):
            first = np.arange(count) % metre == phase
            spread = float(salience.std()) + 1e-9
            lead = float(salience[first].mean() - salience[~first].mean()) / spread
            scores.append((lead * np.sqrt(first.sum() * (~first).sum() / count), metre, phase))
    scores.sort(key=lambda scored: -scored[0])
    (best, metre, phase), (second, *_) = scores[0], scores[1]
    confidence = max(0.0, min(1.0, (best - max(second, 0.0)) / best)) if best > 0 else 0.0
    return np.arange(phase, count, metre), float(confidence)
