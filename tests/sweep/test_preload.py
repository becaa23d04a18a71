"""What workers of the tests are forked from: whoever forks them passes over what cannot be imported."""

from __future__ import annotations

import importlib
import sys


def test_all_of_it_is_there():
    importlib.import_module("tests.sweep.preload")
    assert {"tests.sweep.toys", "librosa.filters", "degrade_bench.sweep.processes"} <= set(sys.modules)
