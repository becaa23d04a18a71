"""Loops that numba compiles once for an installation, and that every later process loads.

What was compiled is stored beside the module, or in the user's cache where that cannot be written to. Where the
module, numba or the processor is another one, it is compiled again, by one process at a time
(:mod:`degrade_bench._support.librosa_modules` says why).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from degrade_bench._support.librosa_modules import compiling_alone


def compiled_and_stored(function: Callable[..., Any], signature: Any, **options: Any) -> Callable[..., Any]:
    """Compile a function of a module for arguments of one type, or load what was stored.

    Args:
        function: neither a closure nor a method.
        signature: what it takes and gives, in numba's types; other arguments raise :class:`TypeError`.
        **options: of :func:`numba.njit`.
    """
    from numba import njit

    with compiling_alone("degrade_bench"):
        try:
            stored: Callable[..., Any] = njit(signature, cache=True, **options)(function)
        except Exception:  # no folder to write to, a full disk, a damaged file
            stored = njit(signature, **options)(function)
    return stored


def readable(kind: Any, dimensions: int) -> Any:
    """The type, to numba, of a contiguous array that may be read-only.

    Args:
        kind: numba's type of its values.
        dimensions: how many it has.
    """
    from numba import types

    return types.Array(kind, dimensions, "C", readonly=True)
