"""The process that workers are forked from: it has imported what they need, and done nothing else.

A worker that starts from nothing imports torch, librosa and the like, which compiles loops: several seconds of a
core for each. Here that is done once, in a process of its own
(:mod:`multiprocessing.forkserver`), and a worker begins at once, as a copy that shares its memory. The template
never computes with more than one thread, so that a copy of it is whole.

Only on Linux, and from Python 3.11 on, where the template can be kept from importing what lies in the working
directory. Elsewhere workers are started one by one.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import site
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from pathlib import Path
from types import ModuleType
from typing import Literal

StartMethod = Literal["spawn", "forkserver"]

USUAL_METHOD: StartMethod = "forkserver" if sys.platform == "linux" and sys.version_info >= (3, 11) else "spawn"

PRELOADED = ["degrade_bench.sweep.preload"]
BEAT_TRACKING = "degrade_bench.sweep.preload_beats"
_expected = [*PRELOADED, BEAT_TRACKING]

ROOT = Path(__file__).resolve().parents[2]
"""Where this package is imported from."""


def expect(beat_tracking: bool) -> None:
    """Say what workers are going to need, before the first of them starts; afterwards this changes nothing.

    What was not expected is imported by the worker that needs it. After an installation, librosa compiles the
    loops of its beat tracker for sixteen seconds, which a run of clips whose beats are annotated does without.

    Args:
        beat_tracking: whether beats have to be found.
    """
    _expected[:] = [*PRELOADED, *([BEAT_TRACKING] if beat_tracking else [])]


def prepare() -> None:
    """Start the template, and do not wait for it; nothing where it runs already."""
    multiprocessing.set_forkserver_preload(_expected)
    with _finding_this_package(), without_interrupts():
        forkserver.ensure_running()


@contextmanager
def _finding_this_package() -> Iterator[None]:
    """Have a process that is started here import this very package, and nothing from the working directory."""
    paths = {"PYTHONSAFEPATH": "1"}
    if ROOT not in map(Path, [*site.getsitepackages(), site.getusersitepackages()]):
        paths["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    before = {name: os.environ.get(name) for name in paths}
    os.environ.update(paths)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def without_main_script() -> Iterator[None]:
    """Start a process that does not import the main script, which would run again where it has no guard."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Start a process that never hears Ctrl-C, not even while it imports; for this one it waits a moment."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # which starts a process, and then lets interrupts through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
