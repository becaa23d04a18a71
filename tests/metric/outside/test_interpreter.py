"""A metric under another interpreter: it scores as here, needs nothing of the bench, and its death is an error."""

from __future__ import annotations

import ast
import pickle
import subprocess
import sys
import venv
from pathlib import Path

import pytest
import torch

from degrade_bench.errors import ConfigError, MetricError, NotApplicableError
from degrade_bench.metric.catalogue import load_metric_apart
from degrade_bench.metric.host.process import MetricDiedError
from degrade_bench.metric.host.proxy import ForeignMetricError
from degrade_bench.metric.outside import bridge
from degrade_bench.metric.traits import Traits
from tests.metric.plain import Plain

MINE = '''
import os, sys, time
import helper


class NotApplicableError(Exception):
    pass


class Plain:
    """The mean of the absolute samples, with lists where there is no numpy."""

    name = "plain"
    higher_is_better = False
    score_range = (0, None)

    def __init__(self, scale=1.0):
        self.scale = scale

    def score(self, batch, sample_rate, reference=None):
        mood = int(batch[0][0][0])
        if mood == 2:
            print("on standard output", flush=True)
            os.write(1, b"{}\\n")
        if mood == 3:
            sys.exit(4)
        if mood == 4:
            sys.stderr.write("no more\\n")
            sys.stderr.flush()
            os._exit(5)
        if mood == 5:
            raise NotApplicableError("too moody")
        if mood == 6:
            return [1.0]
        if mood == 7:
            time.sleep(60)
        if mood == 8:
            raise MemoryError
        heard = [sum(abs(x) for channel in signal for x in channel) for signal in batch]
        return [self.scale * helper.same(one) / len(batch[0]) / len(batch[0][0]) for one in heard]


class Torch(Plain):
    name = "with-torch"
    takes = "torch"

    def score(self, batch, sample_rate, reference=None):
        return (batch - reference).abs().mean(dim=(1, 2))


def loudest(audio, sr, reference=None):
    return max(abs(x) for x in audio) * sr


loudest.higher_is_better = False
loudest.sample_rate = 4000


def leaks(audio):
    return float(any(name.startswith("PYTHON") for name in os.environ) or "degrade_bench" in sys.modules)


class Hops(Plain):
    hop_seconds = 0.5
'''


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """An interpreter with nothing installed, and the metric's files."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder / "venv", symlinks=True)
    (folder / "mine.py").write_text(MINE)
    (folder / "helper.py").write_text("def same(value):\n    return value\n")
    return folder


def load(folder, name, settings=None, python=None, timeout=20.0):
    python = python or str(folder / "venv" / "bin" / "python")
    return load_metric_apart(f"{folder}/mine.py:{name}", settings or {}, "cpu", timeout, python=python)


def signals(mood=0.0):
    batch = torch.linspace(-0.9, 0.9, 200).reshape(2, 2, 50).clone()
    batch[0, 0, 0] = mood
    return batch


def test_it_scores_as_here_and_prints_to_standard_error(bare, capfd):
    metric = load(bare, "Plain", {"scale": 2.0})
    assert (metric.name, metric.higher_is_better, metric.score_range) == ("plain", False, (0, None))
    for mood in (0.5, 2):
        expected = 2 * Plain().score(signals(mood), 8000)
        assert metric.score(signals(mood), 8000).tolist() == pytest.approx(expected.tolist(), abs=1e-5)
    printed = capfd.readouterr()
    assert printed.out == ""
    assert "Plain: on standard output\nPlain: {}\n" in printed.err
    for mood, kind, text in (
        (3, ForeignMetricError, r"^it called sys.exit\(4\)$"),
        (5, NotApplicableError, r"^too moody$"),
        (6, ForeignMetricError, r"^it returned \[1.0\], expected 2 scores$"),
        (8, ForeignMetricError, r"^MemoryError$"),
    ):
        with pytest.raises(kind, match=text) as caught:
            metric.score(signals(mood), 8000)
        assert getattr(caught.value, "out_of_memory", False) == (mood == 8)
    with pytest.raises(MetricDiedError, match=r"^its process ended \(exit code 5\): no more$"):
        metric.score(signals(4), 8000)
    assert len(metric.score(signals(), 8000)) == 2
    metric.rest()


def test_nothing_of_this_interpreter_gets_there(bare, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    metric = load(bare, "leaks", {"higher_is_better": True})
    assert metric.score(signals(), 8000).tolist() == [0, 0]
    assert metric.name == "leaks"
    metric.rest()


def test_a_function_there_is_given_what_it_declares(bare):
    metric = load(bare, "loudest")
    batch = torch.full((2, 2, 8000), 0.5)
    batch[0, 1] = 0
    assert (metric.sample_rate, metric.needs_reference) == (4000, False)
    assert metric.score(batch, 8000).tolist() == pytest.approx([1000, 2000], rel=0.1), "one channel, at its rate"
    metric.rest()
    with pytest.raises(ConfigError, match="it does not say higher_is_better"):
        load(bare, "leaks")
    with pytest.raises(ConfigError, match="it says lowder is 1, expected no such setting"):
        load(bare, "loudest", {"lowder": 1})


def test_torch_where_it_is_asked_for(bare):
    metric = load(bare, "Torch", {"scale": 1.0}, sys.executable)
    batch = signals()
    assert metric.score(batch, 8000, 0 * batch).tolist() == pytest.approx(batch.abs().mean(dim=(1, 2)).tolist())
    assert any(text.startswith("torch==") for text in metric.fingerprint_parts()["package"].split(", "))
    metric.rest()


def test_its_fingerprint_is_that_of_its_files_settings_and_packages(bare):
    metric = load(bare, "Plain")
    parts = metric.fingerprint_parts()
    assert (parts["class"], parts["package"]) == ("Plain", "")
    assert parts["python"] == f"CPython {sys.version.split()[0]}"
    assert load(bare, "Plain", {"scale": 2.0}).fingerprint() != metric.fingerprint()
    copy = pickle.loads(pickle.dumps(metric))
    assert Traits.of(copy) == Traits.of(metric)
    helper = (bare / "helper.py").read_text()
    try:
        (bare / "helper.py").write_text(helper + "\n")
        assert load(bare, "Plain").fingerprint() != metric.fingerprint()
        with pytest.raises(MetricDiedError, match="its code has changed since the run began"):
            copy.score(signals(), 8000)
    finally:
        (bare / "helper.py").write_text(helper)
    metric.rest()


def test_one_that_hangs_is_ended(bare):
    metric = pickle.loads(pickle.dumps(load(bare, "Plain")))
    metric._timeout = 0.5
    with pytest.raises(MetricDiedError, match=r"did not answer within 0.5 s"):
        metric.score(signals(7), 8000)
    metric.rest()


@pytest.mark.parametrize(
    ("name", "python", "kind", "text"),
    [
        ("Plain", "/no/such/python", ConfigError, "no such program: /no/such/python"),
        ("Plian", None, MetricError, r"cannot be loaded: AttributeError: .*Plian"),
        ("Hops", None, MetricError, "it has hop_seconds, but lacks a method score_windows"),
        ("helper", None, MetricError, "it lacks a method score"),
        ("Torch", "/bin/false", MetricError, r"cannot be loaded: its process ended \(exit code 1\)"),
    ],
)
def test_what_cannot_be_loaded_is_refused(bare, name, python, kind, text):
    with pytest.raises(kind, match=text):
        load(bare, name, None, python)


def test_the_metric_file_names_interpreter_and_class(bare):
    file = bare / "mine.yaml"
    file.write_text("metric: mine.py:Plain\npython: venv/bin/python\nname: mine\nsettings: {scale: 3.0}\n")
    metric = load_metric_apart(str(file), {"summary": "louder"}, "cpu", 20.0)
    assert (metric.name, metric.summary) == ("mine", "louder")
    assert metric.score(signals(), 8000)[1].item() == pytest.approx(
        3 * Plain().score(signals(), 8000)[1].item(), abs=1e-5
    )
    metric.rest()
    for text, said in (
        ("metric: mine.py:Plain\n", "metric goes together with python, env or requires"),
        ("python: x\n", "give one of"),
    ):
        file.write_text(text)
        with pytest.raises(ConfigError, match=said):
            load_metric_apart(str(file), {}, "cpu", 20.0)


def test_the_bridge_needs_no_more_than_python_3_8():
    source = Path(bridge.__file__).read_text()
    tree = ast.parse(source, feature_version=(3, 8))
    imports = {
        alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert imports - {"numpy", "torch"} <= sys.stdlib_module_names
    ended = subprocess.run([sys.executable, "-I", bridge.__file__], input=b"", capture_output=True, timeout=20)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")
