"""degrade-bench: what does a music quality metric hear, and to what is it deaf?

The public API: :func:`run`, :func:`stress_test`, :func:`load`, :func:`gate`, :class:`Clip`, :class:`Degradation`,
:class:`Metric`, :class:`SetMetric`. Names are imported when they are first used, so that ``import degrade_bench``
costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from degrade_bench._version import __version__

if TYPE_CHECKING:
    from degrade_bench.analysis import load
    from degrade_bench.bench import RunResult, run, stress_test
    from degrade_bench.clip import Annotations, Clip
    from degrade_bench.degrade.base import Degradation
    from degrade_bench.degrade.ladder import Ladder
    from degrade_bench.degrade.plan import Plan
    from degrade_bench.errors import DegradeBenchError
    from degrade_bench.gates import GateOptions, gate
    from degrade_bench.metric.base import Metric
    from degrade_bench.metric.sets.base import SetMetric
    from degrade_bench.sweep.config import RunConfig

_WHERE = {
    "Annotations": "clip",
    "Clip": "clip",
    "Degradation": "degrade.base",
    "DegradeBenchError": "errors",
    "GateOptions": "gates",
    "Ladder": "degrade.ladder",
    "Metric": "metric.base",
    "Plan": "degrade.plan",
    "RunConfig": "sweep.config",
    "RunResult": "bench",
    "SetMetric": "metric.sets.base",
    "gate": "gates",
    "load": "analysis",
    "run": "bench",
    "stress_test": "bench",
}

__all__ = [
    "Annotations",
    "Clip",
    "Degradation",
    "DegradeBenchError",
    "GateOptions",
    "Ladder",
    "Metric",
    "Plan",
    "RunConfig",
    "RunResult",
    "SetMetric",
    "__version__",
    "gate",
    "load",
    "run",
    "stress_test",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'degrade_bench' has no attribute {name!r}")
    value = getattr(import_module(f"degrade_bench.{_WHERE[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
