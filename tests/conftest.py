"""Fixtures shared by all tests: generated clips, the built-in corpus, real music where it is there."""

from __future__ import annotations

import gc
import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from pathlib import Path

import numpy as np
import pytest
import torch
from filelock import FileLock

from degrade_bench._support.librosa_modules import librosa_module
from degrade_bench.clip import Annotations, Clip
from degrade_bench.conclude import show
from degrade_bench.sweep import processes
from tests.storage import bucket, server  # noqa: F401  # fixtures

collect_ignore = ["thirdparty_package"]  # a package to install, one half of it broken on purpose

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # tests were started in the background: they send Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)
if "PYTEST_XDIST_WORKER" in os.environ:
    torch.set_num_threads(1)  # there is a worker on every core already


def pytest_sessionstart() -> None:
    """In a run of all tests, the process that workers are forked from has imported the tests' toys as well."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        librosa_module("librosa.beat")  # before tests import librosa, which compile it all at once
    if processes.START_METHOD == "forkserver" and "PYTEST_XDIST_WORKER" in os.environ:
        multiprocessing.set_forkserver_preload(["tests.sweep.preload"])
        forkserver.ensure_running()  # here, where modules are found as in this process


LONGEST = ("tests/house/test_recipes.py", "tests/selftest/test_trials.py", "tests/sweep/test_on_ray.py")
"""Files with a test of half a minute or more."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests first, so that no process is left with one of them at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def pytest_collection_finish() -> None:
    """Leave what was imported out of every later collection of garbage: it stays, and to look at it takes a second.

    statsmodels collects with every correction, Hypothesis and the tests of what is kept alive do so as well.
    """
    gc.collect()
    gc.freeze()


def make_clip(
    seconds: float = 8.0,
    sample_rate: int = 44100,
    channels: int = 2,
    seed: int = 0,
    bpm: float = 120.0,
    beats_per_bar: int = 4,
    kind: str = "music",
) -> Clip:
    """A generated clip with exact beats.

    ``kind`` is ``music`` (a chord per beat with decaying harmonics over a little noise), ``noise``,
    ``silence`` or ``square`` (a full-scale square wave).
    """
    rng = np.random.default_rng(seed)
    n = max(1, round(seconds * sample_rate))
    t = np.arange(n) / sample_rate
    beat_times = np.arange(0.0, seconds, 60.0 / bpm)
    if kind == "silence":
        x = np.zeros((channels, n))
    elif kind == "square":
        x = np.tile(np.where(np.sin(2 * np.pi * 220 * t) >= 0, 1.0, -1.0), (channels, 1))
    elif kind == "noise":
        x = 0.1 * rng.standard_normal((channels, n))
    else:
        x = 0.003 * rng.standard_normal((channels, n))
        period = 60.0 / bpm
        for i, start in enumerate(beat_times):
            a, b = round(start * sample_rate), min(n, round((start + period) * sample_rate))
            local = t[a:b] - start
            envelope = np.exp(-4 * local) * np.minimum(1, local / 0.004)
            root = 110 * 2 ** (rng.integers(0, 12) / 12)
            accent = 1.0 if i % beats_per_bar == 0 else 0.6
            for k, pitch in enumerate((root, root * 1.25, root * 1.5, root * 4)):
                if pitch < sample_rate / 2.2:
                    wave = np.sin(2 * np.pi * pitch * local + rng.uniform(0, 6.28))
                    pan = rng.uniform(0.5, 1.0, size=(channels, 1))
                    x[:, a:b] += 0.12 * accent * pan * envelope * wave / (1 + 0.3 * k)
    return Clip(
        id=f"{kind}-{seed}-{sample_rate}-{channels}",
        samples=torch.from_numpy(np.ascontiguousarray(x, dtype=np.float32)),
        sample_rate=sample_rate,
        annotations=Annotations(
            beats=tuple(float(b) for b in beat_times),
            downbeats=tuple(float(b) for b in beat_times[::beats_per_bar]),
            tempo_bpm=bpm,
            time_signature=f"{beats_per_bar}/4",
            beat_source="annotated",
            beat_confidence=1.0,
            downbeat_confidence=1.0,
        ),
    )


@pytest.fixture(scope="session")
def clip_factory():
    """The function that makes generated clips."""
    return make_clip


@pytest.fixture(scope="session", autouse=True)
def drawing() -> Iterator[None]:
    """Runs in this process end with their tables: drawing a report takes longer than all else that they do.

    What is drawn is tested in ``tests/reports``; who wants a run's report uses the fixture ``report`` or calls
    :func:`with_report`. Runs in processes of their own draw theirs.
    """
    from degrade_bench.bench import job

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job, "show", lambda folder, steps: folder)
        yield


@pytest.fixture
def report() -> Iterator[None]:
    """Runs of this test end with their reports."""
    with with_report():
        yield


@contextmanager
def with_report() -> Iterator[None]:
    """Within this, runs end with their reports."""
    from degrade_bench.bench import job

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job, "show", show)
        yield


@pytest.fixture(scope="session")
def made_once(tmp_path_factory) -> Callable[[str, Callable[[Path], None]], Path]:
    """Make a folder once for all workers of a session: whoever asks first makes it, the others wait and read it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def give(name: str, make: Callable[[Path], None]) -> Path:
        folder = shared / name
        with FileLock(shared / f"{name}.lock"):
            if not (shared / f"{name}.done").exists():
                shutil.rmtree(folder, ignore_errors=True)
                make(folder)
                (shared / f"{name}.done").touch()
        return folder

    return give


@pytest.fixture(scope="session")
def music_folder() -> Path:
    """Real music, not part of the repository: ``DEGRADE_BENCH_MUSIC``, or ``shared/music`` beside it."""
    named = os.environ.get("DEGRADE_BENCH_MUSIC")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "music"
    if not folder.is_dir():
        pytest.skip("no real music here: set DEGRADE_BENCH_MUSIC to a folder of audio files")
    return folder
