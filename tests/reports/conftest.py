"""One small finished run, shared by the tests of the reports."""

from __future__ import annotations

from pathlib import Path

import pytest

import degrade_bench
from degrade_bench.clip import Clip
from degrade_bench.metric.catalogue import load_metric
from tests.conftest import make_clip

HOSTILE = "<script>alert(1)</script> & \"clip\" 'zero'"


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    """Seven short clips, one of them with a hostile name, four degradations, three metrics."""
    clips = [make_clip(4.0, 16000, 1, seed=seed) for seed in range(7)]
    clips[0] = Clip(HOSTILE, clips[0].samples, clips[0].sample_rate, clips[0].annotations, group="<b>bold</b>")
    folder = tmp_path_factory.mktemp("report") / "run"
    degrade_bench.stress_test(
        [load_metric(name, {}, "cpu") for name in ("si-sdr", "log-mel", "loudness")],
        clips=clips,
        suites=(),
        degradation=("white_noise", "hard_clipping", "beat_shuffle", "tempo_change"),
        levels=(1, 3, 5),
        out=folder,
    )
    return folder
