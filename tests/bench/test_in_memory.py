"""The API: ``stress_test`` with objects and clips in memory."""

from __future__ import annotations

import re
import threading

import numpy as np
import pytest

import degrade_bench
from degrade_bench.bench import in_memory
from degrade_bench.errors import ConfigError, MetricError
from degrade_bench.sweep.progress import Progress
from degrade_bench.sweep.staff import usual_workers
from tests.conftest import make_clip
from tests.sweep.toys import ToyNoise


class Peak:
    """A metric without a base class, that cannot be pickled."""

    name = "peak"
    higher_is_better = True

    def __init__(self):
        self.unpicklable = lambda: None

    def score(self, batch, sample_rate, reference=None):
        return batch.abs().amax(dim=(1, 2))


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    clips = [make_clip(13.0, 16000, 1, seed=seed) for seed in range(2)]
    return degrade_bench.stress_test(
        Peak(),
        clips=clips,
        suites=("quick",),
        out=tmp_path_factory.mktemp("stress") / "out",
        levels=(5,),
        workers=2,
    )


def test_an_object_is_stress_tested_on_clips_in_memory(result):
    scores = result.scores
    assert set(scores.metric) == {"peak"}
    assert scores.clip_id.nunique() == 2
    assert result.failed == 0
    clean = scores[scores.role == "clean"].set_index("clip_id").score
    for seed in range(2):
        clip = make_clip(13.0, 16000, 1, seed=seed)
        assert clean[clip.id] == pytest.approx(float(clip.samples.abs().max()))
    rotated = scores[scores.degradation == "polarity"]
    flipped = rotated[rotated.level == 5].set_index("clip_id").score
    assert np.array_equal(flipped, clean[flipped.index])
    assert [metric["counts"] for metric in result.record["metrics"]] == [{"outside_range": 0}]
    assert set(result.analysis.summary.metric) == {"peak"}


def test_what_is_not_a_metric_is_refused(tmp_path):
    with pytest.raises(MetricError):
        degrade_bench.stress_test(object(), out=tmp_path / "out")
    with pytest.raises(MetricError, match="no metric"):
        degrade_bench.stress_test([], out=tmp_path / "out")


def test_two_clips_of_one_id_and_two_metrics_of_one_name(tmp_path):
    clip = make_clip(3.0, 8000, 1)
    with pytest.raises(ConfigError, match="same id"):
        degrade_bench.stress_test(Peak(), clips=[clip, clip], workers=1, out=tmp_path / "out")
    with pytest.raises(ConfigError, match="'peak' is given twice"):
        degrade_bench.stress_test([Peak(), Peak()], clips=[clip], out=tmp_path / "out")


def test_the_public_names_are_there():
    for name in degrade_bench.__all__:
        assert getattr(degrade_bench, name) is not None
        assert name in dir(degrade_bench)
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        degrade_bench.nonsense  # noqa: B018


SMALL = {"degradations": ["white_noise"], "levels": (5,), "workers": 1}


def test_without_options_it_is_the_quick_suite_on_every_core_and_shown(monkeypatch):
    started = []
    monkeypatch.setattr(in_memory, "run", lambda config, **options: started.append((config, options)))
    degrade_bench.stress_test(Peak())
    degrade_bench.stress_test(Peak(), progress=False, degradations=["hum"], levels=(2,), workers=1)
    mine = Progress()
    degrade_bench.stress_test(Peak(), progress=mine, suites="signal")
    (_, shown), (_, silent), (_, own) = started
    usual, single, signal = (options["resolved"] for _, options in started)
    assert usual.config.suite == ("quick",)
    assert usual.config.levels == (1, 3, 5)
    assert len(usual.sweep.sources) == 14
    assert usual.sweep.workers == usual_workers()
    assert usual.sweep.if_memory_suffices
    assert single.config.suite == ()
    assert single.sweep.workers == 1
    assert signal.config.suite == ("signal",)
    assert isinstance(shown["progress"], Progress)
    assert silent["progress"] is None
    assert own["progress"] is mine
    assert "announce" in shown
    assert "announce" not in silent


def test_it_says_how_far_it_is_on_standard_error_and_prints_its_verdicts(tmp_path, capsys):
    clips = [make_clip(1.0, 8000, 1, seed=seed) for seed in range(2)]
    result = degrade_bench.stress_test(Peak(), clips=clips, out=tmp_path / "out", **SMALL)
    out, err = capsys.readouterr()
    assert out == ""
    assert "2 clips × 11 cells × 1 metrics (peak), 1 workers, cpu" in err
    assert re.search(r"22 cells to go; about \d+ s \(measured on", err)
    assert f"22/22 cells, clip {clips[1].id} done" in err
    print(result)
    printed, _ = capsys.readouterr()
    assert printed.startswith("peak (2 clips, higher is better, margin ")
    assert re.search(r"^  white_noise +\? inconclusive +– ", printed, re.MULTILINE)
    assert printed.endswith(f"report: {tmp_path / 'out' / 'report.html'}\n")
    assert repr(result) == printed.rstrip("\n")
    assert "<table>" in result._repr_html_()


def test_it_says_nothing_where_that_is_asked(tmp_path, capsys):
    clips, left = [make_clip(1.0, 8000, 1)], []
    degrade_bench.stress_test(Peak(), clips=clips, out=tmp_path / "a", progress=False, **SMALL)
    told = Progress(advanced=left.append)
    degrade_bench.stress_test(Peak(), clips=clips, out=tmp_path / "b", progress=told, **SMALL)
    assert capsys.readouterr() == ("", "")
    assert sum(left) == 11


class Held(ToyNoise):
    """A damage that no other process can be sent."""

    name = "held"

    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()


def test_a_damage_that_no_worker_can_be_sent_is_done_in_one_process_and_that_is_said(tmp_path, capsys):
    options = {**SMALL, "degradations": [Held()], "workers": None}
    clips = [make_clip(1.0, 8000, 1, seed=seed) for seed in range(2)]
    result = degrade_bench.stress_test(Peak(), clips=clips, out=tmp_path / "out", **options)
    assert result.run.request.workers == 1
    said = "note: one process does everything: degradation 'held' cannot be sent to another process"
    assert said in capsys.readouterr().err


def test_a_metric_may_be_a_text_as_on_the_command_line(monkeypatch, tmp_path):
    file = tmp_path / "crest.py"
    file.write_text("def crest(audio):\n    return abs(audio).max()\n")
    started = []
    monkeypatch.setattr(in_memory, "run", lambda config, **options: started.append(options["resolved"]))
    options = {"clips": [make_clip(1.0, 8000, 1)], "progress": False, **SMALL}
    degrade_bench.stress_test("cmd:wc -c {wav}", higher_is_better=False, name="size", out=tmp_path / "a", **options)
    settings = {f"{file}:crest": {"higher_is_better": True}}
    degrade_bench.stress_test([Peak(), "loudness", f"{file}:crest"], set=settings, out=tmp_path / "b", **options)
    alone, several = ([*resolved.sweep.metrics] for resolved in started)
    assert [(metric.name, metric.higher_is_better) for metric in alone] == [("size", False)]
    assert [metric.name for metric in several] == ["peak", "loudness", "crest"]
    assert started[1].config.metric == ("loudness", f"{file}:crest")
    several[2].rest()
    with pytest.raises(ConfigError, match=r"loudness.*higher_is_better"):
        degrade_bench.stress_test("loudness", higher_is_better=True, out=tmp_path / "c", **options)
