"""Set metrics through the front doors: ``run``, ``stress_test``, files, names."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import numpy as np
import pytest

import degrade_bench
from degrade_bench._support.file_modules import PREFIX
from degrade_bench.bench.request import resolve_request
from degrade_bench.clip.audio import write_audio
from degrade_bench.corpus.source import MemorySource
from degrade_bench.errors import ConfigError, CorpusError, MetricError
from degrade_bench.metric.adapter import check_metric
from degrade_bench.metric.catalogue import describe_metrics, load_metric_apart
from degrade_bench.metric.hearing.heard import Heard
from degrade_bench.metric.sets import SET_METRICS
from degrade_bench.metric.sets.frechet import Frechet
from degrade_bench.metric.sets.maker import VectorMaker
from degrade_bench.metric.sets.vectors import VectorSet
from degrade_bench.runs.set_values import read_set_values
from degrade_bench.sweep.config import make_config
from degrade_bench.sweep.spec import split_metrics
from tests.conftest import make_clip
from tests.sweep.test_sets import ToyEmbedder

MINE = """
from dataclasses import dataclass

import numpy as np
import torch

from degrade_bench import SetMetric


@dataclass(frozen=True)
class Bands:
    name: str = "bands"
    version: str = "1"
    sample_rate: int = 8000
    dim: int = 2

    def converted(self, signals, sample_rate):
        return signals.mean(dim=1)

    def embed(self, batch):
        seconds = batch.unfold(1, 8000, 8000)
        return torch.stack([seconds.std(dim=2), seconds.diff(dim=2).std(dim=2)], dim=2)

    def fingerprint_parts(self):
        return {}


class MeanShift(SetMetric):
    name, higher_is_better = "mean-shift", False
    embedder = Bands()

    def __init__(self, power: float = 2.0):
        self.power = power

    def compare(self, reference, heard):
        return float((np.abs(reference.vectors.mean(axis=0) - heard.vectors.mean(axis=0)) ** self.power).sum())
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    return path


def clips(count):
    made = [make_clip(3.0, 8000, 1, seed=seed) for seed in range(count)]
    return [type(clip)(f"c{number}", clip.samples, clip.sample_rate) for number, clip in enumerate(made)]


def test_stress_test_and_a_set_metric_end_in_verdicts_and_values_of_whole_sets(tmp_path):
    result = degrade_bench.stress_test(
        Frechet(ToyEmbedder()),
        clips=clips(4),
        degradations=["white_noise"],
        out=tmp_path / "out",
        levels=(1, 5),
        workers=1,
        progress=False,
    )
    (verdict,) = result.analysis.verdicts.to_dict("records")
    assert (verdict["metric"], verdict["degradation"]) == ("frechet-toy", "white_noise")
    (metric,) = result.run.metrics
    assert metric.name == "frechet-toy"
    assert metric.needs_reference
    levels = result.analysis.levels.set_index("level")
    assert levels["drop_mean"][5] > levels["drop_mean"][1] > 0
    assert "frechet-toy" in str(result)
    text = (tmp_path / "out" / "set_values.csv").read_text()
    assert text.splitlines()[0].startswith('"metric","degradation","level"')


def test_a_file_gives_a_set_metric_with_its_settings_whose_embedder_workers_can_import(file, tmp_path):
    asked = {"out": tmp_path / "out", "metric": [str(file)], "degradation": ["white_noise"]}
    asked |= {"set": {"mean-shift": {"power": 1.0}}}
    sweep = resolve_request(make_config(asked), sources=[MemorySource("c0", clips(1)[0])]).sweep
    (metric,) = sweep.judged
    assert metric.name == "mean-shift"
    assert metric.wrapped.power == 1.0
    assert {"embedder", "embedder_code", "code", "set.power"} <= metric.fingerprint_parts().keys()
    (maker,) = sweep.makers
    assert maker in split_metrics(sweep.heard)[0]
    assert type(maker.wrapped).__module__.startswith(PREFIX)  # which workers import by the name
    assert pickle.loads(pickle.dumps(maker)).fingerprint() == maker.fingerprint()


def test_every_distance_on_every_embedder_is_listed():
    entries = {entry["name"]: entry for entry in describe_metrics()}
    assert len(SET_METRICS) == 21
    for name in SET_METRICS:
        assert entries[name]["summary"].endswith(f"set metric on {name.partition('-')[2]}")
        assert entries[name]["higher_is_better"] == (not name.startswith(("frechet", "mmd")))


def test_built_in_ones_share_their_embedder():
    metrics = [load_metric_apart(f"{name}-musicnn-mtt", {}, "cpu") for name in ("frechet", "mmd", "recall")]
    assert len({metric.fingerprint() for metric in metrics}) == 3
    makers = [VectorMaker(metric.embedder) for metric in metrics]
    assert {maker.fingerprint() for maker in makers} == {makers[0].fingerprint()}


def test_planned_looks_compare_the_set_that_is_there_by_then(tmp_path):
    result = degrade_bench.stress_test(
        Frechet(ToyEmbedder()),
        clips=clips(9),
        degradations=["white_noise"],
        out=tmp_path / "out",
        levels=(5,),
        workers=1,
        progress=False,
        report=False,
        until="concluded",
        looks=2,
    )
    looks = result.run.looks
    there = looks.clips[looks.taken - 1]
    values = read_set_values(tmp_path / "out")
    assert {value.clips for value in values} == {there}
    assert result.scores.groupby(["degradation", "level"])["clip_id"].nunique().eq(there).all()
    noise = next(value for value in values if value.role == "test")
    rows = result.scores[result.scores["role"] == "test"]
    assert rows["score"].mean() == pytest.approx(noise.corrected)


def test_a_reference_set_is_read_from_files_and_part_of_the_fingerprint(tmp_path):
    (clip,) = clips(1)
    write_audio(tmp_path / "clean.wav", clip.samples, clip.sample_rate)
    metric = Frechet(ToyEmbedder())

    def resolved(**asked):
        config = make_config({"out": tmp_path / "out", "degradation": ["white_noise"], **asked})
        return resolve_request(config, [metric], [MemorySource("c0", clip)]).sweep

    sweep = resolved(reference_set=tmp_path / "clean.wav")
    assert [source.id for source in sweep.reference] == ["reference set: clean"]
    assert sweep.reference[0].load().id == "reference set: clean"
    (against,) = sweep.judged
    assert len(against.fingerprint_parts()["reference_set"]) == 12
    assert metric.fingerprint() == resolved().judged[0].fingerprint() != against.fingerprint()
    with pytest.raises(CorpusError, match=r"^--reference-set .*: no such file"):
        resolved(reference_set=tmp_path / "nowhere")
    config = make_config({"out": tmp_path, "degradation": ["gsm"], "reference_set": tmp_path, "metric": "loudness"})
    with pytest.raises(ConfigError, match="--reference-set is for set metrics: name one"):
        resolve_request(config, None, [MemorySource("c0", clip)])


def test_the_documented_example_makes_vectors_and_compares_them():
    page = Path(__file__).parents[2] / "docs" / "set-metrics.md"
    (code,) = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    defined = {"__name__": __name__}
    exec(code.replace("print(degrade_bench", "(lambda *_: None)(lambda: degrade_bench"), defined)
    metric = check_metric(defined["MeanShift"]())
    made = VectorMaker(metric.embedder).vectors_of(Heard(make_clip(3.0, 16000, 2).samples, 16000))
    assert made.shape == (3, 2)
    track = np.arange(3)
    assert metric.compare(VectorSet(made, track), VectorSet(made + 3.0, track)) == pytest.approx(
        3 * 2**0.5, rel=1e-5
    )


def test_what_is_no_set_metric_is_told_why():
    class Without(degrade_bench.SetMetric):
        name = "without"

        def compare(self, reference, heard):
            return 0.0

    with pytest.raises(MetricError, match="Without is not a set metric: it has no embedder"):
        degrade_bench.stress_test(Without(), progress=False)
