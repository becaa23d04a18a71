"""Degradations that damage something else than the clip: cells and what they are compared with are of one form."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from degrade_bench.clip.conversion import mono_clip
from degrade_bench.corpus.source import MemorySource
from degrade_bench.degrade import catalogue
from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.chain import AdHocChain, Step
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.plan import Drawn, Plan
from degrade_bench.degrade.seeds import generator
from degrade_bench.errors import MetricError
from degrade_bench.metric.base import Metric
from degrade_bench.metric.catalogue import load_metric
from degrade_bench.metric.traits import Traits
from degrade_bench.sweep.asking import Listeners
from degrade_bench.sweep.block import block_result
from degrade_bench.sweep.cells import expand
from degrade_bench.sweep.examples import Playing, excerpts, write_examples
from tests.conftest import make_clip


class Form(Metric):
    """Tells rate and channels in one number: 24000.1 is one channel at 24 kHz."""

    name = "form"
    light = True

    def score(self, batch, sample_rate, reference=None):
        return torch.full((len(batch),), sample_rate + batch.shape[1] / 10, dtype=torch.float64)


class Distance(Metric):
    """How far a signal lies from its reference, which must have its form."""

    name = "distance"
    light = needs_reference = True
    higher_is_better = False

    def score(self, batch, sample_rate, reference=None):
        if batch.shape != reference.shape:
            raise MetricError(f"{tuple(batch.shape)} beside {tuple(reference.shape)}")
        return (batch - reference).square().mean(dim=(1, 2)).double()


class HalfRate(Degradation):
    """Takes every second sample, and says nothing of it beforehand."""

    name = "half_rate"
    group = "signal"
    family = "rate"
    default_ladder = Ladder((1.0, 2.0, 3.0, 4.0, 5.0), "times")
    source = summary = "a test"

    def draw(self, clip, level, strength, rng):
        return Drawn()

    def damage(self, clip, params):
        return clip.samples[:, ::2].clone()

    def _finished(self, clip, damaged, plan):
        return clip.with_samples(damaged, sample_rate=clip.sample_rate // 2)


@pytest.fixture(scope="module")
def clip():
    return make_clip(3.0, 44100, 2)


def rows_of(clip, degradation, *metrics):
    _, block = expand([degradation], (1, 3), 1)
    windows = {metric.name: None for metric in metrics}
    light = [(metric, Traits.of(metric)) for metric in metrics]
    result = block_result(clip, block, 5, light, (), windows, Listeners())
    assert {row.clip_hash for row in result.rows} == {clip.hash}, "the clip stays the clip"
    return result


@pytest.mark.parametrize("name", ["paper_noise", "paper_lowpass_noise"])
def test_the_papers_cells_and_their_references_are_one_channel_at_24_khz(clip, name):
    result = rows_of(clip, catalogue.get(name), Form(), Distance())
    assert result.sample_rate == 24000
    assert {row.status for row in result.rows} == {"ok"}
    assert {row.score for row in result.rows if row.metric == "form"} == {24000.1}
    distances = {(row.role, row.level): row.score for row in result.rows if row.metric == "distance"}
    assert distances["placebo", 1] == 0
    assert 0 < distances["test", 1] < distances["test", 3]


def test_other_cells_stay_what_they_were(clip):
    result = rows_of(clip, catalogue.get("white_noise"), Form())
    assert result.sample_rate == 44100
    assert {row.score for row in result.rows} == {44100.2}


def test_the_panel_hears_them_and_finds_nothing_in_the_placebo(clip):
    panel = [load_metric(name, {}, "cpu") for name in ("mr-spectral", "log-mel", "si-sdr")]
    rows = rows_of(clip, catalogue.get("paper_noise"), *panel).rows
    assert {row.status for row in rows} == {"ok"}
    for metric in panel:
        scores = {(row.role, row.level): row.score for row in rows if row.metric == metric.name}
        same = metric.score(clip.samples[None], 44100, clip.samples[None])
        assert scores["placebo", 1] == pytest.approx(float(same), abs=1e-6)
        assert scores["test", 3] != pytest.approx(scores["placebo", 1], abs=1e-3)


def test_a_damage_at_another_rate_than_it_says_fails_and_is_not_compared(clip):
    rows = rows_of(clip, HalfRate(), Form(), Distance()).rows
    assert {row.status for row in rows} == {"failed"}
    assert rows[0].error == "the damage is at 22050 Hz, and what it was made of at 44100"


def test_a_plan_of_such_a_cell_belongs_to_the_clip_and_replays(clip):
    degradation = catalogue.get("paper_noise")
    rendered = degradation.render(clip, 2, generator(3))
    assert (rendered.plan.clip_hash, rendered.plan.sample_rate) == (clip.hash, 44100)
    replayed = degradation.apply(clip, Plan.from_json(rendered.plan.to_json()))
    assert torch.equal(replayed.samples, rendered.clip.samples)
    assert replayed.sample_rate == 24000


def test_a_chain_takes_what_its_steps_take(clip):
    steps = [Step(catalogue.get("low_pass"), (4000.0,)), Step(catalogue.get("paper_noise"), (20.0,))]
    chain = AdHocChain("worn", steps, Ladder((1.0,), "level"))
    for degradation in (chain, chain.placebo):
        made = degradation.render(clip, 1, generator(1)).clip
        assert (made.sample_rate, made.channels) == (24000, 1)


def test_a_clip_is_converted_once_and_not_where_it_is_so_already(clip):
    assert mono_clip(clip, 24000) is mono_clip(clip, 24000)
    already = make_clip(1.0, 24000, 1)
    assert mono_clip(already, 24000) is already


def test_the_report_plays_them_as_long_as_the_clip(clip, tmp_path):
    soundfile = pytest.importorskip("soundfile")
    degradations = (catalogue.get("paper_varispeed_pitch"), catalogue.get("white_noise"))
    played = excerpts(clip, Playing(MemorySource(clip.id, clip), degradations, (3,), 0))
    write_examples(tmp_path, played)
    lengths = {one.degradation: len(soundfile.read(tmp_path / one.file)[0]) for one in played.examples}
    assert len(lengths) == 5, "the clean clip, two damages, their placebos"
    assert np.ptp(list(lengths.values())) <= 2
