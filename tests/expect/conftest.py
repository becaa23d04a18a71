"""The plug-in's fixture, on fourteen short clips."""

from __future__ import annotations

import pytest

from pytest_degrade_bench import metric_bench  # noqa: F401  # a fixture
from tests.conftest import make_clip
from tests.sweep.toys import ToyNoise


@pytest.fixture(scope="session")
def metric_bench_options():
    clips = [make_clip(1.2, 8000, 1, seed=seed) for seed in range(14)]
    return {"clips": clips, "levels": (5,), "workers": 1, "positive_control": ToyNoise()}
