"""Whether a second placebo of rearrangements, with joins between distant material, could be built; prints tables.

    python benchmarks/second_placebo.py

The placebo of a rearrangement cuts as often and reads every second piece from a few milliseconds away. Its joins
are milder than those of the damage, which lie between distant material. Two placebos that join distant material
are measured here beside it, on the built-in corpus, by two figures:

- *harmony*: how far the pitch classes of a frame are from the clean clip's, 1 − the mean cosine. Of a placebo it
  must stay near the present placebo's, or the music is not left intact.
- *novelty*: how much the log spectrum changes across a join (frames of 1,024 samples, 4 ms from it on either side),
  beyond what it changes where the music goes on. Of a placebo it should be the damage's.

The candidates: *alike*, which plays every second piece from where the clip sounds most like it, on the beat grid
and a quarter of a second away or more; and *short*, which plays at every second join the first 40 ms of what the
damage plays there, and then goes on in order.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch

from degrade_bench.clip import Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.dsp.joins import Piece, join_positions, merged, reassembled
from degrade_bench.degrade.seeds import generator
from degrade_bench.degrade.structural.rearrangement import Rearrangement
from degrade_bench.degrade.structural.segments import unit_bounds
from degrade_bench.errors import NotApplicableError

NAMES = ("bar_shuffle", "beat_shuffle", "missing_beats", "monotony", "phrase_jump", "section_swap", "stuck_loop")
LEVEL = 5
NEAREST_SECONDS, SHORT_SECONDS = 0.25, 0.04
FRAME_SECONDS = 0.02


def semitones(clip: Clip) -> torch.Tensor:
    """Log magnitude by semitone from 60 Hz to 5 kHz, centred, frames of unit length: ``(bands, frames)``."""
    n_fft = 4096
    hop = int(FRAME_SECONDS * clip.sample_rate)
    spectra = torch.stft(clip.samples.mean(dim=0), n_fft, hop, window=torch.hann_window(n_fft), return_complex=True)
    frequency = torch.arange(1 + n_fft // 2) * clip.sample_rate / n_fft
    used = (frequency > 60) & (frequency < 5000)
    band = (12 * torch.log2(frequency[used] / 60)).round().long()
    bands = torch.zeros(int(band.max()) + 1, spectra.shape[1]).index_add_(0, band, spectra.abs()[used])
    bands = (1 + 10 * bands / bands.mean()).log()
    return torch.nn.functional.normalize(bands - bands.mean(dim=0), dim=0)


def likeness(frames: torch.Tensor, one: int, other: int, count: int) -> float:
    """The mean cosine of ``count`` frames from ``one`` on with those from ``other`` on."""
    count = min(count, frames.shape[1] - max(one, other))
    if min(one, other) < 0 or count <= 0:
        return -1.0
    return float((frames[:, one : one + count] * frames[:, other : other + count]).sum(dim=0).mean())


def likeness_of_bars(clip: Clip) -> np.ndarray:
    """Of every bar, the likeness of the bar two or more away that sounds most like it, shifted by up to 40 ms."""
    frames, hop = semitones(clip), int(FRAME_SECONDS * clip.sample_rate)
    bars = unit_bounds(clip, "bar") // hop
    count = len(bars) - 1
    return np.array(
        [
            max(
                likeness(frames, int(bars[k]), int(bars[j]) + lag, int(bars[k + 1] - bars[k]))
                for j in range(count)
                if abs(j - k) > 1
                for lag in range(-2, 3)
            )
            for k in range(count)
        ]
    )


def alike(clip: Clip, cuts: Sequence[int]) -> list[Piece]:
    """Every second piece from where the clip sounds most like it."""
    frames, hop = semitones(clip), int(FRAME_SECONDS * clip.sample_rate)
    beats = unit_bounds(clip, "beat")
    pieces: list[Piece] = []
    for index, (start, end) in enumerate(itertools.pairwise([0, *cuts, clip.num_samples])):
        offsets = beats - beats[np.argmin(np.abs(beats - start))]
        far = np.abs(offsets) >= NEAREST_SECONDS * clip.sample_rate
        offsets = offsets[far & (start + offsets >= 0) & (end + offsets <= clip.num_samples)]
        if index % 2 == 0 or not len(offsets):
            pieces.append((start, end))
            continue
        count = max(1, (end - start) // hop)
        best = max(offsets.tolist(), key=lambda o: likeness(frames, start // hop, (start + o) // hop, count))
        pieces.append((start + best, end + best))
    return pieces


def short(clip: Clip, damage: Sequence[Piece], cuts: Sequence[int]) -> list[Piece]:
    """In order, but for 40 ms at every second join, which are what the damage plays there."""
    length = int(SHORT_SECONDS * clip.sample_rate)
    pieces: list[Piece] = []
    position = 0
    for cut, (start, _) in list(zip(cuts, damage[1:], strict=False))[::2]:
        fits = position <= cut and max(cut, start) + length <= clip.num_samples
        if fits and start != cut:
            pieces += [(position, cut), (start, start + length)]
            position = cut + length
    return [*pieces, (position, clip.num_samples)]


def harmony(samples: torch.Tensor, clip: Clip) -> float:
    """1 − the mean cosine of the pitch classes with the clean clip's, frame by frame."""
    n_fft, length = 4096, min(samples.shape[1], clip.num_samples)
    frequency = torch.arange(1 + n_fft // 2) * clip.sample_rate / n_fft
    used = (frequency > 100) & (frequency < 2000)
    pitch = (12 * torch.log2(frequency[used] / 440)).round().long() % 12
    classes = []
    for signal in (samples, clip.samples):
        mono = signal[:, :length].mean(dim=0)
        spectra = torch.stft(mono, n_fft, n_fft // 2, window=torch.hann_window(n_fft), return_complex=True).abs()
        sums = torch.zeros(12, spectra.shape[1]).index_add_(0, pitch, spectra[used])
        classes.append(torch.nn.functional.normalize(sums, dim=0))
    return 1 - float((classes[0] * classes[1]).sum(dim=0).mean())


def novelty(samples: torch.Tensor, positions: Sequence[int], sample_rate: int) -> float:
    """The mean absolute change of the log spectrum across the positions; NaN for none."""
    size, gap = 1024, int(0.004 * sample_rate)
    mono, window = samples.mean(dim=0), torch.hann_window(size)
    changes = []
    for position in positions:
        sides = mono[max(0, position - gap - size) : position - gap], mono[position + gap : position + gap + size]
        if all(len(side) == size for side in sides):
            before, after = ((1 + 100 * torch.fft.rfft(side * window).abs()).log() for side in sides)
            changes.append(float((before - after).abs().mean()))
    return float(np.mean(changes)) if changes else float("nan")


def measured(clip: Clip, name: str) -> dict[str, float]:
    """Both figures of a damage at its top level, of its placebo and of the candidates."""
    damage = catalogue.get(name)
    assert isinstance(damage, Rearrangement)
    assert damage.placebo is not None
    strength, rate = damage.ladder.strength(LEVEL), clip.sample_rate
    drawn = damage.draw(clip, LEVEL, strength, generator(3))
    cuts = damage.placebo_cuts(drawn.params)
    pieces = merged([(start, end) for start, end in drawn.params["pieces"]])
    near = damage.placebo.draw(clip, LEVEL, strength, generator(3)).params["pieces"]
    goes_on = [end for _, end in pieces[:-1]], [start for start, _ in pieces[1:]]
    played = damage.damage(clip, drawn.params)
    base = float(np.mean([novelty(clip.samples, places, rate) for places in goes_on]))
    row = {
        "harmony, damage": harmony(played, clip),
        "novelty, damage": novelty(played, join_positions(pieces), rate) - base,
    }
    for label, arranged in (("placebo", near), ("alike", alike(clip, cuts)), ("short", short(clip, pieces, cuts))):
        joins = join_positions(arranged)
        samples = reassembled(clip.samples, arranged, rate)
        row[f"harmony, {label}"] = harmony(samples, clip)
        row[f"novelty, {label}"] = novelty(samples, joins, rate) - novelty(clip.samples, joins, rate)
    return row


def main() -> None:
    """Print the likeness of bars, and the means over clips."""
    clips = [source.load() for source in builtin_sources()]
    best = {clip.id: likeness_of_bars(clip) for clip in clips}
    print(
        f"bars whose like, two or more bars away, has a likeness of 0.9 or more: "
        f"{sum(int((q >= 0.9).sum()) for q in best.values())} of {sum(map(len, best.values()))}, "
        f"in {sum(bool((q >= 0.9).any()) for q in best.values())} of {len(best)} clips"
    )
    rows = {}
    for name in NAMES:
        of_clips = []
        for clip in clips:
            try:
                of_clips.append(measured(clip, name))
            except NotApplicableError as error:
                print(f"{clip.id}, {name}: {error}")
        rows[name] = pd.DataFrame(of_clips).mean()
    print(pd.DataFrame(rows).T.round(3).sort_index(axis=1).to_string())


if __name__ == "__main__":
    main()
