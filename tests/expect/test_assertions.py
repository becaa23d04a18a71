"""Assertions on metrics that are scored for them: objects, classes, functions, names, and finished runs."""

from __future__ import annotations

import re
import subprocess
import sys
from types import SimpleNamespace

import pytest

from degrade_bench.degrade import catalogue
from degrade_bench.errors import ConfigError, MetricError, UnknownNameError
from degrade_bench.expect import assert_blind, assert_monotone, assert_not_artefact, assert_sensitive, session
from degrade_bench.expect.session import Bench
from degrade_bench.metric.adapter import check_metric
from tests.sweep.toys import ToyNoise


class Hiss:
    """Hears noise above the notes, in dB."""

    name = "hiss"
    higher_is_better = False

    def score(self, batch, sample_rate, reference=None):
        return 20 * batch.diff(dim=2).diff(dim=2).square().mean(dim=(1, 2)).sqrt().log10()


class Shuffled(ToyNoise):
    """Noise that passes for structural damage."""

    name, group, family = "shuffled", "structural", "order"


@pytest.fixture
def unscored(monkeypatch):
    """Nothing may be scored within this test."""
    monkeypatch.setattr(session, "stress_test", None)


def test_what_holds_passes_and_gives_its_figures(metric_bench):
    outcome = assert_sensitive(Hiss(), ToyNoise(), min_dz=0.5, bench=metric_bench)
    assert (outcome.metric, outcome.recordings, outcome.level) == ("hiss", 14, 5)
    assert outcome.dz_low > 0.5


def test_what_does_not_hold_says_what_was_measured_and_asked_and_the_power(metric_bench):
    with pytest.raises(AssertionError) as raised:
        assert_blind(Hiss(), ToyNoise(), max_dz=0.9, bench=metric_bench)
    assert re.fullmatch(
        r"hiss: blind to toy_noise, net dz within ±0\.9 at every level: not so: net dz was shown to lie beyond "
        r"±0\.9\. Measured: net dz \S+ at level 5 \(90 % interval \S+ to \S+\), a net drop of \S+ \(\S+ to \S+\) "
        r"\(14 recordings, alpha 0\.05\)\. Power: 14 recordings show it with a chance of at least \d+ % where the "
        r"true dz is 0; \d+ with 90 %\.",
        str(raised.value),
    )


@pytest.mark.usefixtures("unscored")
def test_what_was_scored_is_kept_for_the_next_assertion(metric_bench):
    assert_sensitive(Hiss, ToyNoise(), level=5, bench=metric_bench)
    assert_not_artefact(Hiss(), ToyNoise(), bench=metric_bench)
    with pytest.raises(AssertionError, match="one level has no course"):
        assert_monotone(Hiss(), ToyNoise(), bench=metric_bench)


@pytest.mark.usefixtures("unscored")
def test_a_finished_run_is_asked_without_scoring(metric_bench):
    folder = next(metric_bench.folder.glob("hiss-*")) / "damages"
    for subject in (folder, str(folder)):
        assert_sensitive(subject, "toy_noise", min_dz=0.5, metric="hiss")
    with pytest.raises(UnknownNameError, match=r"metric of .* 'his'; did you mean 'hiss'"):
        assert_sensitive(folder, "toy_noise", metric="his")
    with pytest.raises(ConfigError, match="is for a run with several metrics"):
        assert_sensitive(Hiss(), ToyNoise(), metric="hiss", bench=metric_bench)


def test_a_function_declares_its_direction_in_the_assertion():
    def roughness(x, sample_rate):
        return float(abs(x[1:] - x[:-1]).mean())

    metric = session.metric_of(roughness, {"higher_is_better": False})
    assert (metric.name, metric.higher_is_better) == ("roughness", False)
    assert session.metric_of("simulated-noise", {"seed": 3}).seed == 3
    assert session.metric_of(Hiss, {}).name == "hiss"
    with pytest.raises(MetricError, match="does not say in which direction quality lies"):
        session.metric_of(roughness, {})


def test_blind_has_the_positive_control_scored_beside_it(metric_bench):
    outcome = assert_blind("simulated-deaf-to-structure", Shuffled(), max_dz=2.0, bench=metric_bench)
    assert outcome.recordings == 14


def test_a_damage_that_moves_time_has_a_run_of_its_own(tmp_path, monkeypatch):
    started = []

    def start(metric, **asked):
        started.append((asked["out"].name, [damage.name for damage in asked["degradations"]]))
        return SimpleNamespace(scores=None)

    monkeypatch.setattr(session, "stress_test", start)
    bench, metric = Bench(tmp_path), check_metric(Hiss())
    for damages in (["hum"], ["tempo_change", "hum"], ["low_pass", "hum"], ["hum"]):
        bench.evidence(metric, [catalogue.get(name) for name in damages])
    alone = ["hum", "tempo_change"]
    assert started == [("damages", ["hum"]), ("tempo_change", alone), ("damages", ["hum", "low_pass"])]


def test_a_kept_directory_is_gone_on_with_whatever_is_asked_next(metric_bench, metric_bench_options, monkeypatch):
    place = next(metric_bench.folder.glob("hiss-*")) / "damages"
    asked = []
    stub = SimpleNamespace(identity=SimpleNamespace(degradations={"hum": (), "gain": (), "mine": ()}))
    monkeypatch.setattr(session, "read_record", lambda folder: stub)
    monkeypatch.setattr(
        session, "stress_test", lambda metric, **given: asked.append(given) or SimpleNamespace(scores=None)
    )
    later = Bench(metric_bench.folder, **metric_bench_options)
    later.evidence(check_metric(Hiss()), [catalogue.get("low_pass")])
    assert asked[0]["out"] == place
    assert [damage.name for damage in asked[0]["degradations"]] == ["hum", "low_pass"]


TESTED = """
import sys

from degrade_bench.expect import assert_sensitive


def test_nothing_heavy_is_imported():
    assert not {"torch", "numpy", "pandas"} & set(sys.modules)
"""


def test_the_plugin_costs_nothing_until_its_fixture_is_asked_for(tmp_path):
    (tmp_path / "test_mine.py").write_text(TESTED)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "pytest_degrade_bench", "-p", "no:cacheprovider"]
    ended = subprocess.run([*command, tmp_path], capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stdout
    assert "1 passed" in ended.stdout
