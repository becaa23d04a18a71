"""Compiled loops are stored, and whatever goes wrong with what is stored, the loops run."""

from __future__ import annotations

import importlib
import sys

import numpy as np
import pytest
from numba import float64, njit

from degrade_bench._support.compiled import compiled_and_stored, readable

TEXT = "def total(values):\n    s = 0.0\n    for v in values:\n        s += v\n    return s\n"


@pytest.fixture
def total(tmp_path, monkeypatch):
    """A function of a module of its own, in an empty folder."""
    (tmp_path / "looping.py").write_text(TEXT)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("looping").total
    del sys.modules["looping"]


def summed(function) -> object:
    """The compiled function, which was tried."""
    compiled = compiled_and_stored(function, float64(readable(float64, 1)))
    values = np.arange(5.0)
    values.flags.writeable = False
    assert compiled(values) == compiled(np.arange(5.0)) == 10.0
    return compiled


def test_the_second_time_it_is_loaded(total):
    assert not summed(total).stats.cache_hits
    assert summed(total).stats.cache_hits


def test_other_arguments_are_refused(total):
    with pytest.raises(TypeError, match="No matching definition"):
        summed(total)(np.arange(5, dtype=np.float32))


def test_where_nothing_can_be_stored_it_is_compiled():
    defined = {"__name__": "nowhere"}
    exec(compile(TEXT, "<no file>", "exec"), defined)
    with pytest.raises(RuntimeError, match="cannot cache"):
        njit(cache=True)(defined["total"])
    summed(defined["total"])


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
def test_a_damaged_file_is_passed_over(total, tmp_path, ending):
    summed(total)
    (stored,) = tmp_path.rglob(f"*.{ending}")
    stored.write_bytes(stored.read_bytes()[:-50])
    assert not summed(total).stats.cache_hits
