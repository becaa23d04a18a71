"""What foreign code does beside what it was asked for: state that it changes for everybody, and what it prints."""

from __future__ import annotations

import locale
import os
import random
import signal
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_SHOWN = 1 << 16
"""Characters that are passed on of what is printed meanwhile."""


@dataclass
class Watched:
    """What was seen while foreign code ran.

    Attributes:
        changed: what it left changed, in words.
        printed: characters that it printed, by Python's standard output and error.
    """

    changed: tuple[str, ...] = ()
    printed: int = 0


@contextmanager
def watched() -> Iterator[Watched]:
    """Watch a block of code; what was seen is known afterwards. Nothing is put back.

    See :func:`~degrade_bench._support.guard.guarded` for that; the guard goes around this.
    """
    seen = Watched()
    streams = sys.stdout, sys.stderr
    counting = tuple(_Counting(stream, seen) for stream in streams)
    sys.stdout, sys.stderr = counting
    before = _state()
    try:
        yield seen
    finally:
        after = _state()
        seen.changed = tuple(name for name, value in before.items() if not _same(value, after.get(name)))
        if (sys.stdout, sys.stderr) != counting:
            seen.changed += ("standard output or error",)
        sys.stdout, sys.stderr = streams


class _Counting:
    """A text stream that counts what is written to it and passes on the beginning."""

    def __init__(self, stream: Any, seen: Watched) -> None:
        self._stream, self._seen = stream, seen

    def write(self, text: str) -> int:
        """As a text stream."""
        self._seen.printed += len(text)
        if self._stream is not None and self._seen.printed <= MOST_SHOWN:
            self._stream.write(text)
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _state() -> Mapping[str, Any]:
    """What is changed for everybody where it is changed, by its name; what cannot be read is left out."""
    state = {}
    for name, read in {**_READERS, **_torch_readers()}.items():
        with suppress(Exception):
            state[name] = read()
    return state


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, tuple) and isinstance(after, tuple):
        return len(before) == len(after) and all(map(_same, before, after))
    if isinstance(before, np.ndarray):
        return isinstance(after, np.ndarray) and np.array_equal(before, after)
    return bool(before == after)


_READERS: dict[str, Callable[[], Any]] = {
    "the current directory": os.getcwd,
    "the environment": lambda: dict(os.environ),
    "sys.path": lambda: list(sys.path),
    "signal handlers": lambda: [signal.getsignal(number) for number in signal.valid_signals()],
    "the recursion limit": sys.getrecursionlimit,
    "the locale": lambda: locale.setlocale(locale.LC_ALL),
    "warning filters": lambda: list(warnings.filters),
    "Python's random generator": random.getstate,
    "numpy's random generator": lambda: np.random.get_state(legacy=True),  # noqa: NPY002
    "numpy's error handling": np.geterr,
    "numpy's printing": np.get_printoptions,
}


def _torch_readers() -> dict[str, Callable[[], Any]]:
    """Nothing where torch has not been imported."""
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return {}
    cudnn = torch.backends.cudnn
    return {
        "torch's default type": torch.get_default_dtype,
        "torch's default device": lambda: torch.tensor(0).device,
        "torch's threads": torch.get_num_threads,
        "torch's gradient mode": torch.is_grad_enabled,
        "torch's deterministic mode": torch.get_deterministic_debug_mode,
        "torch's precision": torch.get_float32_matmul_precision,
        "torch's cuDNN settings": lambda: (cudnn.enabled, cudnn.benchmark, cudnn.deterministic),
        "torch's random generator": lambda: torch.get_rng_state().numpy(),
    }
