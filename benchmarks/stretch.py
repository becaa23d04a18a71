"""The project's stretcher beside others: how well a stretched clip resembles its source, and how long it takes.

    python benchmarks/stretch.py

Every built-in clip (its first ten seconds, 44.1 kHz stereo) is played at 0.8 times its tempo by each stretcher on
one thread. What a stretched clip should sound like at output time t is its source at 0.8 t, so the two mel
spectrograms are compared there, frame by frame:

* *mel distance*: mean absolute difference in dB, over 80 bands and a range of 60 dB;
* *onsets*: correlation of the two onset strengths (mean rise in dB over the bands);
* *seconds*: median over the clips, as a ratio to the project's stretcher.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
import torch
from pedalboard import time_stretch
from python_stretch import Signalsmith
from scipy import fft
from threadpoolctl import threadpool_limits

from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade.dsp.stretch import stretched

RATE, SECONDS, TEMPO = 44100, 10, 0.8
FRAME, HOP = 1024, 256
BANDS = librosa.filters.mel(sr=RATE, n_fft=FRAME, n_mels=80)
Stretcher = Callable[[np.ndarray, int], np.ndarray]


def ours(samples: np.ndarray, length: int) -> np.ndarray:
    """The project's stretcher on ``(channels, time)``, to ``length`` samples."""
    return stretched(torch.from_numpy(samples), RATE, TEMPO, length).numpy()


def rubber_band(samples: np.ndarray, length: int, finer: bool) -> np.ndarray:
    """Rubber Band on ``(channels, time)``, cut to ``length`` samples.

    Args:
        samples: ``(channels, time)``.
        length: samples of the output.
        finer: its slower engine.
    """
    padded = np.pad(samples, ((0, 0), (0, RATE // 2)), mode="reflect")
    return time_stretch(padded, RATE, TEMPO, high_quality=finer, preserve_formants=False)[:, :length]


def signalsmith(samples: np.ndarray, length: int) -> np.ndarray:
    """Signalsmith Stretch on ``(channels, time)``, cut to ``length`` samples."""
    stretcher = Signalsmith.Stretch()
    stretcher.preset(samples.shape[0], RATE)
    stretcher.setTimeFactor(TEMPO)
    return stretcher.process(samples)[:, :length]


STRETCHERS: dict[str, Stretcher] = {
    "degrade-bench (phase-locked vocoder)": ours,
    "Rubber Band, finer (pedalboard)": lambda samples, length: rubber_band(samples, length, finer=True),
    "Rubber Band, faster (pedalboard)": lambda samples, length: rubber_band(samples, length, finer=False),
    "Signalsmith Stretch (audiomentations)": signalsmith,
}


def mel_db(samples: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Mel spectra in dB around sample positions, ``(centres, bands)``, floored 60 dB under their maximum."""
    mono = np.pad(samples.mean(axis=0), FRAME)
    starts = np.round(centres).astype(int) + FRAME - FRAME // 2
    frames = np.lib.stride_tricks.sliding_window_view(mono, FRAME)[starts] * np.hanning(FRAME)
    power = 10 * np.log10(np.abs(fft.rfft(frames, axis=1)) ** 2 @ BANDS.T + 1e-12)
    return np.maximum(power, power.max() - 60)


def likeness(out: np.ndarray, source: np.ndarray) -> tuple[float, float]:
    """Mel distance in dB, and correlation of the onset strengths, of a stretched clip and its source."""
    centres = np.arange(20, int(source.shape[1] / TEMPO / HOP) - 20) * float(HOP)
    actual, expected = mel_db(out, centres), mel_db(source, centres * TEMPO)
    rises = [np.maximum(np.diff(levels, axis=0), 0).mean(axis=1) for levels in (actual, expected)]
    return float(np.abs(actual - expected).mean()), float(np.corrcoef(*rises)[0, 1])


def main() -> None:
    torch.set_num_threads(1)
    length = round(RATE * SECONDS / TEMPO)
    rows: dict[str, list[tuple[float, float, float]]] = {name: [] for name in STRETCHERS}
    with threadpool_limits(1):
        for source in builtin_sources():
            samples = np.ascontiguousarray(source.load().samples[:, : RATE * SECONDS].numpy())
            for name, stretch in STRETCHERS.items():  # interleaved: what disturbs one disturbs all
                started = time.process_time()
                out = stretch(samples, length)
                seconds = time.process_time() - started
                rows[name].append((*likeness(out, samples), seconds))
    medians = {name: np.median(np.asarray(clips), axis=0) for name, clips in rows.items()}
    our_seconds = next(iter(medians.values()))[2]
    lines = ["| stretcher | mel distance, dB | onsets | CPU time, ratio |", "| --- | --- | --- | --- |"]
    lines += [f"| {name} | {d:.2f} | {o:.3f} | {s / our_seconds:.1f} |" for name, (d, o, s) in medians.items()]
    table = "\n".join(lines)
    print(table)
    intro = (
        "Medians over the 14 built-in clips (first ten seconds, 44.1 kHz stereo) at 0.8 times the tempo, on one\n"
        "thread. Made by `python benchmarks/stretch.py`, which says what the columns mean."
    )
    Path(__file__).with_suffix(".md").write_text(f"# Stretchers\n\n{intro}\n\n{table}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
