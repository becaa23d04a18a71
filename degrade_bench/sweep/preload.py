"""What workers have imported and compiled before they are forked; only the template imports this module."""

from __future__ import annotations

import importlib

import numpy as np

import degrade_bench.sweep.processes as processes
from degrade_bench.clip.k_weighting import step_energies
from degrade_bench.degrade import catalogue as degradations
from degrade_bench.metric import catalogue as metrics
from degrade_bench.metric.panel.logarithms import floored_logs, log_distance

LIBRARIES = ("lameenc", "scipy.fft", "scipy.signal", "soundfile", "soxr")
"""That built-in damage and metrics load when they first need them. None of them starts threads when imported."""

OURS = f"{__name__.partition('.')[0]}."


def _modules() -> set[str]:
    """Those of built-in degradations and of the panel; what a plug-in does when it is imported, nobody knows."""
    paths = [degradations.REGISTRY.path(name) for name in degradations.REGISTRY]
    paths += [metrics.REGISTRY.path(name) for name in metrics.PANEL]
    return {path.partition(":")[0] for path in paths if path is not None and path.startswith(OURS)}


def _compile() -> None:
    """Call what is compiled at the first call, with arrays as workers have them."""
    second = np.zeros((2, 8000), np.float32)
    step_energies(second, 8000, 3200, 4)
    logs = floored_logs(second, np.float32(1.0))
    log_distance(second, np.float32(1.0), logs)


for _name in (*LIBRARIES, *sorted(_modules()), processes.__name__):
    importlib.import_module(_name)
_compile()
