"""Whose code a metric is: a changed file, helper, constant or base is another fingerprint, the same one is not."""

from __future__ import annotations

import functools
import subprocess
import sys
import types

import numpy as np
import pytest
import torch

from degrade_bench.metric.adapter import check_metric
from degrade_bench.metric.arguments import argument_parts
from degrade_bench.metric.base import Metric
from degrade_bench.metric.catalogue import load_metric
from degrade_bench.metric.identity import code_parts, identity_note
from degrade_bench.metric.panel.loudness import Loudness
from tests.metric.plain import Plain

FILE = """
import sys
sys.path.insert(0, {folder!r})
import degrade_bench
from {package}.helper import louder
from {package}.bases import Base

SCALE = 2.0


def scaled(x):
    return x * SCALE


class Mine(Base, degrade_bench.Metric):
    name = "mine"

    def score(self, batch, sample_rate, reference=None):
        return louder(scaled(batch.abs().mean(dim=(1, 2))))
"""
HELPER = "import math\n\n\ndef louder(x):\n    from .lazy import TIMES\n    return x * TIMES\n"
CHANGES = {
    "constant": ("mine.py", "SCALE = 2.0", "SCALE = 3.0"),
    "function": ("mine.py", "x * SCALE", "x / SCALE"),
    "body": ("mine.py", "dim=(1, 2)", "dim=(2, 1)"),
    "helper": ("PACKAGE/helper.py", "x * TIMES", "x / TIMES"),
    "imported inside a function": ("PACKAGE/lazy.py", "TIMES = 1", "TIMES = 2"),
    "base": ("PACKAGE/bases.py", "higher_is_better = True", "higher_is_better = True\n    k = 1"),
}


def _written(folder, package):
    inner = folder / package
    inner.mkdir(parents=True)
    (inner / "__init__.py").write_text("")
    (inner / "helper.py").write_text(HELPER)
    (inner / "lazy.py").write_text("TIMES = 1\n")
    (inner / "bases.py").write_text("class Base:\n    higher_is_better = True\n")
    (folder / "mine.py").write_text(FILE.format(folder=str(folder), package=package))


def _fresh(folder, package):
    """The fingerprint of the file's metric, its modules imported anew."""
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        del sys.modules[name]
    return load_metric(f"{folder / 'mine.py'}:Mine", {}, "cpu").fingerprint()


@pytest.fixture
def path(monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_changed_in_a_file_or_beside_it_is_another_fingerprint(change, tmp_path, path):
    package = f"beside_{change.replace(' ', '_')}"
    _written(tmp_path, package)
    before = _fresh(tmp_path, package)
    assert _fresh(tmp_path, package) == before
    file, old, new = CHANGES[change]
    target = tmp_path / file.replace("PACKAGE", package)
    assert old in target.read_text()
    target.write_text(target.read_text().replace(old, new))
    assert _fresh(tmp_path, package) != before


def test_the_same_files_in_another_folder_and_process_have_the_same_fingerprint(tmp_path, path):
    for name in ("one", "two"):
        _written(tmp_path / name, "beside_same")
        file = tmp_path / name / "mine.py"
        file.write_text(file.read_text().replace(repr(str(tmp_path / name)), "__file__.rpartition('/')[0]"))
        (tmp_path / name / "unrelated.py").write_text(f"NAME = {name!r}\n")
    code = (
        "import sys; from degrade_bench.metric.catalogue import load_metric;"
        "print(load_metric(sys.argv[1], {}, 'cpu').fingerprint())"
    )
    spec = f"{tmp_path / 'two' / 'mine.py'}:Mine"
    done = subprocess.run([sys.executable, "-c", code, spec], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == _fresh(tmp_path / "one", "beside_same")


def test_a_metric_of_the_bench_has_no_such_parts_and_is_itself():
    metric = Loudness()
    assert check_metric(metric) is metric
    assert code_parts(metric) == {}


def test_code_that_is_in_no_file_is_said_to_be_unknown():
    namespace: dict[str, object] = {"__name__": "__main__"}
    exec(  # what a prompt or standard input makes
        "class Typed:\n    name, higher_is_better = 'typed', True\n"
        "    def score(self, batch, sample_rate, reference=None):\n        return batch.mean(dim=(1, 2))\n",
        namespace,
    )
    typed = namespace["Typed"]()
    parts = check_metric(typed).fingerprint_parts()
    assert parts["code"] == "unknown"
    assert "in no file" in identity_note(parts)
    assert code_parts(types.SimpleNamespace(name="n", higher_is_better=True, score=torch.mean))["code"] == "unknown"


def test_a_class_of_an_installed_package_counts_with_its_files_and_version():
    class Network(torch.nn.Module, Plain):
        pass

    assert code_parts(Network())["package"].startswith("torch ")
    assert len(code_parts(Network())["code"]) == 16
    installed = types.SimpleNamespace(score=pytest.approx)
    assert code_parts(installed)["package"].startswith("pytest ")
    assert len(code_parts(installed)["code"]) == 16


class Made(Plain):
    def __init__(self, k, log=None, device="cpu", path=""):
        self.k, self._log, self.device = k, log, device


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 2),
        ("a", "b"),
        (np.arange(3), np.arange(3) * 2),
        (torch.ones(2), torch.zeros(2)),
        ((1, {"x": [2]}), (1, {"x": [3]})),
        (np.float32(1), np.float64(1)),
        (Plain, Made),
    ],
)
def test_what_an_object_was_made_with_is_part_of_its_fingerprint(one, other):
    first, again, second = (check_metric(Made(value)).fingerprint() for value in (one, one, other))
    assert first == again != second
    assert check_metric(Made(1, device="a")).fingerprint() == check_metric(Made(1, device="b")).fingerprint()


def test_what_cannot_be_told_of_an_object_is_named():
    parts, untold = argument_parts(Made(1, log=(text for text in "a")), ())
    assert parts == {"argument.k": "1"}
    assert untold == ["log", "path"]
    note = identity_note(check_metric(Made(1, log=iter("a"))).fingerprint_parts())
    assert "(log, path)" in note

    class Accounts(Made):
        accounts_for = ("log", "path")

    assert identity_note(check_metric(Accounts(1)).fingerprint_parts()) is None


def test_what_methods_close_over_counts():
    def make(k):
        class Closed(Plain):
            def score(self, batch, sample_rate, reference=None):
                return k * batch.mean(dim=(1, 2))

        return check_metric(Closed()).fingerprint()

    assert make(1) == make(1) != make(2)


def test_functions_that_an_object_holds_count_with_their_files():
    def score(batch, sample_rate, reference=None, k=1):
        return batch.mean(dim=(1, 2))

    for held in (score, functools.partial(score, k=2)):
        parts = code_parts(types.SimpleNamespace(name="n", higher_is_better=True, score=held))
        assert len(parts["code"]) == 16


def test_what_a_derived_class_says_of_itself_stands_beside_its_code():
    class Weighted(Metric):
        name = "weighted"
        score = Plain.score

        def fingerprint_parts(self):
            return {**super().fingerprint_parts(), "weights": "abc"}

    parts = check_metric(Weighted()).fingerprint_parts()
    assert parts["weights"] == "abc"
    assert len(parts["code"]) == 16
    assert parts["class"].endswith("Weighted")
