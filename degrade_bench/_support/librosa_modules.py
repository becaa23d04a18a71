"""Importing librosa's modules, one process at a time.

They compile their loops when they are first imported, and numba stores what was compiled beside librosa's files.
Two processes that do so at once can store parts that do not belong together; whoever loads those dies of a
segmentation fault, in every later process, too (https://github.com/numba/numba/issues/10128). After an installation
the first run's workers are such processes.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

SHARED = "librosa.util.utils"


def librosa_module(name: str) -> Any:
    """A module of librosa, such as ``librosa.beat``; what it compiles is stored when this returns.

    Import by this whatever of librosa is used: an attribute of ``librosa`` may import a module of its own accord.
    So do its functions: the tools that they share are therefore imported with any module.
    """
    loaded = sys.modules.get(name)
    if loaded is not None:
        return loaded
    with compiling_alone("librosa"):
        importlib.import_module(SHARED)
        return importlib.import_module(name)


@contextmanager
def compiling_alone(package: str) -> Iterator[None]:
    """Wait until no other process compiles loops of an installed package; where files cannot be locked, go on."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        yield  # the import will say so
        return
    with open(spec.origin, "rb") as file:
        with suppress(OSError):  # some network file systems have no locks
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
