"""What is expected of a metric, held to what it does: in tests, and in a file that ``degrade-bench check`` reads.

``assert_sensitive(metric, "white_noise", min_dz=0.5)`` and its kin are for tests; a :class:`Bench` decides on what
music, at which levels. ``docs/ci.md`` says what each asks for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from degrade_bench.expect.assertions import (
    assert_blind,
    assert_monotone,
    assert_not_artefact,
    assert_sensitive,
)

if TYPE_CHECKING:
    from degrade_bench.expect.session import Bench

__all__ = ["Bench", "assert_blind", "assert_monotone", "assert_not_artefact", "assert_sensitive"]


def __getattr__(name: str) -> Any:
    if name != "Bench":
        raise AttributeError(f"module 'degrade_bench.expect' has no attribute {name!r}")
    from degrade_bench.expect.session import Bench

    return Bench
