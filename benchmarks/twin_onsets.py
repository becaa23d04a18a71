"""Why ``onset-rhythm`` does not always cost in the notes what it costs in audio: measured on onset strength.

    python benchmarks/twin_onsets.py

The metric is the highest autocorrelation of onset strength, the mean rise of 40 mel bands from frame to frame.
Here the damages whose twins disagree are played at level 5 on the 14 built-in pieces, seed 0, and their onset
strength is looked at: how strong it is at the beats and between them, and what becomes of the metric where falls
are counted in place of rises.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import torch
from joining.ranks import interval
from seams import clips, rendered

from degrade_bench._support.numbers import fixed
from degrade_bench.clip import Clip
from degrade_bench.degrade import catalogue
from degrade_bench.metric.hearing.heard import Heard
from degrade_bench.metric.panel.onset_rhythm import BANDS, LONGEST_SECONDS, SHORTEST_SECONDS

WAYS = {"audio": "{}", "placebo": "{}_placebo", "notes": "symbolic_{}"}
DAMAGES = ("tempo_change", "swing_warp", "beat_shuffle", "reversed_bars")
NEAR_FRAMES = 4
SWUNG, STRAIGHT = 0.75, 0.5
"""Where in a beat the off-beat falls, at level 5 of ``swing_warp`` and before."""


@cache
def played(name: str, place: int) -> Clip:
    """A piece, damaged; the clean rendering where there is no name."""
    return rendered(catalogue.get(name), clips()[place]).clip if name else clips()[place]


@cache
def strength(name: str, place: int, falls: bool = False) -> np.ndarray:
    """Onset strength by frame, as the metric has it, or the same of what falls."""
    clip = played(name, place)
    mel = Heard(clip.samples, clip.sample_rate).ask(BANDS)[0]
    steps = np.diff(np.log10(np.maximum(mel, float(mel.max()) * 1e-8)), axis=0)
    values: np.ndarray = np.maximum(-steps if falls else steps, 0.0).mean(axis=1).astype(float)
    return values


def frames_per_second(place: int) -> float:
    """Of onset strength."""
    rate = clips()[place].sample_rate
    return rate / BANDS.grid(rate).hop


def clarity(values: np.ndarray, place: int) -> float:
    """The metric's value for an onset strength."""
    centred, rate = values - values.mean(), frames_per_second(place)
    lags = range(round(SHORTEST_SECONDS * rate), min(len(values) // 2, round(LONGEST_SECONDS * rate)))
    products = [float(centred[lag:] @ centred[:-lag]) / (len(values) - lag) for lag in lags]
    return max(products) / float(np.mean(centred**2))


def drops(name: str, falls: bool = False) -> np.ndarray:
    """What the metric loses, by piece."""
    pieces = range(len(clips()))
    return np.array([clarity(strength("", k), k) - clarity(strength(name, k, falls), k) for k in pieces])


def at_beats(name: str, within: float = 0.0) -> float:
    """The onset strength at the beats, or after a share of them, in units of its mean; of all pieces.

    Args:
        name: of the damage; empty for the clean rendering.
        within: where in the beat, 0 for its beginning.
    """
    means = []
    for k in range(len(clips())):
        values, beats = strength(name, k), np.asarray(played(name, k).annotations.beats)
        frames = np.round((beats[:-1] + within * np.diff(beats)) * frames_per_second(k)).astype(int)
        near = [values[max(0, at - NEAR_FRAMES) : at + NEAR_FRAMES] for at in frames]
        means.append(np.mean([each.max() for each in near if len(each)]) / values.mean())
    return float(np.mean(means))


def drop_table() -> Iterator[str]:
    """Whole drops, and their difference."""
    yield "| damage | in audio | its placebo | in the notes | whole drops, audio less notes |"
    yield "| --- | --- | --- | --- | --- |"
    for damage in DAMAGES:
        found = {way: drops(name.format(damage)) for way, name in WAYS.items()}
        cells = [fixed(float(found[way].mean()), 3) for way in WAYS]
        yield f"| `{damage}` | {' | '.join(cells)} | {interval(found['audio'] - found['notes'])} |"


def beat_table() -> Iterator[str]:
    """Onset strength at the beats and off them."""
    yield "| | on the beats | off the beats |"
    yield "| --- | --- | --- |"
    rows = {"clean rendering": ("", STRAIGHT)}
    for damage, off in (("swing_warp", SWUNG), ("tempo_change", STRAIGHT)):
        for way, name in WAYS.items():
            there = STRAIGHT if way == "placebo" else off
            rows[f"`{damage}`, {'in the notes' if way == 'notes' else way}"] = (name.format(damage), there)
    for label, (name, off) in rows.items():
        yield f"| {label} | {fixed(at_beats(name))} | {fixed(at_beats(name, off))} |"


TEXT = """\
# Twins: what onset-rhythm hears in audio and in the notes

Level 5, the 14 built-in pieces played from their notes, seed 0; intervals of 95 % over the pieces. Made by
`python benchmarks/twin_onsets.py`.

## Whole drops

Where the whole drop in audio is that of the notes and the net drop is not, it is the placebo that disagrees.

{drops}

## Onset strength

At the beats and off them (three quarters into the beat where it is swung, half of it elsewhere), in units of its
mean over the piece. The stretcher blunts attacks.

{beats}

## Backwards

Where falls of the mel bands are counted in place of rises, `reversed_bars` in audio loses {falls} of pulse
clarity, and {rises} where rises are.
"""


def main() -> None:
    """Measure, and write the page."""
    torch.set_num_threads(1)
    falls, rises = (interval(drops("reversed_bars", backwards)) for backwards in (True, False))
    text = TEXT.format(drops="\n".join(drop_table()), beats="\n".join(beat_table()), falls=falls, rises=rises)
    Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
