"""Other processes that draw figures, too: fresh interpreters, which import nothing of the user's.

A helper reads the analysis from the run directory, is sent the names of figures one by one, and answers with their
widths. What it cannot draw, or draws with a warning, it leaves to the process that asked, where error and warning
are seen; so does one that ends early or never starts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from degrade_bench._support.resources import available_bytes, available_cores

FIGURES_EACH = 20
"""A helper takes more than two seconds to start, as long as six figures: it has to save more than that."""
BYTES = 400 << 20
"""What a helper takes of memory, and somewhat more."""
WAIT_SECONDS = 0.2

_ENTRY = "degrade_bench.reports.helper:draw_what_is_asked"
_BOOT = """
import importlib, json, sys
paths, entry, folder = json.loads(sys.stdin.readline())
sys.path[:] = paths
module, name = entry.split(":")
getattr(importlib.import_module(module), name)(folder)
"""


def usual_helpers(figures: int) -> int:
    """How many helpers so many figures are worth, as far as cores beside this process's, and memory, suffice."""
    return max(0, min(available_cores() - 1, figures // FIGURES_EACH, available_bytes() // BYTES))


@contextmanager
def helped(
    helpers: int, folder: Path, waiting: deque[str], widths: MutableMapping[str, float]
) -> Iterator[Callable[[], bool]]:
    """Within this, helpers take figures from the end of a queue and draw them; at the end they are ended.

    Args:
        helpers: how many; none where they cannot be started.
        folder: the run directory.
        waiting: names of the figures that nobody has begun with.
        widths: takes the width of every figure that was drawn, in ``rem``, by its name.

    Yields:
        what waits for a moment, and says whether a helper is still drawing.
    """
    with ExitStack() as stack:
        threads = []
        for _ in range(helpers):
            with suppress(OSError):
                process = stack.enter_context(_started())
                threads.append(threading.Thread(target=_serve, args=(process, folder, waiting, widths)))
                threads[-1].start()
                stack.callback(threads[-1].join)
                stack.callback(process.kill)  # before the others: a thread that waits for it then ends

        def still_drawing() -> bool:
            for thread in threads:
                thread.join(WAIT_SECONDS)
            return any(thread.is_alive() for thread in threads)

        yield still_drawing


@contextmanager
def _started() -> Iterator[subprocess.Popen[str]]:
    """A helper, ended at the end, in a session of its own, so that Ctrl-C does not reach it.

    Raises:
        OSError: there is no interpreter to start.
    """
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", _BOOT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what it was not told any more
                    pipe.close()
        process.wait()


def _serve(
    process: subprocess.Popen[str], folder: Path, waiting: deque[str], widths: MutableMapping[str, float]
) -> None:
    """Give a helper figures until there are no more, or it ends.

    Args:
        process: the helper.
        folder: the run directory.
        waiting: names of the figures that nobody has begun with.
        widths: takes the width of every figure that was drawn.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    paths = [entry or os.getcwd() for entry in sys.path]
    with suppress(OSError, ValueError, IndexError):  # it has ended, or prints something else; nothing is left
        print(json.dumps([paths, _ENTRY, str(folder.resolve())]), file=process.stdin, flush=True)
        while process.stdout.readline() == "ready\n":
            name = waiting.pop()
            print(json.dumps(name), file=process.stdin, flush=True)
            width = json.loads(process.stdout.readline())
            if width is not None:
                widths[name] = float(width)
