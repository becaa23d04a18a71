"""librosa is imported by one process at a time."""

from __future__ import annotations

import itertools
import subprocess
import sys

import pytest

from degrade_bench._support.librosa_modules import librosa_module

IMPORTING = """
import sys, time
from degrade_bench._support import librosa_modules

def slowly(name):
    print("begins", time.monotonic(), flush=True)
    time.sleep(0.5)
    print("ends", time.monotonic(), flush=True)

librosa_modules.importlib.import_module = slowly
librosa_modules.librosa_module("librosa.beat")
"""


def test_a_module_comes_as_it_is():
    assert librosa_module("librosa.filters").__name__ == "librosa.filters"
    assert librosa_module("librosa.filters") is sys.modules["librosa.filters"]
    with pytest.raises(ImportError):
        librosa_module("librosa.nothing_of_that_name")


@pytest.mark.skipif(sys.platform == "win32", reason="no locks on files there")
def test_processes_import_one_after_the_other():
    processes = [
        subprocess.Popen([sys.executable, "-c", IMPORTING], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    spans = []
    for process in processes:
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        spans.append(tuple(float(line.split()[1]) for line in out.splitlines()))
    spans.sort()
    assert all(later[0] >= earlier[1] for earlier, later in itertools.pairwise(spans))
