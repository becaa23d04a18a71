"""Small degradations, metrics and sources for the tests of the sweep; importable in worker processes."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass

import torch

from degrade_bench.clip import TimeMap
from degrade_bench.corpus.source import ClipSource
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn
from degrade_bench.degrade.seeds import generator
from degrade_bench.errors import AudioError, NotApplicableError
from degrade_bench.metric.base import Metric
from tests.conftest import make_clip

LEVELS = (1, 2, 3, 4, 5)


class ToyNoise(Degradation):
    name, group, family = "toy_noise", "signal", "noise"
    default_ladder = Ladder((0.01, 0.02, 0.03, 0.04, 0.05), "σ")
    source, summary = "tests", "adds noise"
    matches_loudness = False

    def draw(self, clip, level, strength, rng):
        return Drawn({"noise_seed": int(rng.integers(2**62)), "sigma": strength})

    def damage(self, clip, params):
        noise = generator(params["noise_seed"]).standard_normal(tuple(clip.samples.shape), dtype="float32")
        return clip.samples + params["sigma"] * torch.from_numpy(noise)

    def measure(self, clean, degraded):
        return float((degraded.samples - clean.samples).std())

    def make_placebo(self):
        return FaintPlacebo(self, 1e-6, "the same noise, inaudible")


class ToyStretch(Degradation):
    """Repeats every sample: twice as long. ``factor`` in the ladder is only a name."""

    name, group, family = "toy_stretch", "structural", "tempo"
    default_ladder = Ladder((2.0, 3.0, 4.0, 5.0, 6.0), "×")
    source, summary = "tests", "repeats samples"
    changes_duration, matches_loudness = True, False

    def draw(self, clip, level, strength, rng):
        return Drawn({"factor": int(strength)}, TimeMap(((0.0, 0.0), (1.0, strength))))

    def damage(self, clip, params):
        return clip.samples.repeat_interleave(params["factor"], dim=1)


class ToySqueeze(ToyStretch):
    """Keeps every n-th sample: shorter."""

    name = "toy_squeeze"
    default_ladder = Ladder((2.0, 4.0, 5.0, 8.0, 10.0), "÷")

    def draw(self, clip, level, strength, rng):
        return Drawn({"factor": int(strength)}, TimeMap(((0.0, 0.0), (strength, 1.0))))

    def damage(self, clip, params):
        return clip.samples[:, :: params["factor"]].clone()


class ToyGain(Degradation):
    name, group, family = "toy_gain", "control", "level"
    default_ladder = Ladder((1.0, 2.0), "dB")
    source, summary = "tests", "gain"
    matches_loudness = False

    def draw(self, clip, level, strength, rng):
        return Drawn({"gain": 10 ** (strength / 20)})

    def damage(self, clip, params):
        return clip.samples * params["gain"]


class ToyPicky(ToyNoise):
    """Applies to some clips only, and fails at level 4."""

    name = "toy_picky"

    def draw(self, clip, level, strength, rng):
        if clip.id.endswith("0"):
            raise NotApplicableError("needs a clip that does not end in 0")
        if level == 4:
            raise RuntimeError("level 4\nis broken")
        return super().draw(clip, level, strength, rng)

    def make_placebo(self):
        return None


class ToyKiller(ToyNoise):
    """Kills the process that renders it for clip ``c1``."""

    name = "toy_killer"

    def damage(self, clip, params):
        if clip.id == "c1":
            os.kill(os.getpid(), signal.SIGKILL)
        return super().damage(clip, params)


class Centred(Metric):
    """Loudness beside the rest of the batch."""

    higher_is_better = True

    def __init__(self, name="centred", light=True):
        self.name, self.light = name, light

    def score(self, batch, sample_rate, reference=None):
        means = batch.abs().mean(dim=(1, 2))
        return means - means.mean()


class Rms(Metric):
    name, light, higher_is_better = "rms", True, True

    def score(self, batch, sample_rate, reference=None):
        return batch.square().mean(dim=(1, 2)).sqrt()


class Difference(Metric):
    name, light, higher_is_better, needs_reference = "difference", True, False, True

    def score(self, batch, sample_rate, reference=None):
        return (batch - reference).abs().mean(dim=(1, 2))


class Length(Metric):
    """A windowed metric that runs where the device is and gives the samples it was given."""

    name, light, window_seconds = "length", False, 2.0

    def score(self, batch, sample_rate, reference=None):
        return torch.full((batch.shape[0],), float(batch.shape[2]))


class Awkward(Metric):
    """NaN for one signal, an exception for another, infinity for a third, by the noise in them."""

    name, light = "awkward", True

    def score(self, batch, sample_rate, reference=None):
        loud = batch.std(dim=(1, 2))
        if bool((loud > 0.55).any()):
            raise ValueError("too loud\nfor me")
        scores = loud.clone()
        scores[(loud > 0.35) & (loud <= 0.45)] = float("nan")
        scores[(loud > 0.45) & (loud <= 0.55)] = float("inf")
        return scores


class Hopping(Metric):
    """The level of every whole second, away from the workers; ``score`` is their mean."""

    name, light, window_seconds, hop_seconds = "hopping", False, 1.0, 1.0

    def score_windows(self, batch, sample_rate, reference=None):
        whole = batch[..., : batch.shape[2] // sample_rate * sample_rate]
        return whole.unflatten(2, (-1, sample_rate)).abs().mean(dim=(1, 3))

    def score(self, batch, sample_rate, reference=None):
        return self.score_windows(batch, sample_rate, reference).mean(dim=1)


class Counting(Rms):
    """Counts the signals that it is given, wherever it works; louder than 0.035 is beyond its range."""

    name, score_range = "counting", (0.0, 0.035)

    def __init__(self, name="counting", light=True):
        self.name, self.light, self.seen = name, light, 0

    def score(self, batch, sample_rate, reference=None):
        self.seen += batch.shape[0]
        return super().score(batch, sample_rate)

    def counts(self):
        return {"signals": self.seen, "never": 0}


class Threads(Metric):
    """How many threads it has, and a product whose last bits depend on it."""

    name, light = "threads", False

    def __init__(self):
        self.seen = []

    def score(self, batch, sample_rate, reference=None):
        self.seen.append(torch.get_num_threads())
        return torch.stack([self.product(signal) for signal in batch])

    @staticmethod
    def product(signal):
        long = signal.flatten().repeat(-(-1_000_000 // signal.numel()))
        return long @ long


class ToyThreads(ToyGain):
    """Its strength achieved is the number of threads that it is measured with."""

    name = "toy_threads"

    def measure(self, clean, degraded):
        return float(torch.get_num_threads())


class WrongShape(Metric):
    name, light = "wrong-shape", True

    def score(self, batch, sample_rate, reference=None):
        return torch.zeros(batch.shape[0], 2)


@dataclass(frozen=True)
class ToySource(ClipSource):
    """A generated clip; ``bad`` makes it unreadable; every decoding leaves a mark in ``log``."""

    seed: int = 0
    seconds: float = 3.0
    bad: bool = False
    log: str | None = None

    def load(self):
        if self.log:
            with open(self.log, "a") as log:
                log.write(f"{self.id}\n")
        if self.bad:
            raise AudioError(f"{self.id}: cannot be decoded")
        clip = make_clip(self.seconds, 8000, 1, seed=self.seed)
        return type(clip)(self.id, clip.samples, clip.sample_rate, clip.annotations)

    @property
    def identity(self):
        return f"toy:{self.seed}:{self.seconds}"

    @property
    def seconds_hint(self):
        return self.seconds


def toy_sources(count=3, **options):
    return tuple(ToySource(f"c{i}", seed=i, **options) for i in range(count))
