"""Many small cases in child processes: one that crashes or hangs is seen, and costs itself only."""

from __future__ import annotations

import itertools
import mmap
import os
import random
import signal
import struct
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.fuzz.common import BROKEN, limit_memory, randomness


def in_children(
    check: Callable[[random.Random, Path], str | None],
    seed: int,
    cases: Iterator[int],
    seconds: float = 10.0,
    gigabytes: float = 6.0,
) -> Iterator[tuple[int, str | None, str | None]]:
    """Check many cases in child processes, so that one that crashes or hangs is seen and costs itself only.

    Args:
        check: does a case in an empty folder, and returns what came of it; an exception is a finding.
        seed: of all cases.
        cases: their numbers.
        seconds: what a case may take.
        gigabytes: the address space of a child; a case that wants more gets a MemoryError.

    Yields:
        the case, what came of it, and what is wrong: None where nothing is.
    """
    pending = next(cases, None)
    while pending is not None:
        batch = [pending, *itertools.islice(cases, 199)]
        while batch:
            done = 0
            for case, came, wrong in _batch(check, seed, batch, seconds, gigabytes):
                done += 1
                yield case, came, wrong
            batch = batch[done:]
        pending = next(cases, None)


def _batch(
    check: Callable[[random.Random, Path], str | None],
    seed: int,
    batch: Sequence[int],
    seconds: float,
    gigabytes: float,
) -> Iterator[tuple[int, str | None, str | None]]:
    """The cases up to the first that takes its process with it."""
    shared = mmap.mmap(-1, 16)  # (index of the case, when it began)
    shared[:] = struct.pack("qd", 0, time.monotonic())
    with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
        results = Path(scratch) / "results"
        results.touch()
        pid = os.fork()
        if pid == 0:
            try:
                _child(check, seed, batch, shared, results, gigabytes)
            finally:
                os._exit(BROKEN)
        status = None
        while status is None:
            ended, value = os.waitpid(pid, os.WNOHANG)
            index, began = struct.unpack("qd", shared[:])
            if ended:
                status = os.waitstatus_to_exitcode(value)
            elif time.monotonic() - began > seconds:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                break
            else:
                time.sleep(0.005)
        for line in results.read_text(encoding="utf-8", errors="replace").splitlines():
            case, came, wrong = line.split("\t", 2)
            yield int(case), came or None, wrong or None
    if status is None:
        yield batch[index], None, f"hang\tnot done after {seconds:g} s"
    elif status != 0:
        yield batch[index], None, f"crash\tthe process ended with {status}"


def _child(
    check: Callable[[random.Random, Path], str | None],
    seed: int,
    batch: Sequence[int],
    shared: mmap.mmap,
    results: Path,
    gigabytes: float,
) -> None:
    """Ends this process."""
    limit_memory(gigabytes)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)  # decoders in C talk
    with open(results, "w", encoding="utf-8", errors="replace") as lines:
        for index, case in enumerate(batch):
            shared[:] = struct.pack("qd", index, time.monotonic())
            came, wrong = "", ""
            try:
                with tempfile.TemporaryDirectory(prefix="case-", dir=results.parent) as folder:
                    came = check(randomness(seed, case), Path(folder)) or ""
            except BaseException as error:
                frames = traceback.extract_tb(error.__traceback__)
                ours = [frame for frame in frames if "degrade_bench" in frame.filename] or frames
                place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"
                text = " ".join(str(error)[:300].split())
                kind = "wrong" if isinstance(error, AssertionError) else "traceback"
                wrong = f"{kind}\t{type(error).__name__} in {place}: {text}"
            lines.write(f"{case}\t{came}\t{wrong}\n")
            lines.flush()
    os._exit(0)
