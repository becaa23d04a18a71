"""A metric of somebody else's in a process of its own: it scores as it does here, and its death is an error."""

from __future__ import annotations

import os
import pickle
import signal
import time

import pytest
import torch

from degrade_bench.errors import ConfigError, MetricError, NotApplicableError
from degrade_bench.metric.catalogue import load_metric, load_metric_apart
from degrade_bench.metric.host.process import MetricDiedError
from degrade_bench.metric.host.proxy import ForeignMetricError, Hosted
from degrade_bench.metric.traits import Traits

MOODY = '''
import os, signal, sys, time
from typing import Literal

import torch

from degrade_bench.errors import NotApplicableError


class Moody:
    """What it does depends on the first sample."""

    name = "moody"
    higher_is_better = False
    light = True
    summary = "mean square"
    heard = 0

    def __init__(self, scale: float = 1.0, mode: Literal["fast", "slow"] = "fast"):
        self.scale = scale

    def counts(self):
        return {"heard": self.heard}

    def score(self, batch, sample_rate, reference=None):
        self.heard += len(batch)
        mood = int(batch[0, 0, 0])
        if mood == 2:
            sys.exit(0)
        if mood == 3:
            os._exit(0)
        if mood == 4:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(60)
        if mood == 5:
            raise NotApplicableError("too moody")
        if mood == 6:
            raise KeyboardInterrupt
        if mood == 7:
            raise MemoryError("no room")
        if mood == 9:
            for name in [name for name in sys.modules if name.startswith("degrade_bench")]:
                del sys.modules[name]
            import degrade_bench.metric.host.messages
        if mood == 8:
            batch.zero_()
            print("to standard output")
            return batch.sum(dim=(1, 2)).to(torch.complex64)
        return batch.square().mean(dim=(1, 2)) * self.scale
'''


@pytest.fixture(scope="module")
def moody_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("metrics") / "moody.py"
    file.write_text(MOODY)
    return file


def batch(mood=0):
    signals = torch.linspace(-0.5, 0.5, 600).reshape(3, 1, 200).clone()
    signals[0, 0, 0] = mood
    return signals


def test_it_looks_and_scores_as_it_does_in_this_process(moody_file, capfd):
    spec = f"{moody_file}:Moody"
    here, there = load_metric(spec, {"scale": 2.0}, "cpu"), load_metric_apart(spec, {"scale": 2.0}, "cpu", 1.0)
    assert isinstance(there, Hosted)
    assert Traits.of(there) == Traits.of(here)
    assert there.describe() == here.describe()
    assert dict(there.given_settings) == dict(here.given_settings)
    assert set(there.fingerprint_parts()) == set(here.fingerprint_parts())
    signals = batch()
    assert torch.equal(there.score(signals, 8000), here.score(signals, 8000).double())
    assert there.counts() == here.counts() == {"heard": 3}

    refused = [(2, ForeignMetricError, r"it called sys.exit\(0\)"), (5, NotApplicableError, "too moody")]
    refused += [(6, ForeignMetricError, "KeyboardInterrupt"), (8, ForeignMetricError, "complex")]
    for mood, kind, text in refused:
        given = batch(mood)
        with pytest.raises(kind, match=text):
            there.score(given, 8000)
        assert torch.equal(given, batch(mood)), "what it is given is a copy"
    with pytest.raises(ForeignMetricError, match="MemoryError: no room") as caught:
        there.score(batch(7), 8000)
    assert caught.value.out_of_memory
    process = there._host._process.pid
    assert len(there.score(batch(9), 8000)) == 3, "modules of ours that it removed are there again"
    assert there._host._process.pid == process
    assert capfd.readouterr().out == ""

    for mood, text in ((3, r"its process ended \(exit code 0\)"), (4, "did not answer within 1 s")):
        started = time.monotonic()
        with pytest.raises(MetricDiedError, match=text):
            there.score(batch(mood), 8000)
        assert time.monotonic() - started < 30
    assert torch.equal(there.score(signals, 8000), here.score(signals, 8000).double()), "a new process"
    assert there.counts()["heard"] >= 6, "counts of all of its processes"

    os.kill(there._host._process.pid, signal.SIGKILL)
    assert torch.equal(there.score(signals, 8000), here.score(signals, 8000).double()), "asked again by itself"
    moody_file.write_text(MOODY.replace("square()", "abs()"))
    try:
        copy = pickle.loads(pickle.dumps(there))
        with pytest.raises(MetricDiedError, match="its code has changed"):
            copy.score(signals, 8000)
    finally:
        moody_file.write_text(MOODY)
        there.rest()


@pytest.mark.parametrize(
    ("source", "error", "text"),
    [
        ("import sys; sys.exit(0)", ConfigError, r"cannot be imported: it called sys.exit\(0\)"),
        ("import os; os._exit(0)", MetricError, r"cannot be loaded: its process ended \(exit code 0\)"),
        (
            "import argparse\np = argparse.ArgumentParser()\np.add_argument('weights')\np.parse_args()",
            ConfigError,
            r"it called sys.exit\(2\) \(strange.py: error: the following arguments are required: weights\)",
        ),
    ],
    ids=["sys.exit", "os._exit", "argparse"],
)
def test_a_file_that_ends_its_process_when_it_is_imported_is_refused(source, error, text, tmp_path, capfd):
    file = tmp_path / "strange.py"
    file.write_text(source)
    with pytest.raises(error, match=text):
        load_metric_apart(f"{file}:Metric", {}, "cpu")
    assert capfd.readouterr() == ("", "")


def test_what_comes_with_the_bench_stays_in_this_process_and_a_missing_file_is_told_at_once(tmp_path):
    assert not isinstance(load_metric_apart("loudness", {}, "cpu"), Hosted)
    with pytest.raises(ConfigError, match="no such file"):
        load_metric_apart(f"{tmp_path}/none.py:Metric", {}, "cpu")


def test_a_setting_of_the_wrong_type_is_said_under_the_name_that_was_given(moody_file):
    spec = f"{moody_file}:Moody"
    with pytest.raises(ConfigError, match="did you mean 'slow'"):
        load_metric_apart(spec, {"mode": "slwo"}, "cpu")


def test_one_that_is_never_loaded_is_waited_for_three_times_as_long_as_for_a_batch(tmp_path):
    file = tmp_path / "slow.py"
    file.write_text("import time\ntime.sleep(1000)\n")
    with pytest.raises(MetricError, match=r"slow\.py:Slow' cannot be loaded: it did not answer within 1\.5 s"):
        load_metric_apart(f"{file}:Slow", {}, "cpu", 0.5)


def test_what_it_raises_where_nobody_can_catch_it_is_a_line(tmp_path, capfd):
    file = tmp_path / "careless.py"
    file.write_text(
        "import sys, threading\n\n\nclass Careless:\n"
        '    name, higher_is_better = "careless", True\n\n'
        "    def score(self, batch, sample_rate, reference=None):\n"
        "        threading.Thread(target=lambda: 1 / 0).start()\n"
        "        Careless.last = Leaves()\n"
        "        return batch.mean(dim=(1, 2))\n\n\n"
        "class Leaves:\n    def __del__(self):\n        sys.exit(3)\n"
    )
    metric = load_metric_apart(f"{file}:Careless", {}, "cpu", 60.0)
    for _ in range(2):
        assert len(metric.score(batch(), 8000)) == 3
    metric.rest()
    said = capfd.readouterr().err.splitlines()
    assert set(said) == {"degrade-bench: warning: in a metric's process: ZeroDivisionError: division by zero"}


def test_a_copy_that_it_forks_does_not_answer(tmp_path):
    file = tmp_path / "forking.py"
    file.write_text(
        "import os\n\n\nclass Forking:\n"
        '    name, higher_is_better = "forking", True\n\n'
        "    def counts(self):\n        os.fork()\n        return {}\n\n"
        "    def score(self, batch, sample_rate, reference=None):\n"
        "        os.fork()\n        return batch.mean(dim=(1, 2))\n"
    )
    metric = load_metric_apart(f"{file}:Forking", {}, "cpu", 60.0)
    for mood in (0, 1, 0):
        assert torch.equal(metric.score(batch(mood), 8000), batch(mood).mean(dim=(1, 2)).double())
    metric.rest()
