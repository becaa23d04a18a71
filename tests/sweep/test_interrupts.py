"""Interruptions inside callbacks of C libraries, which swallow them: what was being made is made again."""

from __future__ import annotations

import io
import signal
from dataclasses import dataclass
from typing import Any

import pytest
import soundfile
import torch

from degrade_bench.metric.base import Metric
from tests.sweep import toys
from tests.sweep.test_execute import comparable, make_sweep, sweep_in


class Alarm:
    """Interrupts at the n-th moment that it is asked."""

    def __init__(self, moment):
        self.left = moment

    def pass_by(self):
        self.left -= 1
        if self.left == 0:
            signal.raise_signal(signal.SIGINT)


class Interrupted(io.BytesIO):
    """A file whose reading is interrupted: soundfile reads it in a callback of libsndfile."""

    def __init__(self, content, alarm):
        super().__init__(content)
        self.alarm = alarm

    def readinto(self, buffer):
        self.alarm.pass_by()
        return super().readinto(buffer)

    def read(self, size=-1):
        self.alarm.pass_by()
        return super().read(size)


def through_a_codec(samples, rate, alarm):
    """Samples as a 32-bit file gives them back; as many as could be read."""
    file = io.BytesIO()
    soundfile.write(file, samples.T.numpy(), rate, subtype="FLOAT", format="WAV")
    decoded, _ = soundfile.read(Interrupted(file.getvalue(), alarm), dtype="float32", always_2d=True)
    return torch.from_numpy(decoded.T.copy())


class Coded(toys.ToyNoise):
    """Noise, then a codec that may be interrupted."""

    name, alarm = "coded", Alarm(0)

    def damage(self, clip, params):
        return through_a_codec(super().damage(clip, params), clip.sample_rate, self.alarm)


class Deaf(Metric):
    """Scores through a codec, and swallows whatever is raised there."""

    name, light, alarm = "deaf", True, Alarm(0)

    def score(self, batch, sample_rate, reference=None):
        try:
            self.alarm.pass_by()
        except BaseException:
            return torch.zeros(batch.shape[0])
        return batch.square().mean(dim=(1, 2))


@dataclass(frozen=True)
class CodedSource(toys.ToySource):
    """A clip that is decoded in a callback."""

    alarm: Any = None

    def load(self):
        clip = super().load()
        return clip.with_samples(through_a_codec(clip.samples, clip.sample_rate, self.alarm))


def sweep_with(alarm, where):
    coded, deaf = Coded(), Deaf()
    none = Alarm(0)
    coded.alarm = coded.placebo.parent.alarm = alarm if where == "codec" else none
    deaf.alarm = alarm if where == "metric" else none
    sources = tuple(CodedSource(f"c{i}", i, 0.5, alarm=alarm if where == "source" else none) for i in range(2))
    return make_sweep(sources=sources, degradations=(coded,), metrics=(toys.Rms(), deaf))


@pytest.mark.parametrize("where", ["codec", "metric", "source"])
def test_an_interruption_that_a_callback_swallows_is_never_a_row(tmp_path, where):
    whole = sweep_in(tmp_path / "whole", sweep_with(Alarm(0), where))
    assert whole.counts().failed == 0
    # a clip is read thrice and a metric scores seven times in the estimate and the run; a codec reads in pieces
    moments = {"codec": range(20, 260, 40), "metric": range(1, 8), "source": range(1, 60, 7)}[where]
    heard = 0
    for moment in moments:
        out = tmp_path / f"{moment}"
        try:
            sweep_in(out, sweep_with(Alarm(moment), where))
        except KeyboardInterrupt:
            heard += 1
        again = sweep_in(out, sweep_with(Alarm(0), where))
        assert comparable(again.table).equals(comparable(whole.table)), moment
    assert heard >= 3
