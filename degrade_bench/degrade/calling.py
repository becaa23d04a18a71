"""Calling degradations: what somebody else's may change for everybody is put back."""

from __future__ import annotations

from contextlib import AbstractContextManager

from degrade_bench._support.guard import contained, guarded
from degrade_bench.degrade.base import Degradation


def calling(degradation: Degradation) -> AbstractContextManager[None]:
    """Where a degradation is called: code that is not ours leaves the process as it was.

    Ours changes nothing that is global, and the guard would take as long as damaging some seconds of music. Whoever
    it is cannot end the interpreter.

    Args:
        degradation: that is asked to draw, to damage or to measure in the ``with`` block.
    """
    caller = f"degradation {degradation.name}"
    return guarded(caller) if degradation.is_foreign else contained(caller)
