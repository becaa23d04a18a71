"""The host process: it loads one metric and answers for it until nobody asks any more."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from multiprocessing.connection import Connection
from typing import Any, TypeVar

import torch
from pydantic_core import to_jsonable_python
from threadpoolctl import threadpool_limits

from degrade_bench import errors
from degrade_bench._support.guard import contained, modules_kept
from degrade_bench._support.pipes import receive, send
from degrade_bench._support.texts import said
from degrade_bench._support.watching import Watched, watched
from degrade_bench.errors import DegradeBenchError
from degrade_bench.metric.base import Metric, Treatment, checked_counts, checked_scores, checked_windows
from degrade_bench.metric.host.messages import Answer, Failed, Load, Loaded, Look, Request, Score, Scored, Seen
from degrade_bench.metric.memory import is_out_of_memory
from degrade_bench.metric.sets.base import SetMetric
from degrade_bench.metric.traits import Traits

T = TypeVar("T")

WATCH_SECONDS = 1.0
"""How often the host looks whether the process that started it is still there."""


def main(connection: Connection) -> None:
    """Answer requests until the pipe closes or the process at its other end is gone."""
    with contextlib.suppress(ValueError):  # not in the main thread: in tests
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the main process hears Ctrl-C
    sys.unraisablehook = lambda raised: _tell(raised.exc_value)
    threading.excepthook = lambda raised: _tell(raised.exc_value)
    threading.Thread(target=_watch, args=(os.getppid(),), name="degrade-bench parent watch", daemon=True).start()
    send(connection, "ready")
    process, metric = os.getpid(), None
    while True:
        try:
            request: Request = receive(connection)
        except Exception:  # the pipe is closed, or a process that the metric has started reads from it too
            return
        ours = modules_kept("degrade_bench")  # answers are sent by the names of their classes
        if isinstance(request, Look):
            answer = _looked(request)
        elif isinstance(request, Load):
            metric, answer = _load(request)
        else:
            assert metric is not None
            answer = _answer(metric, request)
        ours()
        if os.getpid() != process:  # a copy that the metric has forked: two would answer
            os._exit(0)
        send(connection, answer)


def _tell(error: BaseException | None) -> None:
    """Say in a line what foreign code raised where nobody could catch it: in a destructor, or in a thread."""
    if isinstance(error, Exception):  # an exit of a thread or of a destructor ends nothing
        with contextlib.suppress(Exception):
            sys.stderr.write(f"degrade-bench: warning: in a metric's process: {said(error)}\n")


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    os._exit(1)


def _load(request: Load) -> tuple[Metric | None, Answer]:
    from degrade_bench.metric.catalogue import load_metric

    def load() -> tuple[Metric, Answer]:
        metric = load_metric(request.path, request.settings, request.device, request.spec)
        return metric, _loaded(metric)

    done = _imported(request.path, load)
    return (None, done) if isinstance(done, Failed) else done


def _looked(request: Look) -> Answer:
    from degrade_bench.metric.catalogue import metrics_at

    return _imported(request.path, lambda: Seen(metrics_at(request.path)))


def _imported(path: str, work: Callable[[], T]) -> T | Failed:
    """What comes of work that imports foreign code; what that prints is shown at once where it succeeds.

    Args:
        path: of the code.
        work: that imports it.
    """
    printed = io.StringIO()
    sys.argv[:] = [path.rpartition(":")[0] or path]  # what argparse shows as the program
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), contained("it"):
            done = work()
    except BaseException as error:  # of foreign code, whatever it is
        lines = printed.getvalue().split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return _failed(error, last if "sys.exit" in str(error) else "")
    with contextlib.suppress(Exception):  # a stream that was closed, or that the metric replaced
        sys.stderr.write(printed.getvalue())
    return done


def _loaded(metric: Metric) -> Loaded:
    return Loaded(
        traits=Traits.of(metric),
        parts={str(key): str(value) for key, value in metric.fingerprint_parts().items()},
        described=to_jsonable_python(metric.describe(), fallback=str),
        settings=to_jsonable_python(dict(metric.given_settings), fallback=str),
        counts=checked_counts(metric),
        of_sets=isinstance(metric, SetMetric),
    )


def _answer(metric: Metric, request: Score | Treatment) -> Answer:
    try:
        with contained("it"), _watched(request) as seen:
            scores = _scores(metric, request)
    except BaseException as error:  # of foreign code, whatever it is
        return _failed(error)
    try:
        counts = checked_counts(metric)
    except BaseException:  # the scores are good all the same
        return Scored(scores, None, seen.printed)
    return Scored(scores, counts, seen.printed)


def _watched(request: Score | Treatment) -> AbstractContextManager[Watched]:
    return watched() if isinstance(request, Score) and request.watched else nullcontext(Watched())


def _scores(metric: Metric, request: Score | Treatment) -> Any:
    if isinstance(request, Treatment):
        return [float(metric.score_treatment(request))]
    batch = torch.from_numpy(request.batch)
    reference = None if request.reference is None else torch.from_numpy(request.reference)
    count = len(batch)
    _use_threads(request.threads)
    if request.windows:
        return checked_windows(metric, metric.score_windows(batch, request.sample_rate, reference), count)
    return checked_scores(metric, metric.score(batch, request.sample_rate, reference), count)


def _use_threads(count: int) -> None:
    """As many threads as the asking process has: scores do not depend on how many workers there are."""
    if torch.get_num_threads() != count:
        torch.set_num_threads(count)
        threadpool_limits(limits=count)


def _failed(error: BaseException, printed: str = "") -> Failed:
    """An error as text: its class may be one that only this process has."""
    kind = next((base.__name__ for base in type(error).__mro__ if vars(errors).get(base.__name__) is base), None)
    text = str(error) if isinstance(error, DegradeBenchError) else said(error)
    return Failed(text + (f" ({printed})" if printed else ""), kind, is_out_of_memory(error))
